import type { Locator } from "playwright-core";
import type { Workbench } from "../../support/vscode/workbench.ts";

/** VS Code's own multi-file diff. */
export class ReviewEditor {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  get files(): Locator {
    // Another review in a tab behind it stays in the page.
    return this.#workbench.page.locator(".multiDiffEntry:visible");
  }

  /** Lines that the diff marks as added. */
  get addedLines(): Locator {
    return this.#workbench.page.locator(".multiDiffEntry:visible .line-insert");
  }

  /** Lines that are drawn with this text. */
  line(text: string): Locator {
    return this.#workbench.page.locator(".multiDiffEntry:visible .view-line", { hasText: text }).first();
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

  /** The threads that are drawn. */
  get threads(): Locator {
    return this.#workbench.page.locator(".review-widget:visible");
  }

  /** Writes a comment on a line and keeps it unsent. */
  async comment(line: string, text: string): Promise<void> {
    const { mouse } = this.#workbench.page;
    const at = await this.#gutterOf(line);
    // The plus comes under the pointer, and a press on it is a press on the gutter.
    await mouse.move(at.x, at.y, { steps: 2 });
    await mouse.click(at.x, at.y);
    const box = this.threads.locator(".comment-form .monaco-editor").first();
    await box.click();
    await this.#workbench.page.keyboard.type(text);
    await this.threads.getByRole("button", { name: "Add to Review" }).first().click();
    await this.thread(text).filter({ hasText: "Not sent" }).waitFor();
  }

  /** The middle of the bar beside a line that may be commented. */
  async #gutterOf(text: string): Promise<{ x: number; y: number }> {
    const bars = this.files.locator(".comment-range-glyph");
    await bars.first().waitFor();
    const line = await this.line(text).boundingBox();
    if (line === null) throw new Error(`${text} is not drawn`);
    for (const bar of await bars.all()) {
      const box = await bar.boundingBox();
      if (box === null || box.x > line.x || Math.abs(box.y - line.y) > line.height / 2) continue;
      return { x: box.x + box.width / 2, y: line.y + line.height / 2 };
    }
    throw new Error(`${text} cannot be commented`);
  }

  /** The thread in which this was said. */
  thread(text: string): Locator {
    return this.threads.filter({ hasText: text }).first();
  }
}
