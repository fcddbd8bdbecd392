import { describe, expect, it } from "vitest";
import { readChanges } from "../../../../src/extension/fleet/sessionChanges.ts";
import { HostTerminals } from "../../../../src/extension/fleet/hostTerminals.ts";
import { hostSoftwareOf } from "../../../../src/extension/hosts/hostSoftware.ts";
import { nodeOf } from "../../../../src/extension/tree/agentNode.ts";
import { silentLogger } from "../../../../src/base/logger.ts";
import { STATUS } from "../../../../src/protocol/status.ts";
import { chatUri } from "../../../../src/protocol/uris.ts";
import { aChat, aSession } from "../../../support/aChat.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { aSummary } from "../../../support/clientOnFakeHost.ts";
import { settle } from "../../../support/fakeClock.ts";
import type { FakeHost } from "../../../support/fakeHost.ts";

/** As VS Code 1.139's agent host answers: no fleet plane, sessions named by their kind of agent, live files. */
function inVsCodesDialect(host: FakeHost): void {
  host.fleet = false;
  host.put("ahp-root://", {
    agents: [{ provider: "copilotcli", displayName: "Copilot", description: "", models: [] }],
    _meta: { hostBuild: { version: "1.139.1", commit: "c", date: "d", quality: "stable" } },
    terminals: [],
  });
  host.answers["createSession"] = ({ channel, provider, workingDirectories }) => {
    const session = channel as string;
    const directories = workingDirectories as string[];
    host.channels.set(session, {
      kind: "session",
      state: aSession({
        provider: provider as string,
        lifecycle: "creating",
        workingDirectories: directories,
        chats: [],
        defaultChat: chatUri(session),
      }),
    });
    host.put(chatUri(session), aChat({ resource: chatUri(session) }));
    // Listed from the first turn on.
    host.sessions.set(session, aSummary(session, { provider: provider as string, workingDirectories: directories }));
    return { result: null };
  };
  host.answers["disposeSession"] = () => ({ result: null });
}

const request = { hostId: "a", provider: "copilotcli", prompt: "Tidy up", folder: "file:///code/my%20widgets" };

async function launched() {
  const parts = await aFleet(inVsCodesDialect);
  const key = await parts.fleet.launch(request);
  return { ...parts, key, session: "copilotcli:/id-1" };
}

