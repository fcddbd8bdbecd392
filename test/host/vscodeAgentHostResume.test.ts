import { afterEach, beforeEach, expect, it } from "vitest";
import type { AhpClient } from "../../src/client/ahpClient.ts";
import type { ChannelChange, SessionsChange } from "../../src/client/client.ts";
import type { SessionState } from "../../src/protocol/sessionState.ts";
import { annotationsUri, ROOT_URI } from "../../src/protocol/uris.ts";
import { Cable } from "../support/cable.ts";
import {
  callsOf,
  describeAgentHost,
  failTurn,
  fasterClock,
  flood,
  follow,
  newSession,
  type Scene,
  type Session,
  until,
  untilConnection,
  untilState,
} from "./vscodeAgentHostFixture.ts";

const titled = (title: string) => ({ type: "session/titleChanged" as const, title });

/** A client behind a cable that follows a session of somebody else's. */
interface Follower {
  readonly cable: Cable;
  readonly client: AhpClient;
  readonly session: Session;
  /** What its handle on the session has told. */
  readonly changes: ChannelChange<SessionState>[];
  /** The methods that it has called. */
  readonly calls: string[];
}

async function aFollower(scene: Scene): Promise<Follower> {
  const own = await newSession(scene);
  await failTurn(scene.client, own, "t1", "Be listed");
  const cable = await Cable.to(scene.fixture.host.port);
  const calls: string[] = [];
  const client = await scene.fixture.connected({ port: cable.port, tap: callsOf(calls) });
  const session = await follow(client, own.uri);
  const changes: ChannelChange<SessionState>[] = [];
  session.session.onDidChange((change) => changes.push(change));
  await until(client.sessions.onDidChange, () => client.sessions.all.has(own.uri));
  return { cable, client, session, changes, calls };
}

async function unplug({ cable, client, changes, calls }: Follower): Promise<void> {
  cable.unplug();
  await until(client.onDidChangeState, () => client.state.kind !== "live");
  changes.length = 0;
  calls.length = 0;
}

/** Back in step, and with the host's list of sessions. */
async function plug({ cable, client }: Follower): Promise<void> {
  cable.plug();
  client.connect();
  await untilConnection(client, "live");
  await until(client.sessions.onDidChange, () => client.sessions.isCurrent);
}

describeAgentHost("Resuming", (scene) => {
  let follower: Follower;
  beforeEach(async () => {
    follower = await aFollower(scene);
  });
  afterEach(async () => {
    follower.client.dispose();
    await follower.cable.dispose();
  });

  it("comes as a replay of what was missed, and new sessions with the list", async () => {
    const { client, session, changes, calls } = follower;
    await unplug(follower);
    expect(session.session.status).toBe("stale");
    await expect(client.dispatch(session.uri, titled("Unheard"))).rejects.toMatchObject({ code: "host.disconnected" });
    for (const title of ["One", "Two", "Three"]) await scene.client.dispatch(session.uri, titled(title));
    await scene.client.dispatch(session.chat.uri, { type: "chat/draftChanged" });
    const unseen = await newSession(scene);
    await failTurn(scene.client, unseen, "t1", "Made meanwhile");
    await plug(follower);
    expect(session.session).toMatchObject({ status: "live", state: { title: "Three" } });
    expect(changes.every(({ applied }) => applied !== undefined)).toBe(true);
    expect(changes.flatMap(({ applied }) => applied ?? []).map((action) => action.type)).toContain(
      "session/titleChanged",
    );
    expect(calls).toContain("reconnect");
    expect(calls).not.toContain("initialize");
    expect(calls).not.toContain("subscribe");
    expect(client.sessions.all.get(unseen.uri)).toMatchObject({ title: "Made meanwhile" });
  });

  it("comes as snapshots when more was missed than the host keeps", async () => {
    const { session, changes, calls } = follower;
    await unplug(follower);
    await flood(scene.client, session.uri);
    await plug(follower);
    expect(session.session.state?.title).toBe("Title 1199");
    expect(changes.some(({ applied }) => applied === undefined)).toBe(true);
    expect(calls).toContain("reconnect");
    expect(calls).not.toContain("initialize");
    const fresh = (await scene.fixture.connected()).subscribe("session", session.uri);
    expect(session.session.state).toEqual(await fresh.ready);
    // It goes on from there.
    await scene.client.dispatch(session.uri, titled("Onwards"));
    await untilState(session.session, ({ title }) => title === "Onwards");
  });

  it.each([
    ["in a replay", false],
    ["among snapshots", true],
  ])("names the channels that are gone, %s", async (_how, isLong) => {
    const { client, session } = follower;
    const other = await newSession(scene);
    await failTurn(scene.client, other, "t1");
    const gone = await follow(client, other.uri);
    await unplug(follower);
    await scene.client.request("disposeSession", { channel: other.uri });
    if (isLong) await flood(scene.client, session.uri);
    await plug(follower);
    await until(gone.chat.onDidChange, () => gone.session.status === "failed" && gone.chat.status === "failed");
    expect(gone.session.error).toMatchObject({ code: "notFound" });
    expect(client.sessions.all.has(other.uri)).toBe(false);
    expect(session.session.status).toBe("live");
  });

  it("says what became of the actions that were on the way", async () => {
    const { cable, client, session } = follower;
    const outcomes = Array.from({ length: 20 }, (_, index) =>
      client.dispatch(session.uri, titled(`On the way ${index}`)).then(
        () => "done",
        (error: unknown) => error,
      ),
    );
    cable.cut();
    for (const outcome of await Promise.all(outcomes)) {
      expect(["done", "host.disconnected"]).toContain(
        outcome === "done" ? outcome : Reflect.get(Object(outcome), "code"),
      );
    }
    client.connect();
    await untilConnection(client, "live");
    await client.request("ping", { channel: ROOT_URI });
    const { title } = await (await scene.fixture.connected()).subscribe("session", session.uri).ready;
    await untilState(session.session, (state) => state.title === title);
  });

  it("lets go of a channel that nobody looks at any more", async () => {
    const { fixture } = scene;
    const { uri } = follower.session;
    const heard: string[] = [];
    const unsubscribed = Promise.withResolvers<void>();
    const tap = (frame: string, from: "client" | "host") => {
      if (from === "host" && frame.includes(`"channel":"${uri}"`)) heard.push(frame);
      if (from === "client" && frame.includes('"method":"unsubscribe"') && frame.includes(uri)) unsubscribed.resolve();
      return frame;
    };
    const hurried = await fixture.connected({ clock: fasterClock(20), tap });
    const handle = hurried.subscribe("session", uri);
    await handle.ready;
    await scene.client.dispatch(uri, titled("Heard"));
    await untilState(handle, ({ title }) => title === "Heard");
    handle.dispose();
    await unsubscribed.promise;
    await hurried.request("ping", { channel: ROOT_URI });
    heard.length = 0;
    await scene.client.dispatch(uri, titled("Unheard"));
    await hurried.request("ping", { channel: ROOT_URI });
    expect(heard.filter((frame) => frame.includes('"method":"action"'))).toEqual([]);
    await until(hurried.sessions.onDidChange, () => hurried.sessions.all.get(uri)?.title === "Unheard");
  });
});

