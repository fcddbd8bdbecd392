import { expect, it } from "vitest";
import type { StateAction } from "../../src/protocol/actions.ts";
import { annotationsUri, ROOT_URI } from "../../src/protocol/uris.ts";
import {
  aMessage,
  describeAgentHost,
  failTurn,
  fasterClock,
  follow,
  newSession,
  newSessionUri,
  untilState,
} from "./vscodeAgentHostFixture.ts";

/** As a peer of a later version would write it. */
const unknownAction = (type: string): StateAction => ({ type, note: 1 }) as object as StateAction;

describeAgentHost("Actions", (scene) => {
  it("shows an action before the host has it, and keeps it as the host echoes it", async () => {
    const { client } = scene;
    const { uri, session } = await newSession(scene);
    const echoed = client.dispatch(uri, { type: "session/titleChanged", title: "Mine" });
    expect(session.state?.title).toBe("Mine");
    await echoed;
    expect(session.state?.title).toBe("Mine");
    await expect((await scene.fixture.connected()).subscribe("session", uri).ready).resolves.toMatchObject({
      title: "Mine",
    });
  });

  it("takes back what the host rejects, and tells its reason", async () => {
    const { client } = scene;
    const all = await newSession(scene);
    await failTurn(client, all, "t1");
    await failTurn(client, all, "t2");
    const before = all.chat.state;
    const directory = client.dispatch(all.chat.uri, { type: "chat/workingDirectorySet", directory: "file:///tmp" });
    expect(all.chat.state?.workingDirectories).toEqual(["file:///tmp"]);
    await expect(directory).rejects.toMatchObject({
      code: "request.rejected",
      message: "Unsupported action: chat/workingDirectorySet",
    });
    expect(all.chat.state).toEqual(before);
    await expect(client.dispatch(all.chat.uri, { type: "chat/turnResume", turnId: "t1" })).rejects.toMatchObject({
      message: "The requested turn is not the latest resumable errored turn.",
    });
    expect(all.chat.state).toEqual(before);
  });

  it("starts a queued message at once when nothing has run, under an id of its own, and none after an error", async () => {
    const { client } = scene;
    const { chat } = await newSession(scene);
    const queue = (id: string, text: string) =>
      client.dispatch(chat.uri, { type: "chat/pendingMessageSet", kind: "queued", id, message: aMessage(text) });
    await queue("q1", "Begin");
    const { turns, queuedMessages } = await untilState(chat, (state) => state.turns.length === 1);
    expect(turns).toMatchObject([{ message: { text: "Begin" }, state: "error" }]);
    expect(turns[0]?.id).not.toBe("q1");
    expect(queuedMessages).toBeUndefined();
    await queue("q2", "Go on");
    await client.request("ping", { channel: ROOT_URI });
    expect(chat.state).toMatchObject({ turns: [{}], queuedMessages: [{ id: "q2" }] });
  });

  it("keeps messages in their order while a turn is open, and forgets those that are taken back", async () => {
    const { client, fixture } = scene;
    const all = await newSession(scene);
    await failTurn(client, all, "t1");
    await client.dispatch(all.chat.uri, { type: "chat/turnResume", turnId: "t1" });
    const put = (kind: "queued" | "steering", id: string, text: string) =>
      client.dispatch(all.chat.uri, { type: "chat/pendingMessageSet", kind, id, message: aMessage(text) });
    await put("queued", "q1", "one");
    await put("queued", "q2", "two");
    await put("queued", "q1", "one, better");
    await client.dispatch(all.chat.uri, { type: "chat/queuedMessagesReordered", order: ["q2", "q1"] });
    await client.dispatch(all.chat.uri, { type: "chat/pendingMessageRemoved", kind: "queued", id: "q0" });
    const other = await follow(await fixture.connected(), all.uri);
    expect(all.chat.state?.queuedMessages?.map(({ id, message }) => [id, message.text])).toEqual([
      ["q2", "two"],
      ["q1", "one, better"],
    ]);
    expect(other.chat.state?.queuedMessages).toEqual(all.chat.state?.queuedMessages);
    for (const id of ["q1", "q2"]) {
      await client.dispatch(all.chat.uri, { type: "chat/pendingMessageRemoved", kind: "queued", id });
    }
    await put("steering", "s1", "Not that way");
    await client.dispatch(all.chat.uri, { type: "chat/turnCancelled", turnId: "t1", duration: 0 });
    // A cancelled turn takes the steering message with it.
    for (const { chat } of [all, other]) {
      await untilState(chat, ({ activeTurn, steeringMessage }) => !activeTurn && steeringMessage === undefined);
      expect(chat.state).toMatchObject({ turns: [{ id: "t1", state: "cancelled" }] });
      expect(chat.state?.queuedMessages).toBeUndefined();
    }
  });

  it("plays back what only a host may send, and what nobody knows", async () => {
    const { client } = scene;
    const all = await newSession(scene);
    await failTurn(client, all, "t1");
    const before = all.chat.state;
    const spoofed = { type: "chat/delta", turnId: "t1", partId: "p", content: "spoofed" } as const;
    await client.dispatch(all.chat.uri, spoofed);
    expect(all.chat.state).toEqual(before);
    await client.dispatch(all.uri, unknownAction("session/ofTheFuture"));
    await client.dispatch(all.uri, { type: "session/configChanged", config: { "muster.unknown": 1 } });
    expect(all.session.state?.config?.values).toMatchObject({ "muster.unknown": 1 });
  });

  it("says nothing of what changes nothing and of what it ignores; neither waits for ever, neither stays shown", async () => {
    const hurried = await scene.fixture.connected({ clock: fasterClock(20) });
    const { uri } = await newSession(scene);
    const { session } = await follow(hurried, uri);
    const telemetry = { type: "root/configChanged", config: { telemetryLevel: "off" } } as const;
    await hurried.dispatch(ROOT_URI, telemetry);
    const unanswered = Promise.all([
      hurried.dispatch(ROOT_URI, telemetry),
      hurried.dispatch(newSessionUri(), { type: "session/titleChanged", title: "Of nobody" }),
      hurried.dispatch(uri, unknownAction("x-fleet/ofOurs")),
    ]);
    const noAgents = hurried.dispatch(ROOT_URI, { type: "root/agentsChanged", agents: [] });
    expect(hurried.root.state?.agents).toEqual([]);
    await expect(noAgents).rejects.toMatchObject({ code: "timeout" });
    expect(hurried.root.state?.agents).toHaveLength(1);
    await unanswered;
    expect(hurried.root.state?.config?.values["telemetryLevel"]).toBe("off");
    expect(session.state?.title).toBe("");
  });

  it("lists the clients that take part, until they leave", async () => {
    const { client } = scene;
    const { uri, session } = await newSession(scene);
    const tools = [{ name: "lookAround", description: "Looks around", inputSchema: { type: "object" } }];
    const activeClient = { clientId: client.clientId, displayName: "Muster", tools };
    await client.dispatch(uri, { type: "session/activeClientSet", activeClient });
    expect(session.state?.activeClients).toEqual([activeClient]);
    await client.dispatch(uri, { type: "session/activeClientRemoved", clientId: client.clientId });
    expect(session.state?.activeClients).toEqual([]);
  });

  it("keeps annotations with their threads for everybody", async () => {
    const { client, fixture, folder } = scene;
    const { uri } = await newSession(scene);
    const mine = client.subscribe("annotations", annotationsUri(uri));
    expect(await mine.ready).toEqual({ annotations: [] });
    const other = (await fixture.connected()).subscribe("annotations", mine.uri);
    await other.ready;
    const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 3 } };
    const entries = [{ id: "e1", text: "Why?" }];
    const annotation = {
      id: "a1",
      origin: { session: uri },
      resource: `${folder}/a.txt`,
      range,
      resolved: false,
      entries,
    };
    await client.dispatch(mine.uri, { type: "annotations/set", annotation });
    await client.dispatch(mine.uri, {
      type: "annotations/entrySet",
      annotationId: "a1",
      entry: { id: "e2", text: "So." },
    });
    await client.dispatch(mine.uri, { type: "annotations/updated", annotationId: "a1", resolved: true });
    await untilState(other, ({ annotations }) => annotations[0]?.resolved === true);
    expect(other.state).toEqual(mine.state);
    expect(other.state?.annotations[0]?.entries.map(({ text }) => text)).toEqual(["Why?", "So."]);
    await client.dispatch(mine.uri, { type: "annotations/removed", annotationId: "a1" });
    await untilState(other, ({ annotations }) => annotations.length === 0);
  });
});