describe("the fleet on VS Code's agent host", () => {
  it("launches in a folder, under a URI that names the kind of agent", async () => {
    const { host, key, session } = await launched();
    expect(key).toBe(`a|${session}`);
    expect(host.heard.find(({ method }) => method === "createSession")?.params).toEqual({
      channel: session,
      provider: "copilotcli",
      workingDirectories: [request.folder],
    });
    expect(host.state(chatUri(session))).toMatchObject({ activeTurn: { message: { text: "Tidy up" } } });
  });

  it("hands over what the host's own schema asked for", async () => {
    const { fleet, host } = await aFleet(inVsCodesDialect);
    await fleet.launch({ ...request, config: { plan: "team" } });
    expect(host.heard.find(({ method }) => method === "createSession")?.params).toMatchObject({
      config: { plan: "team" },
    });
  });

  it("speaks the standard's form of a URI for a provider that is no scheme", async () => {
    const { fleet } = await aFleet(inVsCodesDialect);
    expect(await fleet.launch({ ...request, provider: "my agent" })).toBe("a|ahp-session:/id-1");
  });

  it("shows the folder where there is no repository, and makes up no confinement, price or pull request", async () => {
    const { fleet, key } = await launched();
    expect(fleet.get(key)).toMatchObject({
      place: "my widgets",
      folder: "/code/my widgets",
      repository: undefined,
      canShip: false,
      isolation: undefined,
      spend: undefined,
    });
    expect(fleet.tallies).toEqual({ canShip: 0, pullRequests: 0, archived: 0, attempts: 0 });
  });

  it("calls the project by its name where the folder is a worktree of it", async () => {
    const { fleet, host, key, session } = await launched();
    const project = { uri: "file:///code/widgets", displayName: "widgets" };
    const workingDirectories = ["file:///code/widgets.worktrees/tidy-up"];
    host.notify("root/sessionSummaryChanged", { channel: "x", session, changes: { project, workingDirectories } });
    await settle();
    expect(fleet.get(key)).toMatchObject({ place: "widgets", folder: "/code/widgets.worktrees/tidy-up" });
  });

  it("offers a pull request in no state of a row", async () => {
    const { fleet, key } = await launched();
    const agent = { ...fleet.get(key)!, isRead: true };
    for (const attention of ["failed", "review", "done"] as const) {
      expect(nodeOf({ ...agent, attention }, 0).contextValue).toBe(`agent.${attention}.plain`);
      expect(nodeOf({ ...agent, attention, canShip: true }, 0).contextValue).toBe(`agent.${attention}`);
    }
  });

  it("says what runs on the host", async () => {
    const softwareOf = async (prepare?: (host: FakeHost) => void) =>
      hostSoftwareOf((await aFleet(prepare)).connections.client("a"));
    expect(await softwareOf(inVsCodesDialect)).toEqual({ name: "VS Code agent host", version: "1.139.1" });
    expect(await softwareOf()).toEqual({ name: undefined, version: "1" });
    const stranger = await softwareOf((host) => {
      host.fleet = false;
    });
    expect(stranger).toEqual({ name: "Fake host", version: "1" });
  });

  it("reads the changes of the widest changeset, by paths inside the folder", async () => {
    const { connections, host, session, clock } = await launched();
    const live = (path: string) => ({
      uri: `${request.folder}/${path}`,
      content: { uri: `${request.folder}/${path}` },
    });
    host.channels.set(`${session}/changeset/session`, {
      kind: "changeset",
      state: { status: "computing", files: [] },
    });
    const changesets = [
      { changeKind: "turn", label: "This Turn", uriTemplate: `${session}/changeset/turn/{turnId}` },
      { changeKind: "session", label: "Session Changes", uriTemplate: `${session}/changeset/session` },
    ];
    const read = () => readChanges(connections.client("a"), session, { clock });
    await expect(read()).rejects.toMatchObject({ code: "branch.empty" });
    host.act(session, { type: "session/changesetsChanged", changesets });
    await settle();
    const reading = read();
    await settle();
    host.act(`${session}/changeset/session`, {
      type: "changeset/contentChanged",
      files: [{ id: "1", edit: { after: live("src/a%20b.ts") } }],
    });
    host.act(`${session}/changeset/session`, { type: "changeset/statusChanged", status: "ready" });
    expect(await reading).toMatchObject({
      fleet: undefined,
      label: "Session Changes",
      files: [{ path: "src/a b.ts", status: "added", after: { blob: undefined } }],
    });
  });

  it("lists the host's terminals while it can be seen, and whose they are", async () => {
    const { connections, host, session } = await launched();
    const terminals = new HostTerminals({ connections, logger: silentLogger });
    const heard: string[] = [];
    terminals.onDidChange(({ hostId }) => heard.push(hostId));
    const info = { resource: "ahp-terminal:/1", title: "bash", claim: { kind: "session", session } as const };
    const other = { resource: "ahp-terminal:/2", title: "zsh", claim: { kind: "client", clientId: "x" } as const };
    host.act("ahp-root://", { type: "root/terminalsChanged", terminals: [info, other] });
    await settle();
    expect(terminals.of("a")).toEqual([info, other]);
    expect(terminals.ofSession("a", session)).toEqual([info]);
    expect(heard).toEqual(["a"]);
    connections.client("a").disconnect();
    await settle();
    expect(terminals.all).toEqual([]);
    terminals.dispose();
  });

  it("keeps the row's state apart from the host's word for it: an error is one that can be resumed", async () => {
    const { fleet, host, key, session } = await launched();
    const { activeTurn } = host.state(chatUri(session)) as { activeTurn: { id: string } };
    const part = { kind: "error" as const, error: { errorType: "query", message: "No token" }, resumable: true };
    host.act(chatUri(session), { type: "chat/error", turnId: activeTurn.id, duration: 3, part });
    host.notify("root/sessionSummaryChanged", { channel: "x", session, changes: { status: STATUS.error } });
    await settle();
    expect(fleet.get(key)?.attention).toBe("failed");
    await fleet.retry(key);
    expect(host.state(chatUri(session))).toMatchObject({ activeTurn: { id: activeTurn.id } });
  });
});
