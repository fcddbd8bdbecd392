import { describe, expect, it } from "vitest";
import { STATUS } from "../../../../src/protocol/status.ts";
import { AgentsTree, type TreeElement } from "../../../../src/extension/tree/agentsTree.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { aSummary } from "../../../support/clientOnFakeHost.ts";
import type { FakeHost } from "../../../support/fakeHost.ts";

async function aTree(count: number) {
  const parts = await aFleet((host: FakeHost) => {
    for (let index = 1; index <= count; index++) {
      const uri = `ahp-session:/${index}`;
      host.sessions.set(uri, aSummary(uri, { status: STATUS.inProgress, title: `Agent ${index}` }));
    }
  });
  const tree = new AgentsTree(parts.fleet, parts.connections, parts.clock);
  const fired: (readonly TreeElement[] | undefined)[] = [];
  tree.onDidChangeTreeData((elements) => fired.push(elements));
  await parts.clock.advance(50);
  return { ...parts, tree, fired };
}

function change(host: FakeHost, session: string, changes: object): void {
  host.notify("root/sessionSummaryChanged", { channel: "ahp-root://", session, changes });
}

const labels = (tree: AgentsTree, element?: TreeElement) =>
  tree.getChildren(element).map((child) => tree.getTreeItem(child).label);

describe("the Agents tree", () => {
  it("groups agents and gives rows stable ids and a command", async () => {
    const { tree } = await aTree(2);
    expect(labels(tree)).toEqual(["Working"]);
    const [group] = tree.getChildren();
    const [row] = tree.getChildren(group);
    const item = tree.getTreeItem(row!);
    expect(new Set(labels(tree, group))).toEqual(new Set(["Agent 1", "Agent 2"]));
    expect(item.id).toMatch(/^a\|ahp-session:\//);
    expect(item.command?.command).toBe("muster.agent.open");
    expect(item.tooltip).toBeUndefined();
    expect(tree.resolveTreeItem(item, row!).tooltip).toMatchObject({ isTrusted: false });
    expect(tree.getParent(row!)).toBe(group);
  });

  it("draws anew only the touched row, once for a burst of changes", async () => {
    const { tree, fired, host, clock } = await aTree(3);
    fired.length = 0;
    for (const activity of ["one", "two", "three"]) change(host, "ahp-session:/2", { activity });
    await clock.advance(49);
    expect(fired).toEqual([]);
    await clock.advance(1);
    expect(fired).toEqual([[expect.objectContaining({ session: "ahp-session:/2" })]]);
    const [group] = tree.getChildren();
    const row = tree.getChildren(group).find((child) => child.kind === "agent" && child.session === "ahp-session:/2");
    expect(tree.getTreeItem(row!).description).toContain("three");
  });

  it("draws the tree anew when a group comes, and keeps the same elements", async () => {
    const { tree, fired, host, clock } = await aTree(2);
    const [group] = tree.getChildren();
    const before = tree.getChildren(group);
    fired.length = 0;
    change(host, "ahp-session:/1", { status: STATUS.inputNeeded });
    await clock.advance(50);
    expect(fired).toContain(undefined);
    expect(labels(tree)).toEqual(["Needs you", "Working"]);
    const after = tree.getChildren().flatMap((child) => tree.getChildren(child));
    expect(new Set(after)).toEqual(new Set(before));
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
