import { beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Coordination } from "../../../../src/extension/coordination/coordination.ts";
import { WEBVIEW_PANELS, type WebviewPanelType } from "../../../../src/extension/ids.ts";
import { Attempts } from "../../../../src/extension/launch/attemptsView.ts";
import { CommandRegistry } from "../../../../src/extension/platform/commandRegistry.ts";
import { SessionPanels } from "../../../../src/extension/session/sessionPanels.ts";
import { SpendView } from "../../../../src/extension/spend/spendView.ts";
import { PanelInbound, PanelMethods } from "../../../../src/protocol/panel.ts";
import { ReportInbound } from "../../../../src/protocol/report.ts";
import { malformed } from "../../../fuzz/mutate.ts";
import { session } from "../../../support/aChat.ts";
import { aPanel } from "../../../support/aPanel.ts";
import { Dice } from "../../../support/dice.ts";
import { settle } from "../../../support/fakeClock.ts";
import { fakeVscode, Uri } from "../../../support/fakeVscode.ts";
import type { FakeWebviewPanel } from "../../../support/fakeWebviews.ts";

const [hostId, repository] = ["a", "https://github.com/acme/widgets"];
const other = "ahp-session:/other";

/** What each panel's page remembers of an earlier window. */
const memories: Record<WebviewPanelType, unknown> = {
  "muster.session": { agent: { hostId, session } },
  "muster.spend": undefined,
  "muster.attempts": { hostId, group: "g" },
  "muster.overlaps": { hostId, repository },
  "muster.combine": { hostId, sessions: [session, other] },
};

/** Every kind of panel of the extension, in one window, with what its page may set in motion. */
async function allPanels() {
  const parts = await aPanel();
  const { connections, fleet, clock, ports, host } = parts;
  const written: unknown[] = [];
  const state = { get: () => undefined, update: async (...args: unknown[]) => void written.push(args) };
  const present = async () => undefined;
  const commands = new CommandRegistry({ present });
  const unasked = () => Promise.reject(new Error("nobody asked for it"));
  const dialogs = {
    confirm: async () => false,
    tell: async () => undefined,
    showWarning: async () => undefined,
    choose: async () => undefined,
    attempt: unasked,
    progress: unasked,
  };
  const shared = { extensionUri: new Uri("file", "/ext") as never, connections, fleet, clock, commands, dialogs };
  const signIn = { isNeeded: () => false, onDidChange: () => ({ dispose: () => undefined }) };
  const contexts = { set: () => undefined };
  const telemetry = { send: () => undefined };
  const newId = () => "00000000-0000-4000-8000-000000000000";
  const revision = () => new Uri("muster-rev", "/x") as never;
  const asking = { resolveAgents: async () => [], confirmMessage: async () => false };
  const views = [
    new SessionPanels({ ...shared, signIn, ports, contexts, newId, telemetry, logger: silentLogger }),
    new SpendView({ ...shared, state }),
    new Attempts({ ...shared, resolveAgent: async (target) => target }),
    new Coordination({ ...shared, ...asking, presenter: { present }, newId, state, revision }),
  ];
  const panels = new Map<WebviewPanelType, FakeWebviewPanel>();
  for (const type of WEBVIEW_PANELS) panels.set(type, await fakeVscode.webviews.restore(type, type, memories[type]));
  await settle();
  /** All that a page has set in motion outside of itself. */
  const effects = () => [fakeVscode.executed.length, parts.asked.length, written.length, host.heard.length];
  return { ...parts, views, panels, written, effects };
}

beforeEach(() => fakeVscode.reset());

