import { describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import { maxRead } from "../../../../src/extension/fleet/needsReader.ts";
import type { ChatState } from "../../../../src/protocol/chatState.ts";
import type { SessionInputRequest, SessionState } from "../../../../src/protocol/sessionState.ts";
import { STATUS } from "../../../../src/protocol/status.ts";
import { chatUri } from "../../../../src/protocol/uris.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { aSummary } from "../../../support/clientOnFakeHost.ts";
import { settle } from "../../../support/fakeClock.ts";
import type { FakeHost } from "../../../support/fakeHost.ts";

const one = "ahp-session:/one";
const key = `a|${one}`;
const time = "2026-01-01T00:00:00Z";

function aChat(resource: string, status: number): ChatState {
  return { resource, title: "chat", status, modifiedAt: time, turns: [] };
}

/** A session with its chat, as our host has them. */
function put(host: FakeHost, session: string, status: number, chat: Partial<ChatState> = {}): void {
  const uri = chatUri(session);
  const { turns: _turns, ...summary } = aChat(uri, status);
  const state: SessionState = {
    provider: "sample",
    title: "t",
    status,
    lifecycle: "ready",
    activeClients: [],
    chats: [summary],
    defaultChat: uri,
  };
  host.sessions.set(session, aSummary(session, { status }));
  host.put(session, state);
  host.put(uri, { ...aChat(uri, status), ...chat });
}

const toolCall = {
  toolCallId: "call",
  toolName: "run",
  displayName: "Run",
  status: "pending-confirmation" as const,
  invocationMessage: "Run the tests",
};
const message = { text: "Do it", origin: { kind: "user" } };
const asking: Partial<ChatState> = {
  activeTurn: { id: "turn", startedAt: time, message, responseParts: [{ kind: "toolCall", toolCall }] },
};
const request: SessionInputRequest = {
  id: "need-1",
  kind: "toolConfirmation",
  chat: chatUri(one),
  turnId: "turn",
  toolCall,
};

/** The actions that came in, of one type. */
function dispatched(host: FakeHost, type: string): unknown[] {
  const actions = host.heard.filter(({ method }) => method === "dispatchAction").map(({ params }) => params["action"]);
  return actions.filter((action) => (action as { type: string }).type === type);
}

describe("the fleet", () => {
  it("holds the sessions of all hosts, and tells of an update what it touched and no more", async () => {
    const { fleet, hosts, changes } = await aFleet((host) => put(host, one, STATUS.idle), ["a", "b"]);
    expect(Array.from(fleet.agents.keys())).toEqual([`a|${one}`, `b|${one}`]);
    const untouched = fleet.get(`a|${one}`);
    changes.length = 0;
    hosts.get("b")?.notify("root/sessionSummaryChanged", { channel: "x", session: one, changes: { status: 8 } });
    await settle();
    expect(changes).toEqual([{ added: [], changed: [`b|${one}`], removed: [] }]);
    expect(fleet.get(`a|${one}`)).toBe(untouched);
    expect(fleet.get(`b|${one}`)?.attention).toBe("working");
    expect(fleet.counts).toMatchObject({ working: 1, done: 1 });
  });

  it("keeps the rows of a host that dropped, with the age of what they show", async () => {
    const { fleet, host, clock, changes } = await aFleet((host) => put(host, one, STATUS.inProgress));
    const heardAt = clock.now();
    await clock.advance(1000);
    changes.length = 0;
    host.dropAll();
    await settle();
    expect(fleet.get(key)).toMatchObject({ attention: "working", freshness: { live: false, heardAt } });
    await clock.advance(60_000);
    expect(fleet.get(key)?.freshness).toEqual({ live: true, heardAt: undefined });
    expect(changes).toEqual([
      { added: [], changed: [key], removed: [] },
      { added: [], changed: [key], removed: [] },
    ]);
  });

  it("forgets the rows of a host that is removed", async () => {
    const { fleet, registry, changes } = await aFleet((host) => put(host, one, STATUS.idle));
    await registry.remove("a");
    expect(fleet.agents.size).toBe(0);
    expect(fleet.counts.done).toBe(0);
    expect(changes.at(-1)).toEqual({ added: [], changed: [], removed: [key] });
  });

  it("takes the pull request that others found into account, also before the agent is listed", async () => {
    const { fleet, host } = await aFleet();
    const pullRequest = { url: "https://github.com/o/r/pull/1", number: 1, state: "open" as const };
    fleet.decorate(key, { pullRequest });
    host.notify("root/sessionAdded", { channel: "x", summary: aSummary(one) });
    await settle();
    expect(fleet.get(key)).toMatchObject({ attention: "pullRequest", pullRequest });
    fleet.decorate(key, { pullRequest: undefined });
    expect(fleet.get(key)?.attention).toBe("done");
  });
});

describe("what agents wait for", () => {
  it("is read ahead, so that the row says it", async () => {
    const { fleet, host } = await aFleet((host) => put(host, one, STATUS.inputNeeded));
    expect(fleet.get(key)).toMatchObject({ attention: "needsYou", need: "unknown", requests: [] });
    host.act(one, { type: "session/inputNeededSet", request });
    await settle();
    expect(fleet.get(key)).toMatchObject({ need: "approval", requests: [request] });
    host.notify("root/sessionSummaryChanged", { channel: "x", session: one, changes: { status: 8 } });
    await settle();
    expect(fleet.get(key)).toMatchObject({ attention: "working", requests: [] });
  });

  it("is followed for some agents only, the next when one is answered", async () => {
    const uris = Array.from({ length: maxRead + 1 }, (_, index) => `ahp-session:/s${index}`);
    const { host } = await aFleet((host) => {
      for (const uri of uris) put(host, uri, STATUS.inputNeeded);
    });
    const followed = () =>
      host.heard.filter(({ method, params }) => method === "subscribe" && uris.includes(params["channel"] as string))
        .length;
    expect(followed()).toBe(maxRead);
    host.notify("root/sessionSummaryChanged", { channel: "x", session: uris[0], changes: { status: 1 } });
    await settle();
    expect(followed()).toBe(maxRead + 1);
  });

  it("is approved without opening the agent", async () => {
    const { fleet, host } = await aFleet((host) => {
      put(host, one, STATUS.inputNeeded, asking);
      host.act(one, { type: "session/inputNeededSet", request });
    });
    await fleet.approve(key, request);
    expect(dispatched(host, "chat/toolCallConfirmed")).toEqual([
      { type: "chat/toolCallConfirmed", turnId: "turn", toolCallId: "call", approved: true, confirmed: "user-action" },
    ]);
    expect(host.heard.some(({ method, params }) => method === "subscribe" && params["channel"] === chatUri(one))).toBe(
      false,
    );
  });

  it("is answered as it was shown: with how far it was shown, and not at all when it has become another", async () => {
    const { fleet, host } = await aFleet((host) => {
      put(host, one, STATUS.inputNeeded, asking);
      host.act(one, { type: "session/inputNeededSet", request });
    });
    const seenSeq = host.serverSeq;
    const other = { ...request, toolCall: { ...toolCall, invocationMessage: "Delete the tests" } };
    await expect(fleet.approve(key, other)).rejects.toMatchObject({ code: "conflict" });
    expect(dispatched(host, "chat/toolCallConfirmed")).toEqual([]);
    // What else happens in the session makes the request no younger.
    host.act(one, { type: "session/titleChanged", title: "Another" });
    await settle();
    await fleet.approve(key, request);
    expect(host.heard.find(({ method }) => method === "dispatchAction")?.params["_meta"]).toEqual({
      muster: { seenSeq },
    });
  });

  it("is denied with a note, found in the chat on a host that does not gather it", async () => {
    const { fleet, host } = await aFleet((host) => put(host, one, STATUS.inputNeeded, asking));
    await fleet.deny(key, fleet.get(key)!.requests[0]!, { note: "Use the other script." });
    expect(dispatched(host, "chat/toolCallConfirmed")).toEqual([
      {
        type: "chat/toolCallConfirmed",
        turnId: "turn",
        toolCallId: "call",
        approved: false,
        reason: "denied",
        userSuggestion: "Use the other script.",
      },
    ]);
  });

  it("can have been answered elsewhere", async () => {
    const { fleet } = await aFleet((host) => put(host, one, STATUS.idle));
    await expect(fleet.approve(key, request)).rejects.toMatchObject({ code: "conflict" });
    await expect(fleet.answer(key, request, "accept")).rejects.toMatchObject({ code: "conflict" });
  });

  it("may be a question", async () => {
    const { fleet, host } = await aFleet((host) => put(host, one, STATUS.inputNeeded));
    const asked: SessionInputRequest = { id: "need-2", kind: "chatInput", chat: chatUri(one), request: { id: "q" } };
    host.act(one, { type: "session/inputNeededSet", request: asked });
    await settle();
    expect(fleet.get(key)?.need).toBe("question");
    await fleet.answer(key, asked, "decline");
    expect(dispatched(host, "chat/inputCompleted")).toMatchObject([{ requestId: "q", response: "decline" }]);
  });
});

describe("commands", () => {
  it("launch shows a row at once and gives the session its prompt", async () => {
    const { fleet, host, changes } = await aFleet();
    host.answers["createSession"] = ({ channel }) => {
      put(host, channel as string, STATUS.idle);
      host.notify("root/sessionAdded", { channel: "x", summary: host.sessions.get(channel as string) });
      return { result: null };
    };
    const launching = fleet.launch({
      hostId: "a",
      provider: "sample",
      prompt: "Fix the tests\nall of them",
      repository: "https://h.example/o/r.git",
      model: "m",
    });
    const session = "ahp-session:/id-1";
    expect(fleet.get(`a|${session}`)).toMatchObject({
      title: "Fix the tests",
      isPending: true,
      attention: "queued",
      place: "o/r",
    });
    await expect(launching).resolves.toBe(`a|${session}`);
    expect(fleet.get(`a|${session}`)?.isPending).toBe(false);
    expect(changes.flatMap(({ removed }) => removed)).toEqual([]);
    expect(host.heard.find(({ method }) => method === "createSession")?.params).toMatchObject({
      channel: session,
      provider: "sample",
      config: { repository: "https://h.example/o/r.git", model: "m" },
    });
    expect(host.state(chatUri(session))).toMatchObject({
      activeTurn: { id: "id-2", message: { text: "Fix the tests\nall of them", model: { id: "m" } } },
    });
  });

  it("a launch that the host refuses takes its row away and says why", async () => {
    const { fleet, host } = await aFleet();
    host.answers["createSession"] = () => ({
      error: { code: -32602, message: "No such repository.", data: { muster: { code: "repository.invalid" } } },
    });
    const launching = fleet.launch({ hostId: "a", provider: "p", prompt: "x", repository: "/r" });
    await expect(launching).rejects.toMatchObject({ code: "repository.invalid", message: "No such repository." });
    expect(fleet.agents.size).toBe(0);
  });

  it("a launch whose prompt is refused leaves no empty session", async () => {
    const { fleet, host } = await aFleet();
    host.answers["createSession"] = ({ channel }) => {
      put(host, channel as string, STATUS.idle);
      return { result: null };
    };
    host.answers["disposeSession"] = ({ channel }) => {
      host.sessions.delete(channel as string);
      return { result: null };
    };
    host.refuse = () => "Too long.";
    const launching = fleet.launch({ hostId: "a", provider: "p", prompt: "x", repository: "/r" });
    await expect(launching).rejects.toMatchObject({ code: "request.rejected", message: "Too long." });
    expect(host.sessions.size).toBe(0);
    expect(fleet.agents.size).toBe(0);
  });

  it("stop cancels the running turn, and is done when there is none", async () => {
    const { fleet, host, clock } = await aFleet((host) => put(host, one, STATUS.inProgress, asking));
    await clock.advance(5000);
    await fleet.stop(key);
    expect(dispatched(host, "chat/turnCancelled")).toEqual([
      { type: "chat/turnCancelled", turnId: "turn", duration: 5000 },
    ]);
    put(host, "ahp-session:/idle", STATUS.idle);
    await expect(fleet.stop("a|ahp-session:/idle")).resolves.toBeUndefined();
  });

  it("send begins a turn, and waits its turn while one runs", async () => {
    const { fleet, host } = await aFleet((host) => {
      put(host, one, STATUS.idle);
      put(host, "ahp-session:/busy", STATUS.inProgress, {
        activeTurn: { id: "turn", message, startedAt: "2026-01-01T00:00:00.000Z", responseParts: [] },
      });
    });
    await fleet.send(key, "Go on");
    await fleet.send("a|ahp-session:/busy", "And then this");
    expect(dispatched(host, "chat/turnStarted")).toMatchObject([
      { message: { text: "Go on", origin: { kind: "user" } } },
    ]);
    expect(dispatched(host, "chat/pendingMessageSet")).toMatchObject([
      { kind: "queued", message: { text: "And then this" } },
    ]);
  });

  it("retry takes up the last turn, if it can be", async () => {
    const error = { errorType: "crash", message: "It crashed." };
    const failed = { id: "turn", message, state: "error" as const };
    const { fleet, host } = await aFleet((host) => {
      put(host, one, STATUS.error, {
        turns: [{ ...failed, responseParts: [{ kind: "error", error, resumable: true }] }],
      });
      put(host, "ahp-session:/final", STATUS.error, {
        turns: [{ ...failed, responseParts: [{ kind: "error", error }] }],
      });
    });
    await fleet.retry(key);
    expect(dispatched(host, "chat/turnResume")).toEqual([{ type: "chat/turnResume", turnId: "turn" }]);
    await expect(fleet.retry("a|ahp-session:/final")).rejects.toMatchObject({ code: "conflict" });
  });

  it("rename, archive and mark as read", async () => {
    const { fleet, host } = await aFleet((host) => put(host, one, STATUS.idle));
    await fleet.rename(key, "  Better  ");
    await fleet.archive(key);
    await fleet.markRead(key);
    expect(host.state(one)).toMatchObject({ title: "Better", status: STATUS.idle | STATUS.isArchived | STATUS.isRead });
    await expect(fleet.rename(key, " ")).rejects.toMatchObject({ code: "request.invalid" });
  });

  it("remove is done when the session is gone already", async () => {
    const { fleet, host } = await aFleet((host) => put(host, one, STATUS.idle));
    host.sessions.delete(one);
    host.answers["disposeSession"] = () => ({ error: { code: -32001, message: "Unknown." } });
    await fleet.remove(key);
    expect(fleet.agents.size).toBe(0);
  });

  it("say that there is no connection", async () => {
    const { fleet, host } = await aFleet((host) => put(host, one, STATUS.inProgress, asking));
    host.dropAll();
    await settle();
    for (const command of [
      fleet.stop(key),
      fleet.retry(key),
      fleet.approve(key, request),
      fleet.archive(key),
      fleet.remove(key),
    ]) {
      await expect(command).rejects.toSatisfy((error) => AppError.is(error, "host.disconnected"));
    }
  });
});
