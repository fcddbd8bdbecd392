import type { Locator } from "playwright-core";
import type { Workbench } from "../../support/vscode/workbench.ts";

/** VS Code's own multi-file diff. */
export class ReviewEditor {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  get files(): Locator {
    return this.#workbench.page.locator(".multiDiffEntry");
  }

  /** Lines that the diff marks as added. */
  get addedLines(): Locator {
    return this.#workbench.page.locator(".multiDiffEntry .line-insert");
  }

  /** Lines that are drawn with this text. */
  line(text: string): Locator {
    return this.#workbench.page.locator(".multiDiffEntry .view-line", { hasText: text }).first();
  }

  /** Resolves when the first file's changes are drawn. */
  async ready(): Promise<void> {
    await this.files.first().waitFor();
    await this.addedLines.first().waitFor();
  }

  /** Names of the files whose headers are drawn. */
  async names(): Promise<string[]> {
    return this.files.locator(".file-path .title").allInnerTexts();
  }
}