describe("EXT-2: the page of every panel", () => {
  it.each(WEBVIEW_PANELS)(
    "%s may load our bundle and nothing else, and its script has a nonce of its own",
    async (type) => {
      const { panels } = await allPanels();
      const { webview } = panels.get(type)!;
      const policy = new Map(policyOf(webview.html).map(([name = "", ...sources]) => [name, sources]));
      expect(Object.fromEntries(policy)).toEqual({
        "default-src": ["'none'"],
        "script-src": [expect.stringMatching(/^'nonce-[0-9a-f]{32}'$/)],
        "style-src": [webview.cspSource],
        "font-src": [webview.cspSource],
        "img-src": [webview.cspSource, "data:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["'none'"],
      });
      const nonces = Array.from(panels.values(), ({ webview }) => String(policyOf(webview.html)[1]));
      expect(new Set(nonces).size).toBe(WEBVIEW_PANELS.length);
      expect(webview.options).toEqual({
        enableScripts: true,
        enableCommandUris: false,
        localResourceRoots: [new Uri("file", "/ext/dist/webview")],
      });
    },
  );

  it("names no other place, whatever the editor's own source is called", async () => {
    const { panels } = await allPanels();
    for (const { webview } of panels.values()) {
      expect(webview.html).not.toMatch(/unsafe-|\bhttps?:\/\/(?!page\.example)|<style|\sstyle=|\son\w+=/);
      expect(webview.html.match(/<script/g)).toHaveLength(1);
    }
  });
});

/** Directives in their order, each with its sources. */
function policyOf(html: string): string[][] {
  const [, content = ""] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
  return content.split("; ").map((directive) => directive.split(" "));
}

/** A message of each kind that a page of ours sends. */
const corpus = {
  session: Object.keys(PanelMethods).map((method, id) => ({
    kind: "request",
    id,
    method,
    params: {
      text: "Go on.",
      id: "q1",
      turnId: "t1",
      toolCallId: "call-1",
      requestId: "r",
      response: "accept",
      answers: {},
      property: "model",
      value: "m",
      fileId: "f1",
      index: 0,
      uri: "x",
      checkpoint: "1",
      from: 1,
      to: 2,
      act: "merge",
      log: "all",
      terminal: "t",
      url: "https://example.com",
      matchCase: true,
      direction: 1,
    },
  })),
  report: [
    { kind: "ready" },
    { kind: "choose", choice: { period: "week", by: "day", hostId, measure: "cost" } },
    ...["open", "review", "keep", "combine", "createPullRequest"].map((action) => ({
      kind: "act",
      action,
      session: other,
    })),
    { kind: "reconnect", hostId: "elsewhere" },
    { kind: "choosePair", pair: { first: session, second: other } },
    { kind: "write", text: "Mind each other.", to: [session, other] },
    ...["send", "compare", "combine", "create", "reread"].map((kind) => ({ kind })),
    { kind: "update", sessions: [session, other] },
    { kind: "pick", session: other, path: "../../etc/passwd", pick: ["h"] },
    { kind: "name", title: "x" },
  ],
};

/** Of each panel; `MUSTER_PAGE_MESSAGES=50000` is what the rule asks for. */
const count = Number(process.env["MUSTER_PAGE_MESSAGES"] ?? 800);

/** Makes messages with something wrong in them; what is no JSON any more comes as the text. */
function breaker(type: WebviewPanelType, nonce: string | undefined, dice: Dice): () => unknown {
  const messages = type === "muster.session" ? corpus.session : corpus.report;
  const texts = messages.map((message) => JSON.stringify({ nonce, ...message }));
  return () => {
    const text = malformed(texts, dice);
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  };
}

describe("EXT-3: what comes from a page", () => {
  it.each(WEBVIEW_PANELS)(
    `is heard by %s only in the right shape and with the right nonce (${count} messages)`,
    { timeout: 30_000 + count },
    async (type) => {
      const { panels, effects, clock } = await allPanels();
      const panel = panels.get(type)!;
      const isSession = type === "muster.session";
      const schema = isSession ? PanelInbound : ReportInbound;
      const dice = new Dice(7);
      const own = breaker(type, panel.nonce, dice);
      const foreign = breaker(type, "another", dice);
      const before = [...effects(), panel.posted.length];
      let refused = 0;
      for (let index = 0; index < count; index += 1) {
        const message = dice.chance(0.8) ? own() : foreign();
        const parsed = schema.safeParse(message);
        if (parsed.success && parsed.data.nonce === panel.nonce) continue;
        refused += 1;
        panel.receive(message);
      }
      // Also what another page says that has all of it right but the nonce.
      for (const message of isSession ? corpus.session : corpus.report) panel.receive({ ...message, nonce: "another" });
      await clock.advance(1_000);
      expect(refused).toBeGreaterThan(count / 2);
      expect([...effects(), panel.posted.length]).toEqual(before);
      expect(Reflect.get({}, "polluted")).toBeUndefined();
    },
  );

  it.each(WEBVIEW_PANELS)(
    "sets nothing in motion in %s that is not of what it shows, even in the right shape",
    async (type) => {
      const { panels, asked, clock, written } = await allPanels();
      const panel = panels.get(type)!;
      const isSession = type === "muster.session";
      const say = breaker(type, panel.nonce, new Dice(11));
      panel.say({ kind: isSession ? "request" : "ready", id: 1, method: "ready", params: {} });
      for (let index = 0; index < count / 5; index += 1) {
        panel.receive(say());
        if (index % 50 === 0) await clock.advance(100);
      }
      for (const message of isSession ? corpus.session : corpus.report) panel.say(message);
      await clock.advance(5_000);
      // The ports of the session's panel get its own agent, whatever the page says.
      const targets = asked.flatMap(([, target]) => (typeof target === "object" ? [target] : []));
      for (const target of targets) expect(target).toMatchObject({ hostId, session });
      const own = [{ hostId }, { hostId, session }];
      for (const { command, args } of fakeVscode.executed) {
        expect(["muster.host.reconnect", "muster.agent.open"], command).toContain(command);
        for (const target of args) expect(own, `${type}: ${command}`).toContainEqual(target);
      }
      expect(JSON.stringify(written)).not.toContain("etc/passwd");
    },
  );
});
