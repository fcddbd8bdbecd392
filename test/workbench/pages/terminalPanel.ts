import type { Locator } from "playwright-core";
import type { Workbench } from "../../support/vscode/workbench.ts";

/** VS Code's terminal panel and the terminal in front. */
export class TerminalPanel {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  get screen(): Locator {
    return this.#workbench.page
      .locator(".terminal-wrapper.active .xterm-screen, .terminal-wrapper .xterm-screen")
      .first();
  }

  /** Lines as they are drawn. */
  get lines(): Locator {
    return this.#workbench.page.locator(".terminal-wrapper .xterm-rows > div");
  }

  /** Resolves when the terminal shows the text. */
  async shows(text: string | RegExp): Promise<void> {
    await this.lines.filter({ hasText: text }).first().waitFor();
  }

  /** Types a line and Enter. */
  async type(line: string): Promise<void> {
    await this.screen.click();
    await this.#workbench.page.keyboard.type(line);
    await this.#workbench.page.keyboard.press("Enter");
  }

  async hide(): Promise<void> {
    await this.#workbench.command("View: Hide Panel");
    await this.#workbench.page.locator(".part.panel").waitFor({ state: "hidden" });
  }
}
