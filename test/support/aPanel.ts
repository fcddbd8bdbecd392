import { Emitter } from "../../src/base/emitter.ts";
import { untranslated } from "../../src/base/l10n.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { panelActions, type PanelPorts } from "../../src/extension/session/panelActions.ts";
import { PanelBridge } from "../../src/extension/session/panelBridge.ts";
import { PanelSource } from "../../src/extension/session/panelSource.ts";
import type { PanelItem, PanelMethod, PanelOutbound } from "../../src/protocol/panel.ts";
import { fleetSessionUri, terminalUri } from "../../src/protocol/uris.ts";
import { PanelStore } from "../../src/webview/panelStore.ts";
import { aChat, aSession, aTurn, chat, markdown, session, terminalCall, toolPart } from "./aChat.ts";
import { aFleet } from "./aFleet.ts";
import { aSummary } from "./clientOnFakeHost.ts";
import type { FakeHost } from "./fakeHost.ts";

export const terminal = terminalUri("s1", "call-2");
const branch = `${session}/changeset/branch`;

export const fleet = fleetSessionUri("s1");

/** A panel on a host in memory, with a page that acknowledges and folds like the real one. */
export async function aPanel(prepare: (host: FakeHost) => void = () => undefined) {
  const parts = await aFleet((host) => {
    host.sessions.set(session, aSummary(session));
    host.put(session, aSession());
    host.put(chat, aChat({ turns: [aTurn("t1", [markdown("hello"), toolPart(terminalCall(terminal))])] }));
    host.put(branch, {
      status: "ready",
      files: [
        { id: "f1", edit: { after: { uri: "x-fleet-file:/s1/src/a.ts", content: { uri: "x-fleet-blob:/s1/0" } } } },
      ],
    });
    host.put(fleet, {
      session,
      provider: "sample",
      createdAt: "2026-01-01T00:00:00Z",
      repository: "https://github.com/acme/widgets",
      isolation: "none",
      phase: "ready",
      checkpoints: [],
      usage: { inputTokens: 0, outputTokens: 0 },
    });
    host.put(terminal, {
      title: "npm test",
      content: [{ type: "unclassified", value: "ok\n" }],
      claim: { kind: "session", session },
    });
    prepare(host);
  });
  const { connections, fleet: agents, clock, host } = parts;
  const asked: unknown[][] = [];
  const note =
    (name: string) =>
    async (...args: unknown[]) =>
      void asked.push([name, ...args]);
  const answers = { confirm: true };
  const ports: PanelPorts = {
    review: note("review"),
    createPullRequest: note("createPullRequest"),
    showPullRequest: note("showPullRequest"),
    actOnPullRequest: note("actOnPullRequest"),
    openFileDiff: note("openFileDiff"),
    openText: note("openText"),
    copy: note("copy"),
    save: async (name, text) => {
      asked.push(["save", name, Array.from(text).join("")]);
      return true;
    },
    confirmRestore: async (checkpoint, isWorking) => {
      asked.push(["confirmRestore", checkpoint, isWorking]);
      return answers.confirm;
    },
    fork: note("fork"),
    compare: note("compare"),
    setBudget: note("setBudget"),
    raiseBudget: note("raiseBudget"),
    readSides: async () => ({ before: "a\nb\n", after: "a\nc\n" }),
    openExternal: async (url) => void asked.push(["openExternal", url.href]),
    reconnect: (hostId) => asked.push(["reconnect", hostId]),
    signIn: note("signIn"),
  };
  const target = { hostId: "a", session };
  const signIn = {
    needed: false,
    changed: new Emitter<void>(() => undefined),
    isNeeded: () => signIn.needed,
    onDidChange: (listener: () => void) => signIn.changed.event(listener),
  };
  const source = new PanelSource({ target, connections, fleet: agents, signIn, clock, logger: silentLogger });
  /** One that is blocked draws nothing, and so acknowledges nothing. */
  const renderer = { isBlocked: false, waiting: [] as (() => void)[] };
  const unblock = () => {
    renderer.isBlocked = false;
    for (const draw of renderer.waiting.splice(0)) draw();
  };
  let ids = 0;
  const posted: PanelOutbound[] = [];
  const page = new PanelStore();
  const options = { source, target, ports, clock, newId: () => `new-${++ids}`, telemetry: { send: () => undefined } };
  const bridge: PanelBridge = new PanelBridge({
    source,
    handlers: panelActions(options),
    logPorts: ports,
    agent: target,
    nonce: "n",
    t: untranslated,
    post: (message) => {
      posted.push(message);
      if (message.kind !== "push") return;
      const draw = () => {
        page.apply(message.items);
        bridge.receive({ nonce: "n", kind: "ack", seq: message.seq });
      };
      if (renderer.isBlocked) renderer.waiting.push(draw);
      else queueMicrotask(draw);
    },
    clock,
    logger: silentLogger,
  });
  let requests = 0;
  const ask = async (method: PanelMethod, params: object = {}) => {
    const id = ++requests;
    bridge.receive({ nonce: "n", kind: "request", id, method, params });
    await clock.advance(100);
    const answer = posted.find((message) => message.kind !== "push" && message.id === id);
    if (answer?.kind === "failure") throw new Error(answer.sentence);
    return answer?.kind === "response" ? answer.result : "no answer";
  };
  const items = () => posted.flatMap((message): readonly PanelItem[] => (message.kind === "push" ? message.items : []));
  return { ...parts, host, source, bridge, page, posted, ports, renderer, unblock, asked, answers, ask, items, signIn };
}
