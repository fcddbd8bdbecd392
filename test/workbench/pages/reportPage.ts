import type { FrameLocator, Locator } from "playwright-core";
import type { Workbench } from "../../support/vscode/workbench.ts";

/** What agents cost, or attempts beside one another: the report that is in front. */
export class ReportPage {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  get page(): FrameLocator {
    return this.#workbench.webview();
  }

  /** The table's row that begins with this. */
  row(title: string): Locator {
    return this.page.getByRole("row").filter({ has: this.page.getByRole("rowheader", { name: title }) });
  }
}