describeAgentHost("A restart", (scene) => {
  it("numbers anew and forgets its clients; they end in what it has then, and follow it", async () => {
    const { client, fixture } = scene;
    const all = await newSession(scene);
    await failTurn(client, all, "t1", "Survive");
    const annotations = client.subscribe("annotations", annotationsUri(all.uri));
    await annotations.ready;
    const entries = [{ id: "e1", text: "Still here?" }];
    const annotation = { id: "a1", origin: { session: all.uri }, resource: scene.folder, resolved: false, entries };
    await client.dispatch(annotations.uri, { type: "annotations/set", annotation });
    const terminalUri = `agenthost-terminal:/${crypto.randomUUID()}`;
    const claim = { kind: "client" as const, clientId: client.clientId };
    await client.request("createTerminal", { channel: terminalUri, claim });
    const terminal = client.subscribe("terminal", terminalUri);
    await terminal.ready;
    // Far above where the numbers begin again.
    for (let index = 0; index < 100; index++) await client.dispatch(all.uri, titled(`Title ${index}`));
    await until(client.sessions.onDidChange, () => client.sessions.all.get(all.uri)?.title === "Title 99");
    const told: SessionsChange[] = [];
    client.sessions.onDidChange((change) => told.push(change));

    await fixture.host.restart();
    client.connect();
    await untilConnection(client, "live");
    await until(client.sessions.onDidChange, () => client.sessions.isCurrent);
    for (const { session, chat } of [all]) {
      await until(session.onDidChange, () => session.status === "live");
      await until(chat.onDidChange, () => chat.status === "live");
      expect(session.state).toMatchObject({ title: "Title 99", lifecycle: "ready" });
      // A turn that never reached an agent is not kept.
      expect(chat.state?.turns).toEqual([]);
    }
    await until(annotations.onDidChange, () => annotations.status === "live");
    expect(annotations.state?.annotations).toEqual([annotation]);
    await until(terminal.onDidChange, () => terminal.status === "failed");
    expect(terminal.error).toMatchObject({ code: "notFound" });
    expect(client.root.state?.terminals ?? []).toEqual([]);
    expect(client.sessions.all.get(all.uri)).toMatchObject({ title: "Title 99" });
    expect(told.flatMap(({ removed }) => removed)).toEqual([]);

    const other = await fixture.connected();
    await follow(other, all.uri);
    await other.dispatch(all.uri, titled("After the restart"));
    await untilState(all.session, ({ title }) => title === "After the restart");
    await client.dispatch(all.uri, titled("Mine again"));
    expect(all.session.state?.title).toBe("Mine again");
    await until(client.sessions.onDidChange, () => client.sessions.all.get(all.uri)?.title === "Mine again");
  });

  it("is told while the host is away, and ends by itself", async () => {
    const { client, fixture } = scene;
    await untilConnection(client, "live");
    await fixture.host.stop();
    const { error } = await untilConnection(client, "waiting");
    expect(["host.disconnected", "host.unreachable"]).toContain(error.code);
    expect(client.root.status).toBe("stale");
    expect(client.sessions.isCurrent).toBe(false);
    await fixture.host.restart();
    await untilConnection(client, "live");
    await until(client.root.onDidChange, () => client.root.status === "live");
  });
});
