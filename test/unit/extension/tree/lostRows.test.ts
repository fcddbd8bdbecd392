import { afterEach, describe, expect, it } from "vitest";
import { agentKey } from "../../../../src/extension/fleet/fleetAgent.ts";
import { AgentTargets } from "../../../../src/extension/inbox/agentTargets.ts";
import { CommandRegistry } from "../../../../src/extension/platform/commandRegistry.ts";
import { registerAgentCommands } from "../../../../src/extension/tree/agentCommands.ts";
import { AgentsTree, type TreeElement } from "../../../../src/extension/tree/agentsTree.ts";
import { AgentsViewSettings } from "../../../../src/extension/tree/agentsViewSettings.ts";
import { selectedAgents } from "../../../../src/extension/tree/rowSelection.ts";
import { chatUri } from "../../../../src/protocol/uris.ts";
import { STATUS } from "../../../../src/protocol/status.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { aSummary } from "../../../support/clientOnFakeHost.ts";
import { FakeTreeRows } from "../../../support/fakeTreeRows.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";
import { FakeMemento } from "../ship/memento.ts";

afterEach(() => fakeVscode.reset());

const uri = (name: string) => `ahp-session:/${name}`;
const id = (name: string) => agentKey("a", uri(name));

/** Three agents at work in VS Code's tree; the panel of `front` is in front. */
async function aList() {
  const { fleet, host, clock, connections } = await aFleet((each) => {
    for (const name of ["front", "other", "third"]) {
      each.sessions.set(uri(name), aSummary(uri(name), { title: name, status: STATUS.inProgress }));
      each.put(uri(name), {
        provider: "sample",
        title: name,
        status: STATUS.inProgress,
        lifecycle: "ready",
        activeClients: [],
        chats: [],
        defaultChat: chatUri(uri(name)),
      });
      each.put(chatUri(uri(name)), {
        resource: chatUri(uri(name)),
        title: name,
        status: STATUS.inProgress,
        modifiedAt: "2026-01-01T00:00:00Z",
        origin: { kind: "user" },
        turns: [],
        activeTurn: {
          id: "turn",
          startedAt: "2026-01-01T00:00:00Z",
          message: { text: "Work.", origin: { kind: "user" } },
          responseParts: [],
        },
      });
    }
  });
  const memories = { global: new FakeMemento(), workspace: new FakeMemento() };
  const settings = new AgentsViewSettings(memories, () => undefined);
  const tree = new AgentsTree({ fleet, connections, settings, clock, isVisible: () => true });
  await clock.advance(1000);
  const rows = new FakeTreeRows<TreeElement>(tree);
  const presented: string[] = [];
  const told: string[] = [];
  const present = async (error: unknown) => void presented.push(error instanceof Error ? error.message : "");
  let selected: readonly string[] = [];
  const view = {
    /** VS Code keeps the ids of selected rows, and tells of the elements that it knows for them. */
    get selection() {
      return selected.flatMap((row) => rows.element(row) ?? []);
    },
  };
  registerAgentCommands({
    fleet,
    targets: new AgentTargets(fleet, () => ({ hostId: "a", session: uri("front") }), clock),
    settings,
    dialogs: {
      confirm: async (question) => {
        told.push(question);
        return true;
      },
      progress: async (_title, run) => run(() => undefined),
      tell: async (text) => void told.push(text),
    },
    commands: new CommandRegistry({ present }),
    open: async () => undefined,
    refresh: async () => undefined,
    selection: () => selectedAgents({ view, tree, clock }),
  });
  const sent = () =>
    host.heard
      .filter(({ method }) => ["dispatchAction", "disposeSession"].includes(method))
      .map(({ params }) => params["channel"]);
  return {
    clock,
    rows,
    presented,
    told,
    sent,
    select: (...names: readonly string[]) => (selected = names.map(id)),
    /** Somebody launches an agent, so that all rows of the group are drawn anew; VS Code has not asked for them yet. */
    drawAnew: async () => {
      const summary = aSummary(uri("fourth"), { title: "fourth", status: STATUS.inProgress });
      host.notify("root/sessionAdded", { channel: "ahp-root://", summary });
      await clock.advance(1000);
    },
  };
}

const lost = /did not say which row was meant/;

describe("a row that VS Code draws anew while somebody presses something on it", () => {
  it("is stopped by its name when VS Code knows it", async () => {
    const { presented, rows, sent, told } = await aList();
    await rows.press("muster.agent.stop", id("other"));
    expect([sent(), told, presented]).toEqual([
      [chatUri(uri("other"))],
      ["Stopped the agent “other”. The work so far is kept."],
      [],
    ]);
  });

  it.each(["stop", "archive", "delete", "retry", "markRead", "pin", "rename"])(
    "does not hand its %s to the panel in front",
    async (verb) => {
      const { drawAnew, presented, rows, sent, told } = await aList();
      await drawAnew();
      fakeVscode.typed = "Another name";
      await rows.press(`muster.agent.${verb}`, id("other"));
      expect(presented).toEqual([expect.stringMatching(lost)]);
      expect([sent(), told]).toEqual([[], []]);
    },
  );

  it("is acted on again as soon as VS Code has asked for it", async () => {
    const { drawAnew, rows, sent } = await aList();
    await drawAnew();
    rows.ask();
    await rows.press("muster.agent.stop", id("other"));
    expect(sent()).toEqual([chatUri(uri("other"))]);
  });

  it("leaves a selection alone of which it was one", async () => {
    const { drawAnew, presented, rows, sent, told } = await aList();
    await drawAnew();
    await rows.press("muster.agent.archive", id("other"), [id("other"), id("third")]);
    const known = { hostId: "a", session: uri("third") };
    await fakeVscode.commands.get("muster.agent.archive")?.(known, [known, undefined]);
    expect(presented).toEqual([expect.stringMatching(lost), expect.stringMatching(lost)]);
    expect([sent(), told]).toEqual([[], []]);
  });

  it("is waited for by a key that was pressed on it", async () => {
    const { clock, drawAnew, rows, select, sent } = await aList();
    select("other");
    await drawAnew();
    const pressed = fakeVscode.commands.get("muster.agent.delete")?.("selection");
    await clock.advance(100);
    expect(sent()).toEqual([]);
    rows.ask();
    await clock.advance(0);
    await pressed;
    expect(sent()).toEqual([uri("other")]);
  });

  it("does not hand a key to the panel in front where none is selected", async () => {
    const { clock, presented, sent } = await aList();
    const pressed = fakeVscode.commands.get("muster.agent.delete")?.("selection");
    await clock.advance(2000);
    await pressed;
    expect([presented, sent()]).toEqual([["No agent is selected in the list. Select one first."], []]);
  });

  it("means the panel in front when nobody has named anybody", async () => {
    const { sent } = await aList();
    await fakeVscode.commands.get("muster.agent.stop")?.();
    expect(sent()).toEqual([chatUri(uri("front"))]);
  });
});
