import type { Locator } from "playwright-core";
import type { Workbench } from "../../support/vscode/workbench.ts";

/** Muster's item in the status bar, and the badge on its container. */
export class StatusBar {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  get item(): Locator {
    return this.#workbench.page.locator('.statusbar-item[id$="muster.fleet"]');
  }

  get badge(): Locator {
    return this.#workbench.page
      .locator('.activitybar .action-item:has(a[aria-label^="Muster"]) .badge-content')
      .first();
  }
}
