import type { Locator } from "playwright-core";
import type { Workbench } from "../../support/vscode/workbench.ts";

/** Toasts, and the modal dialogs that ask for a decision. */
export class Notifications {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  toast(text: string | RegExp): Locator {
    return this.#workbench.page.locator(".notifications-toasts .notification-toast").filter({ hasText: text }).first();
  }

  /** Waits for a toast and returns its whole sentence. */
  async read(text: string | RegExp): Promise<string> {
    const message = this.toast(text).locator(".notification-list-item-message");
    return (await message.innerText()).trim();
  }

  async press(text: string | RegExp, button: string): Promise<void> {
    await this.toast(text).getByRole("button", { name: button, exact: true }).click();
  }

  async clear(): Promise<void> {
    await this.#workbench.command("Notifications: Clear All Notifications");
    await this.#workbench.page.locator(".notification-toast").first().waitFor({ state: "detached" });
  }

  dialog(text?: string | RegExp): Locator {
    const dialog = this.#workbench.page.locator(".monaco-dialog-box");
    return text === undefined ? dialog : dialog.filter({ hasText: text });
  }

  async answer(dialogText: string | RegExp, button: string): Promise<void> {
    await this.dialog(dialogText).getByRole("button", { name: button, exact: true }).click();
  }
}
