import { describe, expect, it } from "vitest";
import { AgentsTree } from "../../../../src/extension/tree/agentsTree.ts";
import { AgentsViewSettings } from "../../../../src/extension/tree/agentsViewSettings.ts";
import { FirstRows } from "../../../../src/extension/tree/firstRows.ts";
import { treeGapMs } from "../../../../src/extension/tree/treePace.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { aSummary } from "../../../support/clientOnFakeHost.ts";
import { settle } from "../../../support/fakeClock.ts";
import type { FakeHost } from "../../../support/fakeHost.ts";
import { FakeMemento } from "../ship/memento.ts";

const [a, b] = ["ahp-session:/a", "ahp-session:/b"] as const;

/** A tree that VS Code asks for its first rows while its hosts are not there yet. */
async function aTree(prepare: (host: FakeHost, id: string) => void, hostIds = ["a"]) {
  const gates = new Map(hostIds.map((id) => [id, Promise.withResolvers<void>()]));
  const { fleet, connections, clock, host } = await aFleet((each, id) => {
    const connect = each.connect.bind(each);
    Object.assign(each, { connect: () => gates.get(id)?.promise.then(connect) });
    prepare(each, id);
  }, hostIds);
  const settings = new AgentsViewSettings({ global: new FakeMemento(), workspace: new FakeMemento() }, (error) => {
    throw error;
  });
  const tree = new AgentsTree({ fleet, connections, settings, clock, isVisible: () => true });
  const rows = new FirstRows({ tree, connections, clock });
  let events = 0;
  rows.onDidChangeTreeData(() => events++);
  let groups: number | undefined;
  void Promise.resolve(rows.getChildren()).then(({ length }) => (groups = length));
  await settle();
  const answer = async (id = "a") => {
    gates.get(id)?.resolve();
    await settle();
    await clock.advance(1);
  };
  return { rows, host, clock, answer, groups: () => groups, events: () => events };
}

describe("the first rows of the Agents tree", () => {
  it("are waited for while the host is being reached, and come without another word", async () => {
    const tree = await aTree((host) => host.sessions.set(a, aSummary(a)));
    await tree.clock.advance(500);
    expect(tree.groups()).toBeUndefined();
    await tree.answer();
    expect(tree.groups()).toBe(1);
    expect(tree.events()).toBe(0);
  });

  it("change like all others as soon as they are there", async () => {
    const tree = await aTree((host) => host.sessions.set(a, aSummary(a)));
    await tree.answer();
    const [group] = await tree.rows.getChildren();
    await tree.rows.getChildren(group);
    const changes = { title: "Another" };
    tree.host.notify("root/sessionSummaryChanged", { channel: "ahp-root://", session: a, changes });
    await tree.clock.advance(treeGapMs);
    expect(tree.events()).toBe(1);
  });

  it("come with the first page, and grow with the others", async () => {
    const tree = await aTree((host) => {
      host.pageSize = 1;
      for (const uri of [a, b]) host.sessions.set(uri, aSummary(uri));
    });
    let refusals = 0;
    tree.host.answers["listSessions"] = ({ cursor }) =>
      cursor !== undefined && ++refusals === 1 ? { error: { code: -32603, message: "No." } } : undefined;
    await tree.answer();
    expect(tree.groups()).toBe(1);
    expect(tree.events()).toBe(0);
    await tree.clock.advance(20_000);
    expect(tree.events()).toBe(1);
    const [group] = await tree.rows.getChildren();
    expect(await tree.rows.getChildren(group)).toHaveLength(2);
  });

  it("are not waited for when the host turns out to have none", async () => {
    const tree = await aTree(() => undefined);
    await tree.answer();
    expect(tree.groups()).toBe(0);
  });

  it("are not waited for when no host can be reached, and not for long in any case", async () => {
    const refusing = await aTree(() => undefined);
    refusing.host.answers["initialize"] = () => ({ error: { code: -32603, message: "No." } });
    await refusing.answer();
    expect(refusing.groups()).toBe(0);

    const silent = await aTree(() => undefined);
    await silent.clock.advance(2999);
    expect(silent.groups()).toBeUndefined();
    await silent.clock.advance(1);
    expect(silent.groups()).toBe(0);
  });

  it("of one host do not wait for another that has said nothing", async () => {
    const tree = await aTree((host, id) => id === "a" && host.sessions.set(a, aSummary(a)), ["a", "b"]);
    await tree.answer("a");
    expect(tree.groups()).toBe(1);
  });

  it("are given up when the window closes", async () => {
    const tree = await aTree((host) => host.sessions.set(a, aSummary(a)));
    tree.rows.dispose();
    await settle();
    expect(tree.groups()).toBe(0);
  });
});
