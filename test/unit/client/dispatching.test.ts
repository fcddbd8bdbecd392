import { describe, expect, it } from "vitest";
import { aChat, aTurn, chat } from "../../support/aChat.ts";
import {
  ClientOnFakeHost,
  emptyTerminal,
  onTerminal,
  printed,
  terminalUri,
  titled,
} from "../../support/clientOnFakeHost.ts";
import { settle } from "../../support/fakeClock.ts";

describe("dispatching", () => {
  it("shows the action at once and resolves with the echo", async () => {
    const { scene, handle } = await onTerminal();
    const answered = scene.client.dispatch(terminalUri, titled("mine"));
    expect(handle.state?.title).toBe("mine");
    await expect(answered).resolves.toBeUndefined();
    expect(scene.host.state(terminalUri)).toMatchObject({ title: "mine" });
  });

  it("takes the action back with the host's reason when it is refused", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.refuse = () => "The emptyTerminal belongs to somebody else.";
    const answered = scene.client.dispatch(terminalUri, titled("mine"));
    await expect(answered).rejects.toMatchObject({
      code: "request.rejected",
      message: "The emptyTerminal belongs to somebody else.",
    });
    expect(handle.state?.title).toBe("t");
  });

  it("is refused without a connection, so that nothing is done hours later", async () => {
    const { scene } = await onTerminal();
    scene.host.dropAll();
    await settle();
    await expect(scene.client.dispatch(terminalUri, titled("mine"))).rejects.toMatchObject({
      code: "host.disconnected",
    });
  });

  it("says how far the person who acts had been shown it, again when it is sent again, to hosts that know it", async () => {
    const { scene, handle } = await onTerminal();
    const seen = handle.seq;
    const answered = scene.client.dispatch(terminalUri, titled("mine"), seen);
    scene.host.dropAll();
    await settle();
    await scene.retried();
    await answered;
    const sent = () =>
      scene.host.heard.filter(({ method }) => method === "dispatchAction").map(({ params }) => params["_meta"]);
    expect(seen).toBe(0);
    // The first went down with its connection.
    expect(sent()).toEqual([{ muster: { seenSeq: seen } }]);
    expect(handle.seq).toBe(1);
    scene.host.fleet = false;
    scene.host.restart();
    await scene.retried();
    await scene.client.dispatch(terminalUri, titled("other"), 1);
    expect(sent().at(-1)).toBeUndefined();
  });

  it("is sent once more after a resume, and happens once", async () => {
    const { scene, handle } = await onTerminal();
    const answered = scene.client.dispatch(terminalUri, printed("once"));
    scene.host.dropAll();
    await settle();
    await scene.retried();
    await expect(answered).resolves.toBeUndefined();
    expect(handle.state?.content).toEqual([{ type: "unclassified", value: "once" }]);
    expect(scene.host.state(terminalUri)).toEqual(handle.state);
  });

  it("is not sent again when a snapshot hides whether it happened", async () => {
    const scene = new ClientOnFakeHost();
    const transport = scene.host.connect();
    scene.host.put(terminalUri, emptyTerminal);
    scene.dial = async () => transport;
    await scene.live();
    const handle = scene.client.subscribe("terminal", terminalUri);
    await handle.ready;
    scene.dial = async () => scene.host.connect();
    scene.host.isIdempotent = false;
    scene.host.replayLimit = 0;
    transport.peer!.isDeaf = true;
    const outcome = expect(scene.client.dispatch(terminalUri, printed("once"))).rejects.toMatchObject({
      code: "host.disconnected",
    });
    await settle();
    scene.host.dropAll();
    await scene.retried();
    await outcome;
    expect(scene.host.state(terminalUri)).toMatchObject({ content: [{ value: "once" }] });
    expect(handle.state).toEqual(scene.host.state(terminalUri));
  });

  it("is not answered by an envelope of another channel", async () => {
    const { scene } = await onTerminal();
    scene.host.isSilent = true;
    let isAnswered = false;
    void scene.client.dispatch(terminalUri, titled("mine")).then(() => (isAnswered = true));
    const origin = { clientId: "client-1", clientSeq: 1 };
    scene.host.notify("action", { channel: "ahp-root://", action: { type: "x" }, serverSeq: 1, origin });
    await settle();
    expect(isAnswered).toBe(false);
    scene.host.notify("action", { channel: terminalUri, action: titled("mine"), serverSeq: 2, origin });
    await settle();
    expect(isAnswered).toBe(true);
  });

  it("is given up when nobody can tell any more whether it happened", async () => {
    const { scene, handle } = await onTerminal();
    const answered = scene.client.dispatch(terminalUri, titled("mine"));
    scene.host.restart();
    const outcome = expect(answered).rejects.toMatchObject({ code: "host.disconnected" });
    await settle();
    await scene.retried();
    await outcome;
    expect(handle.state).toEqual(scene.host.state(terminalUri));
  });

  it("on a channel that is not followed resolves when the host answers its sender", async () => {
    const scene = await new ClientOnFakeHost().live();
    scene.host.put(terminalUri, emptyTerminal);
    await expect(scene.client.dispatch(terminalUri, titled("mine"))).resolves.toBeUndefined();
  });

  it("on a channel that is not followed does not wait for ever on a host that answers followers only", async () => {
    const scene = await new ClientOnFakeHost().live();
    scene.host.put(terminalUri, emptyTerminal);
    const transport = scene.host.connect();
    scene.client.disconnect();
    scene.dial = async () => transport;
    await scene.live();
    transport.peer!.sent.length = 0;
    const send = transport.peer!.send.bind(transport.peer);
    transport.peer!.send = (text) => (text.includes('"method":"action"') ? undefined : send(text));
    const answered = scene.client.dispatch(terminalUri, titled("mine"));
    await scene.clock.advance(6000);
    await expect(answered).resolves.toBeUndefined();
  });
});

