import { afterEach, describe, expect, it } from "vitest";
import type { ContextKey } from "../../../../src/extension/ids.ts";
import { CommandRegistry, runCommand } from "../../../../src/extension/platform/commandRegistry.ts";
import { registerAgentCommands } from "../../../../src/extension/tree/agentCommands.ts";
import { AgentsTree } from "../../../../src/extension/tree/agentsTree.ts";
import { registerAgentsViewCommands } from "../../../../src/extension/tree/agentsViewCommands.ts";
import { AgentsViewSettings } from "../../../../src/extension/tree/agentsViewSettings.ts";
import type { AgentTarget } from "../../../../src/extension/ids.ts";
import { agentKey, type FleetAgent } from "../../../../src/extension/fleet/fleetAgent.ts";
import { STATUS } from "../../../../src/protocol/status.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { aSummary } from "../../../support/clientOnFakeHost.ts";
import { settle } from "../../../support/fakeClock.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";
import { FakeMemento } from "../ship/memento.ts";

afterEach(() => fakeVscode.reset());

const uri = (name: string) => `ahp-session:/${name}`;

/** The Agents view with its commands, over three agents. */
async function aView() {
  const parts = await aFleet((host) => {
    for (const [name, status] of [
      ["works", STATUS.inProgress],
      ["failed", STATUS.error],
      ["rests", STATUS.idle | STATUS.isRead],
    ] as const) {
      host.sessions.set(uri(name), aSummary(uri(name), { title: name, status }));
      host.put(uri(name), {
        provider: "sample",
        title: name,
        status,
        lifecycle: "ready",
        activeClients: [],
        chats: [],
      });
    }
  });
  const { clock, connections, fleet, host } = parts;
  const memories = { global: new FakeMemento(), workspace: new FakeMemento() };
  const fail = (error: unknown) => {
    throw error;
  };
  const settings = new AgentsViewSettings(memories, fail);
  const tree = new AgentsTree({ fleet, connections, settings, clock, isVisible: () => true });
  const view: Parameters<typeof registerAgentsViewCommands>[0]["view"] = { message: undefined };
  const contexts = new Map<ContextKey, unknown>();
  const presented: unknown[] = [];
  const commands = new CommandRegistry({ present: async (error) => void presented.push(error) });
  registerAgentsViewCommands({
    fleet,
    tree,
    view,
    settings,
    commands,
    contexts: { set: (key, value) => void contexts.set(key, value) },
    clock,
  });
  const told: string[] = [];
  const opened: string[] = [];
  let selection: readonly AgentTarget[] = [];
  const agent = ({ hostId, session }: AgentTarget): FleetAgent | undefined => fleet.get(agentKey(hostId, session));
  const isTarget = (value: unknown): value is AgentTarget => typeof value === "object" && value !== null;
  registerAgentCommands({
    fleet,
    targets: {
      one: async (target) => (isTarget(target) ? target : undefined),
      many: async (target, selected) =>
        Array.isArray(selected) && selected.length > 0 ? selected : isTarget(target) ? [target] : [],
      agent,
    },
    settings,
    dialogs: {
      confirm: async (question) => {
        told.push(question);
        return true;
      },
      progress: async (_title, run) => run(() => undefined),
      tell: async (text) => {
        told.push(text);
        return undefined;
      },
    },
    commands,
    open: async ({ session }) => void opened.push(session),
    refresh: async () => undefined,
    selection: async () => selection,
  });
  const titles = () =>
    tree.getChildren().flatMap((group) => tree.getChildren(group).map((row) => tree.getTreeItem(row).label));
  const sent = () =>
    host.heard.filter(({ method }) => method === "dispatchAction").map(({ params }) => params["action"] as object);
  const select = (...names: readonly string[]) => {
    selection = names.map((name) => ({ hostId: "a", session: uri(name) }));
  };
  return { ...parts, settings, memories, tree, view, contexts, titles, told, opened, presented, sent, select };
}

