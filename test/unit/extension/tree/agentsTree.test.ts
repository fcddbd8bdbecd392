import { describe, expect, it } from "vitest";
import { META_NS } from "../../../../src/protocol/fleet.ts";
import { STATUS } from "../../../../src/protocol/status.ts";
import { AgentsTree, pageSize, type TreeElement } from "../../../../src/extension/tree/agentsTree.ts";
import { AgentsViewSettings } from "../../../../src/extension/tree/agentsViewSettings.ts";
import { moveGapMs } from "../../../../src/extension/tree/rowMoves.ts";
import { treeGapMs } from "../../../../src/extension/tree/treePace.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { aSummary } from "../../../support/clientOnFakeHost.ts";
import type { FakeHost } from "../../../support/fakeHost.ts";
import { FakeMemento } from "../ship/memento.ts";

async function aTree(count: number, prepare: (host: FakeHost, id: string) => void = () => undefined, hosts = ["a"]) {
  const parts = await aFleet((host, id) => {
    for (let index = 1; index <= count; index++) {
      const uri = `ahp-session:/${index}`;
      host.sessions.set(uri, aSummary(uri, { status: STATUS.inProgress, title: `Agent ${index}` }));
    }
    prepare(host, id);
  }, hosts);
  const settings = new AgentsViewSettings({ global: new FakeMemento(), workspace: new FakeMemento() }, (error) => {
    throw error;
  });
  const { fleet, connections, clock } = parts;
  const tree = new AgentsTree({ fleet, connections, settings, clock, isVisible: () => true });
  const fired: (readonly TreeElement[] | undefined)[] = [];
  tree.onDidChangeTreeData((elements) => fired.push(elements));
  await parts.clock.advance(treeGapMs);
  fired.length = 0;
  return { ...parts, settings, tree, fired };
}

function change(host: FakeHost, session: string, changes: object): void {
  host.notify("root/sessionSummaryChanged", { channel: "ahp-root://", session, changes });
}

const labels = (tree: AgentsTree, element?: TreeElement) =>
  tree.getChildren(element).map((child) => {
    const { label } = tree.getTreeItem(child);
    return typeof label === "object" ? label.label : label;
  });

/** Every row that can be seen, as VS Code would ask for it; how many there are tells what drawing all of it costs. */
const allRows = (tree: AgentsTree, element?: TreeElement): string[] =>
  tree.getChildren(element).flatMap((child) => {
    const item = tree.getTreeItem(child);
    const label = typeof item.label === "object" ? item.label.label : item.label;
    return [String(label), ...allRows(tree, child)];
  });