describe("answers to dispatches", () => {
  const echo = (serverSeq: number, action: object, clientSeq: number, clientId = "client-1") => ({
    channel: terminalUri,
    action,
    serverSeq,
    origin: { clientId, clientSeq },
  });

  it("of another client with the same number are not ours", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.isSilent = true;
    let isAnswered = false;
    void scene.client.dispatch(terminalUri, titled("mine")).then(() => (isAnswered = true));
    scene.host.notify("action", echo(1, titled("theirs"), 1, "client-2"));
    scene.host.notify("action", { ...echo(2, titled("refused"), 1, "client-2"), rejectionReason: "No." });
    scene.host.notify("action", echo(3, printed("theirs"), 0, "client-2"));
    scene.host.notify("action", echo(4, printed("again"), 0, "client-2"));
    await settle();
    expect(isAnswered).toBe(false);
    expect(handle.state).toMatchObject({ title: "mine", content: [{ value: "theirsagain" }] });
    scene.host.notify("action", echo(5, titled("mine"), 1));
    await settle();
    expect(isAnswered).toBe(true);
  });

  it("count wherever in the queue their dispatch is", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.isSilent = true;
    const outcomes = ["a", "b", "c"].map((text) =>
      scene.client.dispatch(terminalUri, printed(text)).then(
        () => "done",
        () => "refused",
      ),
    );
    expect(handle.state?.content).toMatchObject([{ value: "abc" }]);
    scene.host.notify("action", echo(1, printed("c"), 3));
    await settle();
    expect(handle.state?.content).toMatchObject([{ value: "cab" }]);
    scene.host.notify("action", { ...echo(2, printed("b"), 2), rejectionReason: "No." });
    await settle();
    expect(handle.state?.content).toMatchObject([{ value: "ca" }]);
    scene.host.notify("action", echo(3, printed("a"), 1));
    expect(await Promise.all(outcomes)).toEqual(["done", "refused", "done"]);
    expect(handle.state?.content).toMatchObject([{ value: "ca" }]);
  });

  it("that never come are awaited no longer than half a minute", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.isSilent = true;
    scene.host.answers["ping"] = () => ({ result: null });
    const nothing = scene.client.dispatch(terminalUri, { type: "terminal/input", data: "x" });
    const claim = { ...handle.state!.claim };
    const same = scene.client.dispatch(terminalUri, { type: "terminal/claimed", claim });
    const visible = expect(scene.client.dispatch(terminalUri, titled("mine"))).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringMatching(/^farm /),
    });
    for (let i = 0; i < 4; i++) {
      await scene.clock.advance(8000);
      scene.host.notify("no/suchThing", {});
    }
    // An action that changes nothing to be seen is done as far as anybody can tell.
    await expect(nothing).resolves.toBeUndefined();
    await expect(same).resolves.toBeUndefined();
    await visible;
    expect(handle.state?.title).toBe("t");
  });

  it("may refuse under a number that was used", async () => {
    const { scene, handle } = await onTerminal();
    scene.host.act(terminalUri, printed("a"));
    await settle();
    scene.host.isSilent = true;
    const refused = expect(scene.client.dispatch(terminalUri, titled("mine"))).rejects.toMatchObject({
      message: "No.",
    });
    scene.host.notify("action", { ...echo(1, titled("mine"), 1), rejectionReason: "No." });
    await refused;
    expect(handle.state?.title).toBe("t");
    expect(scene.client.state.kind).toBe("live");
  });

  it("that come a second time are nothing new", async () => {
    const { scene, handle } = await onTerminal();
    await scene.client.dispatch(terminalUri, printed("once"));
    scene.host.notify("action", echo(1, printed("once"), 1));
    await settle();
    expect(handle.state?.content).toMatchObject([{ value: "once" }]);
    expect(scene.client.state.kind).toBe("live");
  });
});

