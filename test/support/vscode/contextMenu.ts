import type { Locator, Page } from "playwright-core";

/** How long a menu may take to come before it is asked for again. */
const PATIENCE_MS = 5000;
const ATTEMPTS = 6;

/**
 * A context menu of the workbench. VS Code closes an open one whenever the focus moves, which a view that
 * redraws or a notification may do at any moment; a person would right-click again, and so does this.
 */
export class ContextMenu {
  readonly #page: Page;
  readonly #target: Locator;

  constructor(page: Page, target: Locator) {
    this.#page = page;
    this.#target = target;
  }

  get #menu(): Locator {
    return this.#page.locator(".context-view .monaco-menu");
  }

  /** Runs the action whose label this is. */
  async choose(action: string): Promise<void> {
    const label = this.#page.getByText(action, { exact: true });
    const item = this.#menu.locator(".action-menu-item").filter({ has: label }).first();
    await this.#opened(async (timeout) => {
      // A menu ignores clicks for a moment after it opened; keys it takes at once.
      await item.hover({ timeout });
      await item.press("Enter", { timeout });
    });
  }

  /** Labels of the whole menu, top to bottom. */
  async labels(): Promise<string[]> {
    let labels: string[] = [];
    await this.#opened(async () => {
      labels = await this.#menu.locator(".action-menu-item .action-label").allInnerTexts();
      if (labels.length === 0) throw new Error("The menu closed before it could be read.");
      await this.#page.keyboard.press("Escape");
    });
    return labels.map((text) => text.trim()).filter((text) => text !== "");
  }

  /** Does `use` with the menu open, and again from the start while something closes it too early. */
  async #opened(use: (timeoutMs: number) => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await this.#target.click({ button: "right" });
      try {
        await this.#menu.waitFor({ timeout: PATIENCE_MS });
        await use(PATIENCE_MS);
        break;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        await this.#page.keyboard.press("Escape");
      }
    }
    await this.#menu.waitFor({ state: "detached" });
  }
}
