import type { Locator } from "playwright-core";
import type { Workbench } from "../../support/vscode/workbench.ts";

/** One view of the Muster container. */
class TreeView {
  protected readonly workbench: Workbench;
  readonly #name: string;

  constructor(workbench: Workbench, name: string) {
    this.workbench = workbench;
    this.#name = name;
  }

  get pane(): Locator {
    const header = this.workbench.page.locator(`.pane-header[aria-label^="${this.#name}"]`);
    return this.workbench.page.locator(".part.sidebar .pane").filter({ has: header });
  }

  get rows(): Locator {
    return this.pane.locator(".monaco-list-row");
  }

  /** Brings the container to the front and opens this view. */
  async show(): Promise<void> {
    const { page } = this.workbench;
    const tab = page.locator('.activitybar .action-item:has(a[aria-label^="Muster"])').first();
    await tab.waitFor();
    // A click on the active one would close the side bar.
    if ((await tab.getAttribute("aria-selected")) !== "true") await tab.locator("a").first().click();
    const header = this.pane.locator(".pane-header");
    await header.waitFor();
    if ((await header.getAttribute("aria-expanded")) === "false") await header.click();
  }

  /** The row whose label begins with `label`; `spoken` narrows it to a state, as a screen reader would say it. */
  row(label: string, spoken?: RegExp): Locator {
    const row = this.pane.locator(`.monaco-list-row[aria-label^="${quoted(label)}"]`);
    return (spoken === undefined ? row : row.and(this.pane.getByRole("treeitem", { name: spoken }))).first();
  }

  /** Presses one of the row's inline buttons. */
  async inlineAction(label: string, action: string): Promise<void> {
    const row = this.row(label);
    await row.hover();
    await row
      .locator(`.action-label[aria-label^="${quoted(action)}"]`)
      .first()
      .click();
  }

  async contextAction(label: string, action: string): Promise<void> {
    await this.workbench.contextMenu(this.row(label)).choose(action);
  }

  /** Labels of the row's whole menu. */
  async contextActions(label: string): Promise<string[]> {
    return this.workbench.contextMenu(this.row(label)).labels();
  }

  /** Selects these rows and no others, as with the Control key held. */
  async select(labels: readonly string[]): Promise<void> {
    for (const [index, label] of labels.entries()) {
      await this.row(label)
        .locator(".monaco-icon-label")
        .first()
        .click({ modifiers: index === 0 ? [] : ["ControlOrMeta"] });
    }
  }

  /** Presses one of the buttons beside the view's title. */
  async titleAction(action: string): Promise<void> {
    await this.pane.locator(".pane-header").hover();
    await this.pane
      .locator(`.pane-header .action-label[aria-label^="${quoted(action)}"]`)
      .first()
      .click();
  }

  /** The card that shows while the pointer rests on the row. */
  async hover(label: string): Promise<Locator> {
    await this.row(label).locator(".label-name").first().hover();
    const card = this.workbench.page.locator(".monaco-hover:visible, .workbench-hover:visible").first();
    await card.waitFor();
    return card;
  }

  /** Shows what is under the row. */
  async expand(label: string): Promise<void> {
    const row = this.row(label);
    if ((await row.getAttribute("aria-expanded")) === "false") await row.locator(".monaco-tl-twistie").click();
  }

  /** The text that stands where rows would be. */
  get welcome(): Locator {
    return this.pane.locator(".welcome-view-content");
  }

  get message(): Locator {
    return this.pane.locator(".tree-explorer-viewlet-tree-view .message");
  }
}

export class AgentsView extends TreeView {
  constructor(workbench: Workbench) {
    super(workbench, "Agents");
  }

  /** Titles of the groups with their counts, top to bottom. */
  async groups(): Promise<string[]> {
    const groups = this.pane.locator('.monaco-list-row[aria-level="1"]');
    return groups.evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-label") ?? ""));
  }
}

export class HostsView extends TreeView {
  constructor(workbench: Workbench) {
    super(workbench, "Hosts");
  }
}

/** Text inside a quoted CSS attribute value. */
function quoted(text: string): string {
  return text.replaceAll(/["\\]/g, "\\$&");
}

/** The files of the review that is open. */
export class ReviewView extends TreeView {
  constructor(workbench: Workbench) {
    super(workbench, "Review");
  }

  async refresh(): Promise<void> {
    await this.show();
    await this.titleAction("Refresh Changes");
  }

  async markViewed(file: string): Promise<void> {
    await this.row(file).locator(".custom-view-tree-node-item-checkbox").click();
  }
}
