import type { Locator, Page } from "playwright-core";
import { exactly, type Workbench } from "../../support/vscode/workbench.ts";

/** VS Code's own view of an agent host's sessions: the list, the chat beside it, and its multi-diff. */
export class VscodeSessions {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  get #page(): Page {
    return this.#workbench.page;
  }

  async showList(): Promise<void> {
    await this.#workbench.command("Chat Agent Sessions: Show Agent Sessions Sidebar");
    await this.#page.locator(".agent-sessions-title").waitFor();
  }

  /** A row by its title; `state` is what VS Code says of it, such as "Needs Input" or "Completed". */
  row(title: string, state?: string): Locator {
    const rows = this.#page.locator(".agent-session-item-row").filter({
      has: this.#page.locator(".agent-session-title", { hasText: exactly(title) }),
    });
    return state === undefined ? rows : rows.and(this.#page.locator(`[aria-label*="(${state})"]`));
  }

  /** Counts beside the command centre: `needs-input`, `active` or `unread`. */
  badge(kind: string): Locator {
    return this.#page.locator(`.agent-status-badge-section.${kind}`);
  }

  /** Opens a session and waits for its title above the chat. */
  async open(title: string): Promise<void> {
    await this.row(title).click();
    await this.#page.locator(".chat-view-title-inner", { hasText: exactly(title) }).waitFor();
  }

  async choose(row: string, action: string): Promise<void> {
    await this.#workbench.contextMenu(this.row(row)).choose(action);
  }

  /** What the chat says, in its answers, its steps and its requests. */
  text(text: string | RegExp): Locator {
    return this.#page.locator(".interactive-session .interactive-list").getByText(text).first();
  }

  /** Resolves when the chat has drawn this many changes of its text: what comes at once is one. */
  async changesOfText(count: number): Promise<void> {
    await this.#page.locator(".interactive-session .interactive-list").evaluate(
      (list, wanted) =>
        new Promise<void>((resolve) => {
          let last = list.textContent;
          let seen = 0;
          new MutationObserver(() => {
            if (list.textContent === last) return;
            last = list.textContent;
            seen++;
            if (seen >= wanted) resolve();
          }).observe(list, { childList: true, subtree: true, characterData: true });
        }),
      count,
    );
  }

  /** The request that waits for a person, above the input. */
  get confirmation(): Locator {
    return this.#page.locator(".chat-tool-confirmation-carousel");
  }

  /** "2 Files +7 -0" above the input. */
  get changes(): Locator {
    return this.#page.locator(".chat-pill-label");
  }

  /** One file of the multi-diff that the changes open. */
  diffOf(file: string): Locator {
    return this.#page.locator(".multiDiffEntry").filter({ hasText: file });
  }

  button(name: string): Locator {
    return this.#page.locator(".interactive-session").getByRole("button", { name, exact: true });
  }

  /** A choice below the input of a session that is not yet: its label begins with the property's title. */
  choice(title: string): Locator {
    return this.#page.locator(`.agent-host-generic-chip-slot [aria-label^="${title}: "]`);
  }

  /** Opens a choice, types into its picker and takes the row with exactly this label. */
  async pick(title: string, typed: string, label: string): Promise<void> {
    await this.choice(title).click();
    const picker = this.#page.locator(".action-widget:not(.action-list-submenu-panel)");
    await picker.waitFor();
    await this.#page.keyboard.type(typed);
    await picker.locator(".monaco-list-row", { hasText: label }).first().click();
    await picker.waitFor({ state: "hidden" });
  }

  async newSession(): Promise<void> {
    await this.#page.locator(".agent-sessions-new-button-container .monaco-button").click();
  }

  /** Another agent than the one that VS Code begins with. */
  async chooseAgent(from: string, to: string): Promise<void> {
    await this.#page.locator(".chat-secondary-toolbar").getByText(from, { exact: true }).click();
    await this.#page.locator(".action-widget .monaco-list-row", { hasText: to }).click();
  }

  async send(text: string): Promise<void> {
    await this.#page.locator(".interactive-input-editor .monaco-editor").last().click();
    await this.#page.keyboard.type(text);
    await this.#page.keyboard.press("Enter");
  }
}
