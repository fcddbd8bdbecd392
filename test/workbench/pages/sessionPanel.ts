import type { FrameLocator, Locator } from "playwright-core";
import type { Workbench } from "../../support/vscode/workbench.ts";

export type PanelTab = "Transcript" | "Log" | "Changes" | "Timeline";

/** The session panel that is in front. */
export class SessionPanel {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  get page(): FrameLocator {
    return this.#workbench.webview();
  }

  get title(): Locator {
    return this.page.locator("header h1");
  }

  get status(): Locator {
    return this.page.locator("header").getByRole("status");
  }

  get transcript(): Locator {
    return this.page.getByRole("log", { name: "Transcript" });
  }

  get turns(): Locator {
    return this.transcript.getByRole("article", { name: "Turn" });
  }

  get approval(): Locator {
    return this.page.locator("section.approval").first();
  }

  get changedFiles(): Locator {
    return this.page.getByRole("list", { name: "Changed files" }).getByRole("listitem");
  }

  /** Everything that the tools printed. */
  get log(): Locator {
    return this.page.getByRole("log", { name: "Tool output" });
  }

  /** What happened, newest first. */
  get timeline(): Locator {
    return this.page.getByRole("list", { name: "Timeline" }).getByRole("listitem");
  }

  /** Messages that wait for the turn to end. */
  get queue(): Locator {
    return this.page.getByRole("list", { name: "Messages that wait" }).getByRole("listitem");
  }

  /** The one sentence of what did not work. */
  get problem(): Locator {
    return this.page.locator(".banner[role=alert], .turn-error[role=alert]").first();
  }

  /** Resolves when the panel of the agent with this title has drawn itself. */
  async ready(title: string): Promise<void> {
    await this.title.filter({ hasText: title }).waitFor();
  }

  async select(tab: PanelTab): Promise<void> {
    await this.page.getByRole("tab", { name: tab }).click();
  }

  async approve(): Promise<void> {
    await this.approval.getByRole("button", { name: "Approve" }).first().click();
  }

  async deny(): Promise<void> {
    await this.approval.getByRole("button", { name: "Deny", exact: true }).click();
  }

  async send(text: string): Promise<void> {
    const field = this.page.getByRole("textbox", { name: "Message to the agent" });
    await field.fill(text);
    await field.press("Enter");
  }

  async stop(): Promise<void> {
    await this.page.getByRole("toolbar", { name: "Agent actions" }).getByRole("button", { name: "Stop" }).click();
  }

  async press(action: string): Promise<void> {
    await this.page.getByRole("toolbar", { name: "Agent actions" }).getByRole("button", { name: action }).click();
  }
}