describe("a turn that ends before its start is echoed", () => {
  const start = {
    type: "chat/turnStarted",
    turnId: "t1",
    startedAt: "2026-01-01T00:00:00Z",
    message: { text: "go", origin: { kind: "user" } },
  } as const;
  const end = { type: "chat/turnComplete", turnId: "t1", duration: 5 } as const;

  async function onStarted() {
    const scene = new ClientOnFakeHost();
    scene.host.put(chat, aChat());
    await scene.live();
    const handle = scene.client.subscribe("chat", chat);
    await handle.ready;
    scene.host.isSilent = true;
    const started = scene.client.dispatch(chat, start);
    await settle();
    scene.host.isSilent = false;
    return { scene, handle, started };
  }

  it("is in the history, and its start counts as taken", async () => {
    const { scene, handle, started } = await onStarted();
    expect(handle.state?.activeTurn?.id).toBe("t1");
    scene.host.notify("action", { channel: chat, action: end, serverSeq: 1 });
    await expect(started).resolves.toBeUndefined();
    expect(handle.state).toMatchObject({ turns: [{ id: "t1", state: "complete" }] });
    expect(handle.state?.activeTurn).toBeUndefined();
  });

  it("is read anew when the echo comes after all", async () => {
    const { scene, handle } = await onStarted();
    scene.host.notify("action", { channel: chat, action: end, serverSeq: 1 });
    const origin = { clientId: "client-1", clientSeq: 1 };
    scene.host.serverSeq = 2;
    scene.host.put(chat, aChat({ turns: [aTurn("t1")], title: "as the host has it" }));
    scene.host.notify("action", { channel: chat, action: start, serverSeq: 2, origin });
    await settle();
    expect(handle.state).toEqual(scene.host.state(chat));
  });

  it("is not mistaken for a turn of somebody else", async () => {
    const { scene, handle } = await onStarted();
    scene.host.notify("action", { channel: chat, action: { ...end, turnId: "t2" }, serverSeq: 1 });
    await settle();
    expect(handle.state?.activeTurn?.id).toBe("t1");
    expect(handle.state?.turns).toEqual([]);
  });
});