describe("the Agents tree", () => {
  it("draws the first change at once, and gathers what follows it closely", async () => {
    const { clock, fired, host, tree } = await aTree(3);
    allRows(tree);
    change(host, "ahp-session:/1", { title: "First" });
    await clock.advance(0);
    expect(fired).toHaveLength(1);
    change(host, "ahp-session:/2", { title: "Second" });
    await clock.advance(20);
    change(host, "ahp-session:/3", { title: "Third" });
    await clock.advance(treeGapMs - 21);
    expect(fired).toHaveLength(1);
    await clock.advance(1);
    expect(fired).toHaveLength(2);
  });

  it("moves rows at once and then once a second, whatever else is drawn meanwhile", async () => {
    const { clock, fired, host, tree } = await aTree(4);
    allRows(tree);
    const drawn = () => fired.splice(0).map((elements) => elements?.map((element) => tree.getTreeItem(element).id));
    change(host, "ahp-session:/1", { status: STATUS.idle });
    await clock.advance(0);
    expect(drawn()).toEqual([undefined]);
    allRows(tree);
    change(host, "ahp-session:/2", { status: STATUS.idle });
    change(host, "ahp-session:/3", { activity: "reads" });
    await clock.advance(treeGapMs);
    expect(drawn()).toEqual([["a|ahp-session:/2", "a|ahp-session:/3"]]);
    change(host, "ahp-session:/4", { status: STATUS.idle });
    await clock.advance(moveGapMs - treeGapMs - 1);
    expect(drawn()).toEqual([["a|ahp-session:/4"]]);
    await clock.advance(1);
    expect(drawn()).toEqual([["attention:working", "attention:done"]]);
  });

  it("does not keep the row of an agent that is gone, nor one that shall be revealed", async () => {
    const { clock, fired, host, tree } = await aTree(4);
    allRows(tree);
    change(host, "ahp-session:/1", { status: STATUS.idle });
    await clock.advance(0);
    allRows(tree);
    fired.length = 0;
    host.notify("root/sessionRemoved", { channel: "ahp-root://", session: "ahp-session:/2" });
    await clock.advance(treeGapMs);
    expect(fired.splice(0)).toHaveLength(1);
    const summary = aSummary("ahp-session:/5", { status: STATUS.inProgress });
    host.notify("root/sessionAdded", { channel: "ahp-root://", summary });
    await clock.advance(treeGapMs);
    expect(fired).toEqual([]);
    expect(tree.reveal("a|ahp-session:/5")).toBeDefined();
    expect(fired).toHaveLength(1);
    await clock.advance(5000);
    expect(fired).toHaveLength(1);
  });

  it("draws the first page of a host's list at once, and then all of it", async () => {
    const uris = ["1", "2", "3", "4"].map((id) => `ahp-session:/${id}`);
    const pages = Promise.withResolvers<void>();
    const { clock, fleet, connections, host } = await aFleet((each) => {
      const connect = each.connect.bind(each);
      Object.assign(each, { connect: () => pages.promise.then(connect) });
      each.pageSize = 1;
      for (const uri of uris) each.sessions.set(uri, aSummary(uri, { status: STATUS.inProgress }));
      // The last page is refused at first.
      let refusals = 0;
      each.answers["listSessions"] = ({ cursor }) =>
        cursor === "3" && ++refusals === 1 ? { error: { code: -32603, message: "No." } } : undefined;
    });
    const memories = { global: new FakeMemento(), workspace: new FakeMemento() };
    const settings = new AgentsViewSettings(memories, () => undefined);
    const tree = new AgentsTree({ fleet, connections, settings, clock, isVisible: () => true });
    const tallies: number[] = [];
    tree.onDidChangeTreeData(() => tallies.push(tree.tally.shown));
    pages.resolve();
    await clock.advance(0);
    const summary = aSummary("ahp-session:/5");
    host.sessions.set(summary.resource, summary);
    host.notify("root/sessionAdded", { channel: "ahp-root://", summary });
    await clock.advance(1000);
    expect(tallies).toEqual([3]);
    await clock.advance(20_000);
    expect(tallies.at(-1)).toBe(5);
  });

  it("groups agents and gives rows stable ids and a command", async () => {
    const { tree } = await aTree(2);
    expect(labels(tree)).toEqual(["Working"]);
    const [group] = tree.getChildren();
    const [row] = tree.getChildren(group);
    const item = tree.getTreeItem(row!);
    expect(new Set(labels(tree, group))).toEqual(new Set(["Agent 1", "Agent 2"]));
    expect(item.id).toMatch(/^a\|ahp-session:\//);
    expect(item.command).toMatchObject({ command: "muster.agent.openSelected", arguments: [] });
    expect(item.tooltip).toBeUndefined();
    expect(tree.getParent(row!)).toBe(group);
  });

  it("draws anew only the touched row, once for a burst of changes", async () => {
    const { tree, fired, host, clock } = await aTree(3);
    allRows(tree);
    for (const activity of ["one", "two", "three"]) change(host, "ahp-session:/2", { activity });
    await clock.advance(treeGapMs);
    expect(fired).toEqual([[expect.objectContaining({ session: "ahp-session:/2" })]]);
    const [group] = tree.getChildren();
    const row = tree.getChildren(group).find((child) => child.kind === "agent" && child.session === "ahp-session:/2");
    expect(tree.getTreeItem(row!).description).toContain("three");
  });

  it("draws the tree anew when a group comes, and keeps the same elements", async () => {
    const { tree, fired, host, clock } = await aTree(2);
    const [group] = tree.getChildren();
    const before = tree.getChildren(group);
    change(host, "ahp-session:/1", { status: STATUS.inputNeeded });
    await clock.advance(treeGapMs);
    expect(fired).toContain(undefined);
    expect(labels(tree)).toEqual(["Needs you", "Working"]);
    const after = tree.getChildren().flatMap((child) => tree.getChildren(child));
    expect(new Set(after)).toEqual(new Set(before));
  });

  it("groups by repository and host, says who needs somebody, and lists flat", async () => {
    const { tree, settings } = await aTree(
      1,
      (host, id) => {
        const meta = { [META_NS]: { phase: "ready", repository: `https://git.example/acme/${id}.git` } };
        host.sessions.set(
          "ahp-session:/x",
          aSummary("ahp-session:/x", { status: STATUS.error, title: `Failed on ${id}`, _meta: meta }),
        );
      },
      ["a", "b"],
    );
    await settings.setLayout({ grouping: "repository" });
    expect(labels(tree)).toEqual(["acme/a", "acme/b", "No repository"]);
    expect(tree.getTreeItem(tree.getChildren()[0]!).description).toBe("1 · 1 needs you");
    await settings.setLayout({ grouping: "host" });
    expect(labels(tree)).toEqual(["a", "b"]);
    await settings.setLayout({ grouping: "none", sorting: "title" });
    expect(labels(tree)).toEqual(["Agent 1", "Agent 1", "Failed on a", "Failed on b"]);
  });

  it("filters by text and several states, marks the text, and counts what is shown", async () => {
    const { tree, settings, host, clock } = await aTree(3);
    change(host, "ahp-session:/3", { title: "Mend the parser", status: STATUS.error });
    await clock.advance(treeGapMs);
    await settings.setFilter({ text: "PARSER mend", states: ["failed", "review"], isUnread: false });
    expect(allRows(tree)).toEqual(["Needs you", "Mend the parser"]);
    expect(tree.tally).toEqual({ shown: 1, all: 3 });
    const row = tree.getChildren(tree.getChildren()[0])[0];
    expect(tree.getTreeItem(row!).label).toMatchObject({
      highlights: [
        [0, 4],
        [9, 15],
      ],
    });
    // An agent that comes to pass appears.
    change(host, "ahp-session:/1", { title: "Mend another parser", status: STATUS.error });
    await clock.advance(treeGapMs);
    expect(tree.tally.shown).toBe(2);
    expect(tree.reveal("a|ahp-session:/2")).toBeUndefined();
  });

  it("hides archived agents until they are wanted, apart from the done", async () => {
    const { tree, settings, host, clock } = await aTree(2);
    change(host, "ahp-session:/1", { status: STATUS.idle + STATUS.isArchived });
    change(host, "ahp-session:/2", { status: STATUS.idle });
    await clock.advance(treeGapMs);
    expect(allRows(tree)).toEqual(["Done", "Agent 2"]);
    expect(tree.tally).toEqual({ shown: 1, all: 1 });
    await settings.setLayout({ showsArchived: true });
    expect(allRows(tree)).toEqual(["Done", "Agent 2", "Archived", "Agent 1"]);
  });

  it("puts a pinned agent first, in this window at once", async () => {
    const { tree, settings, clock } = await aTree(3);
    const last = labels(tree, tree.getChildren()[0]).at(-1);
    const row = tree.getChildren(tree.getChildren()[0]).at(-1);
    await settings.pin([row?.kind === "agent" ? row.key : ""], true);
    await clock.advance(treeGapMs);
    const [first] = tree.getChildren(tree.getChildren()[0]);
    const item = tree.getTreeItem(first!);
    expect(item.label).toBe(last);
    expect(item.contextValue).toBe("agent.working.pinned");
  });

  it("shows who comes from another agent under that one", async () => {
    const { tree, host, clock, fired } = await aTree(1);
    const made = { "agentHost/createdBySession": { session: "ahp-session:/1" } };
    const child = aSummary("ahp-session:/c", { title: "Child", status: STATUS.inProgress, _meta: made });
    allRows(tree);
    host.notify("root/sessionAdded", {
      channel: "ahp-root://",
      summary: { ...child, createdAt: "2026-02-01T00:00:00Z" },
    });
    await clock.advance(treeGapMs);
    const [group] = tree.getChildren();
    const [parent] = tree.getChildren(group);
    expect(allRows(tree)).toEqual(["Working", "Agent 1", "Child"]);
    expect(tree.getTreeItem(parent!).collapsibleState).toBe(2);
    expect(tree.getTreeItem(group!).description).toBe("2");
    expect(tree.getParent(tree.getChildren(parent)[0]!)).toBe(parent);
    // What happens to the child draws the child.
    fired.length = 0;
    change(host, "ahp-session:/c", { activity: "Reading" });
    await clock.advance(treeGapMs);
    expect(fired).toEqual([tree.getChildren(parent)]);
  });

  it("shows long groups by the page, and turns to the page of an agent that is jumped to", async () => {
    const { tree, fleet } = await aTree(pageSize + 30);
    const [group] = tree.getChildren();
    const rows = tree.getChildren(group);
    const more = rows.at(-1);
    expect(rows).toHaveLength(pageSize + 1);
    expect(tree.getTreeItem(more!)).toMatchObject({ label: "Show 30 more", description: "30 not shown" });
    expect(tree.getChildren(more)).toEqual([]);
    const shown = new Set(rows.map((row) => (row.kind === "agent" ? row.key : "")));
    const hidden = Array.from(fleet.agents.keys()).find((key) => !shown.has(key));
    expect(tree.reveal(hidden!)).toMatchObject({ key: hidden });
    // It came with its own row: asking for more goes on from there.
    tree.showMore();
    expect(tree.getChildren(group)).toHaveLength(pageSize + 30);
  });

  it("turns to the page of the agent that a jumped-to one stands under", async () => {
    const { tree, host, clock } = await aTree(pageSize + 30);
    const [group] = tree.getChildren();
    const shown = new Set(tree.getChildren(group).map((row) => (row.kind === "agent" ? row.session : "")));
    const parent = Array.from(host.sessions.keys()).find((session) => !shown.has(session));
    const _meta = { "agentHost/createdBySession": { session: parent } };
    const child = aSummary("ahp-session:/c", { status: STATUS.inProgress, _meta, createdAt: "2026-02-01T00:00:00Z" });
    host.notify("root/sessionAdded", { channel: "ahp-root://", summary: child });
    await clock.advance(treeGapMs);
    const row = tree.reveal("a|ahp-session:/c");
    const above = row && tree.getParent(row);
    expect(above).toMatchObject({ session: parent });
    expect(tree.getChildren(group)).toContain(above);
  });

  it("draws as much for one update among 2,000 agents as among 20, and never more than the pages", async () => {
    const rowsDrawn = async (count: number, changes: object) => {
      const { tree, fired, host, clock } = await aTree(count);
      allRows(tree);
      change(host, "ahp-session:/7", changes);
      await clock.advance(treeGapMs);
      return fired.flatMap((elements) =>
        (elements ?? tree.getChildren()).flatMap((one) => [one, ...allRows(tree, one)]),
      ).length;
    };
    expect(await rowsDrawn(20, { activity: "Testing" })).toBe(1);
    expect(await rowsDrawn(2000, { activity: "Testing" })).toBeLessThanOrEqual(1);
    expect(await rowsDrawn(2000, { status: STATUS.inputNeeded })).toBeLessThanOrEqual(2 + 1 + pageSize + 1);
  });

  it("counts the seconds of a launch on its own row, and minutes on the others", async () => {
    const { tree, fired, host, clock } = await aTree(2);
    allRows(tree);
    change(host, "ahp-session:/1", { _meta: { [META_NS]: { phase: "provisioning", repository: "r" } } });
    await clock.advance(treeGapMs);
    fired.length = 0;
    await clock.advance(2000);
    expect(fired).toEqual([
      [expect.objectContaining({ session: "ahp-session:/1" })],
      [expect.objectContaining({ session: "ahp-session:/1" })],
    ]);
    change(host, "ahp-session:/1", { _meta: { [META_NS]: { phase: "working", repository: "r" } } });
    await clock.advance(1050);
    fired.length = 0;
    await clock.advance(5000);
    expect(fired).toEqual([]);
  });

  it("shows in the hover what only the host knows", async () => {
    const { tree, host } = await aTree(1);
    const status = STATUS.inProgress;
    const _meta = { [META_NS]: { prompt: "Mend the parser, please", model: "opus" } };
    const session = {
      provider: "sample",
      title: "",
      status,
      lifecycle: "ready" as const,
      activeClients: [],
      chats: [],
    };
    host.put("ahp-session:/1", { ...session, _meta });
    host.put("x-fleet-session:/1", {
      session: "ahp-session:/1",
      provider: "sample",
      createdAt: "2026-01-01T00:00:00Z",
      repository: "https://git.example/acme/widgets",
      isolation: "bubblewrap",
      phase: "working",
      checkpoints: [],
      usage: { inputTokens: 0, outputTokens: 0 },
      spend: { turns: [], budgets: [], machine: { wallMs: 120_000 } },
    });
    const [row] = tree.getChildren(tree.getChildren()[0]);
    const { tooltip } = await tree.resolveTreeItem(tree.getTreeItem(row!), row!);
    expect(tooltip).toMatchObject({ isTrusted: false });
    const text = JSON.stringify(tooltip);
    for (const told of ["Mend the parser", "opus", "Machine time | 2m", "Host | a"]) expect(text).toContain(told);
  });

  it("does without it in the hover where the host is slow or does not tell", async () => {
    const { tree, clock, host } = await aTree(2);
    const [refused, silent] = tree.getChildren(tree.getChildren()[0]);
    const text = async (row: TreeElement | undefined) =>
      JSON.stringify((await tree.resolveTreeItem(tree.getTreeItem(row!), row!)).tooltip);
    expect(await text(refused)).toContain("Last event");
    host.isSilent = true;
    const resolved = text(silent);
    await clock.advance(1500);
    expect(await resolved).toContain("Last event");
  });

  it("stops with its timers when disposed", async () => {
    const { tree, clock, fired, host } = await aTree(1);
    change(host, "ahp-session:/1", { activity: "x" });
    tree.dispose();
    fired.length = 0;
    await clock.advance(120_000);
    expect(fired).toEqual([]);
  });
});
