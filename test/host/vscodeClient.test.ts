import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chatUri, ROOT_URI } from "../../src/protocol/uris.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import {
  createSession,
  failureOf,
  finished,
  hostConfig,
  prompt,
  type Refs,
  refs,
  remoteRepository,
  watch,
} from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

// What VS Code 1.139's own client was seen to send; test/workbench/vscodeLooksAtMuster.wbtest.ts has the real one.
const vscode = { name: "vscode-editor-window", title: "VS Code" };
const versions = ["0.9.0", "0.7.0", "0.6.0", "0.5.2", "0.5.1"];

async function connectAsVsCode(host: HostProcess, clientId: string): Promise<WireClient> {
  const client = await WireClient.open(host.url, host.token, clientId);
  await client.request("initialize", {
    channel: ROOT_URI,
    protocolVersions: versions,
    clientId,
    clientInfo: vscode,
    initialSubscriptions: [ROOT_URI],
  });
  return client;
}

/** The channels of a session under VS Code's name for it. */
function vscodeRefs(id: string): Refs {
  const session = `sample:/${id}`;
  return { ...refs(id), session, chat: chatUri(session), changes: `${session}/changeset/branch` };
}

describe("VS Code's client", () => {
  let repository: Awaited<ReturnType<typeof remoteRepository>>;
  let directory: HostDirectory;
  let host: HostProcess;
  let ours: WireClient;
  let theirs: WireClient;

  beforeAll(async () => {
    repository = await remoteRepository();
    directory = new HostDirectory(hostConfig(repository.directory));
    host = await directory.start();
    ours = await WireClient.connect(host.url, host.token, "ours");
    theirs = await connectAsVsCode(host, "vscode-1");
  });

  afterAll(async () => {
    ours?.close();
    theirs?.close();
    await host?.stop();
    directory?.remove();
    repository?.remove();
  });

  const rows = async (client: WireClient) =>
    ((await client.request("listSessions", { channel: ROOT_URI })) as { items: { resource: string }[] }).items;

  it("begins its picker of folders at the known repositories", async () => {
    const greeted = await WireClient.open(host.url, host.token, "vscode-2");
    const result = await greeted.request("initialize", {
      channel: ROOT_URI,
      protocolVersions: versions,
      clientId: "vscode-2",
      clientInfo: vscode,
    });
    expect(result).toMatchObject({ protocolVersion: "0.9.0", defaultDirectory: "file:///repositories" });
    greeted.close();
  });

  it("finds an agent's own choice where the agent names no models", async () => {
    const { snapshot } = await theirs.request("subscribe", { channel: ROOT_URI });
    const { agents } = (snapshot as { state: { agents: { models: unknown[] }[] } }).state;
    expect(agents[0]).toMatchObject({ provider: "sample", models: [{ name: "Agent's default" }] });
  });

  it("sees a session of ours under its agent's name, in the list, live and in its changes", async () => {
    const id = "aaaaaaaa-theirs-0001";
    const own = await createSession(ours, id, "sample", repository.remote);
    const all = vscodeRefs(id);
    expect((await rows(theirs)).map((row) => row.resource)).toEqual([all.session]);
    expect((await rows(ours)).map((row) => row.resource)).toEqual([own.session]);
    await watch(theirs, all);
    prompt(theirs, all, "t1", "Finish the layout notes");
    await finished(ours, own, "t1");
    await theirs.until(() => theirs.state("chat", all.chat).turns.length === 1);
    expect(theirs.state("session", all.session)).toMatchObject({
      title: "Finish the layout notes",
      defaultChat: all.chat,
      chats: [{ resource: all.chat, title: "Finish the layout notes" }],
      workingDirectories: [pathToFileURL(repository.remote).href],
    });
    const file = theirs.state("changeset", all.changes).files.find((one) => one.id === "CONTRIBUTING.md");
    const uri = file?.edit.after?.content.uri ?? "";
    expect(uri).toMatch(/^x-fleet-blob:\/CONTRIBUTING\.md\?/);
    const read = (params: object) => theirs.request("resourceRead", { channel: ROOT_URI, ...params });
    expect(await read({ uri, encoding: "utf-8" })).toMatchObject({ data: expect.stringContaining("# Contributing") });
    const after = file?.edit.after?.uri ?? "";
    expect(await read({ uri: after })).toMatchObject({ data: expect.stringContaining("# Contributing") });
    expect(await theirs.request("resourceResolve", { channel: ROOT_URI, uri: after })).toMatchObject({ type: "file" });
    expect(
      await theirs.refusal("resourceWrite", { channel: ROOT_URI, uri: after, data: "", encoding: "utf-8" }),
    ).toMatchObject({ code: -32009, message: expect.stringContaining("Ask it") });
    expect(await theirs.refusal("resourceRead", { uri: uri.replace("CONTRIBUTING", "package") })).toMatchObject({
      code: -32008,
    });
  });

  it("renames on the channel of the chat, and the chat has the session's title", async () => {
    const all = vscodeRefs("aaaaaaaa-theirs-0001");
    theirs.dispatch(all.chat, { type: "session/titleChanged", title: "Renamed" });
    await theirs.until(() => theirs.state("session", all.session).chats[0]?.title === "Renamed");
    expect(theirs.state("session", all.session).title).toBe("Renamed");
  });

  it("pushes its settings, which are neither stored nor answered", async () => {
    const seen = theirs.envelopes.length;
    const action = { type: "root/configChanged" as const, config: { telemetryLevel: "off" } };
    theirs.notify("dispatchAction", { channel: ROOT_URI, clientSeq: 0, action });
    await theirs.request("ping", {});
    expect(theirs.envelopes).toHaveLength(seen);
  });

  it("makes the default chat, which is there", async () => {
    const all = vscodeRefs("aaaaaaaa-theirs-0001");
    await theirs.request("createChat", { channel: all.session, chat: all.chat });
    expect(await theirs.refusal("createChat", { channel: all.session, chat: "ahp-chat:/other" })).toMatchObject({
      code: -32009,
    });
  });

  it("puts a session with a history into the archive before it is gone", async () => {
    const all = vscodeRefs("aaaaaaaa-theirs-0001");
    await theirs.request("disposeSession", { channel: all.session });
    expect(await rows(theirs)).toMatchObject([{ resource: all.session, status: expect.toSatisfy(isArchivedStatus) }]);
    await theirs.request("disposeSession", { channel: all.session });
    expect(await rows(ours)).toEqual([]);
    expect(theirs.notifications.at(-1)).toMatchObject({
      method: "root/sessionRemoved",
      params: { session: all.session },
    });
  });

  describe("before the first message", () => {
    const all = vscodeRefs("bbbbbbbb-theirs-0002");
    const create = (channel: string, more: object = {}) =>
      theirs.request("createSession", { channel, provider: "sample", config: { isolation: "folder" }, ...more });

    it("gets a session that nobody else sees", async () => {
      await create(all.session);
      const state = await theirs.subscribe("session", all.session);
      expect(state).toMatchObject({
        lifecycle: "ready",
        title: "New agent",
        config: { values: { isolation: "folder" } },
      });
      await theirs.subscribe("chat", all.chat);
      expect(await rows(theirs)).toEqual([]);
      expect(await theirs.refusal("createSession", { channel: all.session, provider: "sample" })).toMatchObject({
        code: -32003,
      });
    });

    it("may leave one behind, or throw it away", async () => {
      const other = vscodeRefs("cccccccc-theirs-0003");
      await create(other.session);
      await theirs.request("disposeSession", { channel: other.session });
      expect(await theirs.refusal("subscribe", { channel: other.session })).toMatchObject({ code: -32001 });
      expect(await theirs.refusal("disposeSession", { channel: other.session })).toMatchObject({ code: -32001 });
    });

    it("is told in the turn what is missing, and goes on when it is there", async () => {
      prompt(theirs, all, "t1", "Finish the layout notes");
      await theirs.until(() => theirs.state("chat", all.chat).turns.length === 1);
      const [turn] = theirs.state("chat", all.chat).turns;
      expect(failureOf(turn as never)).toMatchObject({ errorType: "repository.invalid", resumable: true });
      expect(await rows(theirs)).toEqual([]);

      const config = { repository: repository.remote, baseBranch: "" };
      await theirs.dispatched(all.session, { type: "session/configChanged", config });
      theirs.dispatch(all.chat, { type: "chat/turnResume", turnId: "t1" });
      await theirs.until(() => theirs.state("chat", all.chat).turns.at(-1)?.state === "complete");
      expect(await rows(ours)).toMatchObject([{ resource: all.session, title: "Finish the layout notes" }]);
      const added = ours.notifications.filter(({ method }) => method === "root/sessionAdded").at(-1);
      expect(added).toMatchObject({ params: { summary: { resource: all.session } } });
    });

    it("cannot change the configuration afterwards", async () => {
      const { rejectionReason } = await theirs.dispatched(all.session, {
        type: "session/configChanged",
        config: { repository: "/elsewhere" },
      });
      expect(rejectionReason).toMatch(/fixed/);
    });

    it("chooses the folder of a known repository", async () => {
      const list = async (uri: string) => (await theirs.request("resourceList", { channel: ROOT_URI, uri }))["entries"];
      expect(await list("file:///")).toEqual([{ name: "repositories", type: "directory" }]);
      const [first] = (await list("file:///repositories")) as { name: string }[];
      expect(first).toBeDefined();
      expect(await theirs.refusal("resourceList", { channel: ROOT_URI, uri: "file:///etc" })).toMatchObject({
        code: -32008,
      });
      const other = vscodeRefs("dddddddd-theirs-0004");
      const folder = `file:///repositories${pathToFileURL(repository.remote).pathname.replace(/\.git$/, "")}`;
      await create(other.session, { workingDirectories: [folder] });
      await theirs.subscribe("session", other.session);
      expect(theirs.state("session", other.session).config?.values).toMatchObject({ repository: repository.remote });
      await theirs.request("disposeSession", { channel: other.session });
    });
  });

  describe("after a loss of the connection", () => {
    it("comes back without naming a channel or itself, in its own language", async () => {
      const all = vscodeRefs("bbbbbbbb-theirs-0002");
      const again = await WireClient.open(host.url, host.token, "vscode-1");
      const result = await again.request("reconnect", {
        clientId: "vscode-1",
        lastSeenServerSeq: 0,
        subscriptions: [ROOT_URI, all.session, all.chat, "sample:/eeeeeeee-theirs-0005"],
      });
      expect(result).toMatchObject({ type: "replay", missing: ["sample:/eeeeeeee-theirs-0005"] });
      const channels = (result["actions"] as { channel: string }[]).map((action) => action.channel);
      expect(channels).toContain(all.chat);
      again.close();
    });

    it("is not known to a host that was restarted, and hears what changed", async () => {
      const id = "ffffffff-theirs-0006";
      const own = await createSession(ours, id, "sample", repository.remote);
      prompt(ours, own, "t1", "Describe it, then wait for me");
      await ours.until(() => ours.state("fleetSession", own.fleet).phase === "working");
      await host.kill();
      host = await directory.start();
      const back = await WireClient.open(host.url, host.token, "vscode-1");
      const params = { clientId: "vscode-1", lastSeenServerSeq: 5, subscriptions: [ROOT_URI] };
      expect(await back.refusal("reconnect", params)).toMatchObject({ code: -32008 });
      await back.request("initialize", {
        channel: ROOT_URI,
        protocolVersions: versions,
        clientId: "vscode-1",
        clientInfo: vscode,
        initialSubscriptions: [ROOT_URI],
      });
      const added = () =>
        back.notifications.map(({ params: { summary } }) => summary as { resource: string } | undefined);
      await back.until(() => added().some((summary) => summary?.resource === `sample:/${id}`));
      expect(added().find((summary) => summary?.resource === `sample:/${id}`)).toMatchObject({ status: 2 });
      back.close();
    });
  });
});

function isArchivedStatus(status: number): boolean {
  return (status & 64) !== 0;
}
