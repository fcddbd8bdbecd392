import type { Locator } from "playwright-core";
import { exactly, type Workbench } from "../../support/vscode/workbench.ts";

/** VS Code's quick pick and input box, one step of a form at a time. */
export class QuickInput {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  get root(): Locator {
    return this.#workbench.page.locator(".quick-input-widget:visible");
  }

  get field(): Locator {
    return this.root.locator(".quick-input-filter input.input");
  }

  get rows(): Locator {
    return this.root.locator(".quick-input-list .monaco-list-row");
  }

  /** What an input box says about the value, or the prompt under it. */
  get message(): Locator {
    return this.root.locator(".quick-input-message");
  }

  /** Resolves when a step is shown whose title, placeholder or prompt contains `text`. */
  async step(text: string | RegExp): Promise<void> {
    await this.stepLocator(text).waitFor();
  }

  stepLocator(text: string | RegExp): Locator {
    const { page } = this.#workbench;
    const title = page.locator(".quick-input-title, .quick-input-message").filter({ hasText: text });
    return this.root
      .filter({ has: title })
      .or(this.root.filter({ has: page.getByPlaceholder(text) }))
      .first();
  }

  /** Answers an input box. */
  async enter(text: string): Promise<void> {
    await this.field.fill(text);
    await this.field.press("Enter");
  }

  row(label: string | RegExp): Locator {
    const text = typeof label === "string" ? exactly(label) : label;
    const name = this.#workbench.page.locator(".label-name", { hasText: text });
    return this.rows.filter({ has: name }).first();
  }

  async pick(label: string | RegExp): Promise<void> {
    await this.row(label).click();
  }

  /** A row by a part of its label, which may have an icon. */
  async choose(label: string): Promise<void> {
    const name = this.#workbench.page.locator(".label-name", { hasText: new RegExp(`^\\s*${label}\\s*$`) });
    await this.rows.filter({ has: name }).first().click();
  }

  /** A button beside the title or the box. */
  button(name: string): Locator {
    return this.root.getByRole("button", { name });
  }

  async cancel(): Promise<void> {
    await this.field.press("Escape");
    await this.root.waitFor({ state: "hidden" });
  }
}
