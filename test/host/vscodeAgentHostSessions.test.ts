import { expect, it } from "vitest";
import type { AhpClient } from "../../src/client/ahpClient.ts";
import { isArchived, isFailed, isRead, STATUS } from "../../src/protocol/status.ts";
import { chatUri, ROOT_URI } from "../../src/protocol/uris.ts";
import {
  aMessage,
  describeAgentHost,
  failTurn,
  follow,
  newSession,
  newSessionUri,
  provider,
  startTurn,
  until,
  untilState,
} from "./vscodeAgentHostFixture.ts";

const noAccount = {
  kind: "error",
  error: { errorType: "query", message: expect.stringContaining("No GitHub OAuth token") },
  resumable: true,
};

function untilListed(client: AhpClient, uri: string): Promise<void> {
  return until(client.sessions.onDidChange, () => client.sessions.all.has(uri));
}

describeAgentHost("Sessions", (scene) => {
  it("tells the configuration of a session to be, anew for every choice", async () => {
    const { client, fixture, folder } = scene;
    const ask = { channel: ROOT_URI, provider, workingDirectory: folder };
    const first = await client.request("resolveSessionConfig", ask);
    expect(first.schema.properties["isolation"]).toMatchObject({ enum: ["folder", "worktree"], sessionMutable: false });
    expect(first.schema.properties["branch"]).toMatchObject({ enumDynamic: true });
    expect(first.values).toMatchObject({ isolation: "worktree", branch: "main", mode: "interactive" });
    const chosen = await client.request("resolveSessionConfig", { ...ask, config: { isolation: "folder" } });
    expect(chosen.values).toMatchObject({ isolation: "folder" });
    const plain = await client.request("resolveSessionConfig", { ...ask, workingDirectory: fixture.uri() });
    expect(plain.values["isolation"]).not.toBe("worktree");
    const branches = { ...ask, property: "branch", query: "" };
    const { items } = await client.request("sessionConfigCompletions", branches);
    expect(items).toEqual([{ value: "main", label: "main" }]);
  });

  it("exists at once, with its chat, and is listed from its first turn on", async () => {
    const { client, folder } = scene;
    const { uri, session, chat } = await newSession(scene);
    expect(session.state).toMatchObject({
      provider,
      lifecycle: "creating",
      defaultChat: chatUri(uri),
      workingDirectories: [folder],
      config: { values: { isolation: "folder" } },
    });
    expect(session.state?.chats.map(({ resource }) => resource)).toEqual([chat.uri]);
    expect(chat.state).toMatchObject({ turns: [], status: STATUS.idle });
    await client.sessions.refresh();
    expect(client.sessions.all.has(uri)).toBe(false);

    await failTurn(client, { uri, session, chat }, "t1", "Add a greeting");
    await untilListed(client, uri);
    await untilState(session, ({ lifecycle }) => lifecycle === "ready");
    await until(client.sessions.onDidChange, () => isFailed(client.sessions.all.get(uri)?.status ?? 0));
    expect(client.sessions.all.get(uri)).toMatchObject({ title: "Add a greeting", provider });
    await client.sessions.refresh();
    expect(client.sessions.all.get(uri)).toMatchObject({ project: { uri: folder }, workingDirectories: [folder] });
  });

  it("says inside the turn that an account is missing, in a part that can be resumed", async () => {
    const { client } = scene;
    const { session, chat, uri } = await newSession(scene);
    await failTurn(client, { session, chat, uri }, "t1");
    expect(chat.state?.turns).toMatchObject([{ id: "t1", state: "error", message: { text: "Fix it" } }]);
    expect(chat.state?.turns[0]?.responseParts).toEqual([noAccount]);
    // The session's own status is the snapshot's: its chats and the list tell what they do.
    await untilState(session, ({ chats }) => isFailed(chats[0]?.status ?? 0));

    await client.dispatch(chat.uri, { type: "chat/turnResume", turnId: "t1" });
    const resumed = await untilState(chat, ({ activeTurn }) => activeTurn !== undefined);
    expect(resumed).toMatchObject({ turns: [], activeTurn: { id: "t1", responseParts: [noAccount] } });
    // Without an account the host says nothing more of it. The duration is the host's own.
    await client.dispatch(chat.uri, { type: "chat/turnCancelled", turnId: "t1", duration: 123_456 });
    const [turn] = (await untilState(chat, ({ activeTurn }) => activeTurn === undefined)).turns;
    expect(turn).toMatchObject({ id: "t1", state: "cancelled" });
    expect(turn?.duration).not.toBe(123_456);
  });

  it("takes a second createSession for the first until there is a turn, with its config", async () => {
    const { client, folder } = scene;
    const { uri } = await newSession(scene);
    const again = { channel: uri, provider, workingDirectories: [folder], config: { isolation: "worktree" } };
    await expect(client.request("createSession", again)).resolves.toBeNull();
    const other = await scene.fixture.connected();
    const { session } = await follow(other, uri);
    expect(session.state?.config?.values).toMatchObject({ isolation: "worktree" });
  });

  it("works in a worktree of its own when it is told to", async () => {
    const { client, folder } = scene;
    const { uri, session, chat } = await newSession(scene, { isolation: "worktree" });
    const activities: (string | undefined)[] = [];
    chat.onDidChange(({ state }) => activities.push(state?.activity));
    await failTurn(client, { uri, session, chat }, "t1", "Say hello");
    expect(activities).toContainEqual(expect.stringContaining("Creating isolated worktree"));
    expect(chat.state?.turns[0]?.responseParts).toMatchObject([{ kind: "markdown" }, { kind: "error" }]);
    const { workingDirectories } = await untilState(
      session,
      (state) => state.workingDirectories?.includes(folder) === false,
    );
    expect(workingDirectories).toEqual([expect.stringContaining(`${folder}.worktrees/`)]);
    await untilListed(client, uri);
    await until(client.sessions.onDidChange, () => client.sessions.all.get(uri)?._meta?.["git"] !== undefined);
    expect(client.sessions.all.get(uri)?._meta?.["git"]).toMatchObject({ branchName: "agents/say-hello" });
  });

  it("takes the standard's own form of a session's URI too", async () => {
    const { client, folder } = scene;
    const uri = `ahp-session:/${crypto.randomUUID()}`;
    await client.request("createSession", { channel: uri, provider, workingDirectories: [folder] });
    const { session } = await follow(client, uri);
    expect(session.state).toMatchObject({ provider, defaultChat: chatUri(uri) });
  });

  it("has further chats, of their own, forked and aside", async () => {
    const { client } = scene;
    const main = await newSession(scene);
    await failTurn(client, main, "t1", "Fork me");
    const source = { chat: main.chat.uri, turnId: "t1" };
    const [second, fork, aside] = ["second", "fork", "aside"].map((id) => chatUri(main.uri, id));
    const create = (chat: string, kind?: "fork" | "sideChat") =>
      client.request("createChat", { channel: main.uri, chat, ...(kind && { source: { kind, ...source } }) });
    await create(second!);
    await create(fork!, "fork");
    await create(aside!, "sideChat");
    const { chats } = await untilState(main.session, (state) => state.chats.length === 4);
    expect(chats.map(({ resource, origin }) => [resource, origin?.kind])).toEqual([
      [main.chat.uri, "user"],
      [second, "user"],
      [fork, "fork"],
      [aside, "sideChat"],
    ]);
    const forked = await client.subscribe("chat", fork!).ready;
    expect(forked).toMatchObject({ title: "Forked: Fork me", turns: [{ message: { text: "Fork me" } }] });
    await client.request("disposeChat", { channel: aside! });
    await untilState(main.session, (state) => state.chats.length === 3);
    await expect(create(`ahp-chat:/${crypto.randomUUID()}`)).rejects.toMatchObject({
      message: expect.stringMatching(/^Malformed AHP chat URI: ahp-chat:\S+$/),
    });
  });

  it("completes what is typed", async () => {
    const { client } = scene;
    const all = await newSession(scene);
    await failTurn(client, all, "t1");
    const typed = { channel: all.chat.uri, kind: "userMessage", text: "/", offset: 1 };
    const { items } = await client.request("completions", typed);
    expect(items).toContainEqual(expect.objectContaining({ insertText: "/rename ", rangeStart: 0, rangeEnd: 1 }));
  });

  it("is gone for everybody when it is disposed", async () => {
    const { client, fixture } = scene;
    const other = await fixture.connected();
    const all = await newSession(scene);
    await failTurn(client, all, "t1");
    await untilListed(other, all.uri);
    await client.request("disposeSession", { channel: all.uri });
    await until(other.sessions.onDidChange, () => !other.sessions.all.has(all.uri));
    await expect(other.subscribe("session", all.uri).ready).rejects.toMatchObject({ code: "notFound" });
    await expect(client.request("disposeSession", { channel: newSessionUri() })).resolves.toBeNull();
  });

  it("is the same for two clients", async () => {
    const { client, fixture } = scene;
    const other = await fixture.connected();
    const mine = await newSession(scene);
    const theirs = await follow(other, mine.uri);
    await failTurn(client, mine, "t1");
    await untilState(theirs.chat, ({ turns }) => turns.length === 1);

    await client.dispatch(mine.uri, { type: "session/titleChanged", title: "Ours" });
    await other.dispatch(mine.uri, { type: "session/isReadChanged", isRead: true });
    await client.dispatch(mine.uri, { type: "session/isArchivedChanged", isArchived: true });
    await other.dispatch(mine.uri, { type: "session/configChanged", config: { mode: "plan" } });
    await client.dispatch(mine.chat.uri, { type: "chat/draftChanged", draft: aMessage("half a thou") });
    const isTold = ({ title, status }: { title: string; status: number }) =>
      title === "Ours" && isRead(status) && isArchived(status);
    for (const seat of [client, other]) {
      await until(seat.sessions.onDidChange, () => isTold(seat.sessions.all.get(mine.uri)!));
    }
    for (const { session } of [mine, theirs]) {
      expect(isTold(await untilState(session, ({ config }) => config?.values["mode"] === "plan"))).toBe(true);
    }
    await untilState(theirs.chat, ({ draft }) => draft?.text === "half a thou");
    await other.dispatch(mine.chat.uri, { type: "chat/draftChanged" });
    await untilState(mine.chat, ({ draft }) => draft === undefined);

    await other.dispatch(mine.chat.uri, startTurn("t2", "Again"));
    await untilState(mine.chat, ({ turns }) => turns.length === 2);
    await untilState(theirs.chat, ({ turns }) => turns.length === 2);
    expect(theirs.chat.state).toEqual(mine.chat.state);
    // What happened by several hands while the first one waited ends in the same order on both sides.
    const titles = Array.from({ length: 40 }, (_, index) => `Title ${index}`);
    await Promise.all(
      titles.map((title, index) =>
        (index % 2 ? client : other).dispatch(mine.uri, { type: "session/titleChanged", title }),
      ),
    );
    await Promise.all([client, other].map((seat) => seat.request("ping", { channel: ROOT_URI })));
    expect(theirs.session.state).toEqual(mine.session.state);
  });
});