describe("how the agents are shown", () => {
  it("follows what is typed and ticked, and keeps it on Enter", async () => {
    const { clock, contexts, memories, titles, view } = await aView();
    const asked = runCommand("muster.agents.filter");
    const pick = fakeVscode.quickInputs.open;
    pick.tick("Failed", "Done");
    await clock.advance(100);
    expect(new Set(titles())).toEqual(new Set(["failed", "rests"]));
    pick.type("FAIL");
    await clock.advance(99);
    expect(titles()).toHaveLength(2);
    await clock.advance(1);
    expect(titles()).toEqual([{ label: "failed", highlights: [[0, 4]] }]);
    pick.accept();
    await asked;
    expect(view).toEqual({ message: "1 of 3 agents: “FAIL”, Failed or Done", description: "1 of 3" });
    expect(contexts.get("muster:agentsFiltered")).toBe(true);
    expect(memories.workspace.get("muster.agents.filter")).toMatchObject({ text: "FAIL", states: ["failed", "done"] });
    await runCommand("muster.agents.clearFilter");
    expect(titles()).toHaveLength(3);
    expect([view.message, contexts.get("muster:agentsFiltered")]).toEqual([undefined, false]);
  });

  it("puts the rows back on Escape, and leaves the message out where nothing is left to show", async () => {
    const { clock, memories, titles, view } = await aView();
    const asked = runCommand("muster.agents.filter");
    const pick = fakeVscode.quickInputs.open;
    pick.type("nothing like it");
    await clock.advance(100);
    expect(titles()).toEqual([]);
    expect(view).toMatchObject({ message: undefined, description: "0 of 3" });
    pick.hide();
    await asked;
    expect(titles()).toHaveLength(3);
    expect(memories.workspace.values.size).toBe(0);
  });

  it("groups, sorts and shows archived agents as chosen", async () => {
    const { contexts, settings, titles, view } = await aView();
    fakeVscode.chosen = "Host";
    await runCommand("muster.agents.groupBy");
    fakeVscode.chosen = "Title";
    await runCommand("muster.agents.sortBy");
    await runCommand("muster.agents.showArchived");
    expect(settings.layout).toEqual({ grouping: "host", sorting: "title", showsArchived: true });
    expect(titles()).toEqual(["failed", "rests", "works"]);
    expect(view.description).toBe("by host");
    expect(contexts.get("muster:archivedShown")).toBe(true);
    fakeVscode.chosen = undefined;
    await runCommand("muster.agents.groupBy");
    expect(settings.layout.grouping).toBe("host");
  });
});

describe("what is done with agents", () => {
  it("marks an agent as read when it is opened", async () => {
    const { opened, sent } = await aView();
    await runCommand("muster.agent.open", { hostId: "a", session: uri("failed") });
    await runCommand("muster.agent.open", { hostId: "a", session: uri("rests") });
    expect(opened).toEqual([uri("failed"), uri("rests")]);
    expect(sent()).toEqual([{ type: "session/isReadChanged", isRead: true }]);
  });

  it("opens the agent that was clicked on", async () => {
    const { opened, select, sent } = await aView();
    await runCommand("muster.agent.openSelected");
    select("failed");
    await runCommand("muster.agent.openSelected");
    expect(opened).toEqual([uri("failed")]);
    expect(sent()).toEqual([{ type: "session/isReadChanged", isRead: true }]);
  });

  it("renames the agent that a key was pressed on in the tree", async () => {
    const { select, sent } = await aView();
    select("rests");
    fakeVscode.typed = " Better name ";
    await runCommand("muster.agent.rename", "selection" as never);
    expect(sent()).toEqual([{ type: "session/titleChanged", title: "Better name" }]);
  });

  it("archives what is selected with one question, and marks what is meant as unread without one", async () => {
    const { presented, select, sent, told } = await aView();
    select("rests", "failed");
    await runCommand("muster.agent.archive", "selection" as never);
    expect(told).toEqual(["Archive 2 agents?", "Archived 2 agents."]);
    expect(sent()).toEqual(Array.from({ length: 2 }, () => ({ type: "session/isArchivedChanged", isArchived: true })));
    await runCommand("muster.agent.markUnread", "selection" as never);
    expect(sent().slice(2)).toEqual([{ type: "session/isReadChanged", isRead: false }]);
    expect([told.length, presented]).toEqual([2, []]);
  });

  it("pins and unpins without asking the host", async () => {
    const { select, sent, settings } = await aView();
    select("rests", "works");
    await runCommand("muster.agent.pin", "selection" as never);
    expect(settings.isPinned("a|" + uri("works"))).toBe(true);
    select("rests");
    await runCommand("muster.agent.unpin", "selection" as never);
    await settle();
    expect([settings.isPinned("a|" + uri("rests")), settings.isPinned("a|" + uri("works"))]).toEqual([false, true]);
    expect(sent()).toEqual([]);
  });
});
