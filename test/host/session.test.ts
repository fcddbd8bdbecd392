import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { isRead } from "../../src/protocol/status.ts";
import { handleGit } from "../support/gitHttp/gitHttp.ts";
import { addBareRemote, brokenRepository } from "../support/repositories/repositories.ts";
import { HostDirectory } from "./hostProcess.ts";
import { useHostStage } from "./hostStage.ts";
import {
  createSession,
  failureOf,
  finished,
  hostConfig,
  prompt,
  refs,
  remoteRepository,
  watch,
} from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

describe("sessions on a real host with real git and real processes", () => {
  const stage = useHostStage(hostConfig);

  it("runs a prompt to a reviewed, pushed branch", async () => {
    const all = await createSession(stage.client, "11111111-work-0000", "sample", stage.repository.remote);
    prompt(stage.client, all, "t1", "Finish the layout notes");
    const turn = await finished(stage.client, all, "t1");
    expect(turn.state).toBe("complete");
    const session = stage.client.state("session", all.session);
    expect(session).toMatchObject({ lifecycle: "ready", title: "Finish the layout notes" });
    const fleet = stage.client.state("fleetSession", all.fleet);
    expect(fleet.branch).toBe("agent/finish-the-layout-notes-11111111");
    expect(fleet.checkpoints).toHaveLength(1);
    const changes = stage.client.state("changeset", all.changes);
    expect(changes).toMatchObject({ status: "ready", operations: [{ id: "push", status: "idle" }] });
    const file = changes.files.find((each) => each.id === "CONTRIBUTING.md");
    const read = await stage.client.request("resourceRead", { uri: file?.edit.after?.content.uri });
    expect(read["data"]).toContain("#");

    const { items } = (await stage.client.request("listSessions", { channel: "ahp-root://" })) as {
      items: Record<string, unknown>[];
    };
    const summary = items.find((item) => item["resource"] === all.session);
    expect(summary).toMatchObject({ _meta: { muster: { phase: "ready", needs: "review", head: fleet.head } } });

    const pushed = await stage.client.request("invokeChangesetOperation", {
      channel: all.changes,
      operationId: "push",
      _meta: { muster: { commit: fleet.head } },
    });
    expect(pushed["_meta"]).toMatchObject({ muster: { branch: fleet.branch } });
    const tree = (commit: string) => git(stage.repository.remote, "rev-parse", `${commit}^{tree}`);
    expect(tree(`refs/heads/${fleet.branch}`)).toBe(fleet.checkpoints[0]?.tree);
    await stage.client.until(() => stage.client.state("fleetSession", all.fleet).pushed !== undefined);
  });

  it("refuses a push of anything but the last checkpoint, and of nothing", async () => {
    const all = await createSession(stage.client, "22222222-push-0000", "scripted", stage.repository.remote);
    const push = { channel: all.changes, operationId: "push", _meta: { muster: { commit: "0".repeat(40) } } };
    const empty = await stage.client.refusal("invokeChangesetOperation", push);
    expect(empty).toMatchObject({
      message: expect.stringContaining("changed nothing"),
      data: { muster: { code: "branch.empty" } },
    });
    prompt(stage.client, all, "t1", "edit");
    await finished(stage.client, all, "t1");
    const moved = await stage.client.refusal("invokeChangesetOperation", push);
    expect(moved).toMatchObject({ data: { muster: { code: "branch.moved" } } });
  });

  it("tells why the remote refused a push, and pushes when it no longer does", async () => {
    const all = await createSession(stage.client, "33333333-hook-0000", "scripted", stage.repository.remote);
    prompt(stage.client, all, "t1", "edit");
    await finished(stage.client, all, "t1");
    const hook = path.join(stage.repository.remote, "hooks", "pre-receive");
    writeFileSync(hook, "#!/bin/sh\necho 'branches are frozen' >&2\nexit 1\n");
    chmodSync(hook, 0o755);
    const push = {
      channel: all.changes,
      operationId: "push",
      _meta: { muster: { commit: stage.client.state("fleetSession", all.fleet).head } },
    };
    const refused = await stage.client.refusal("invokeChangesetOperation", push);
    expect(refused).toMatchObject({
      message: expect.stringMatching(/frozen|declined|refused/),
      data: { muster: { code: "push.refused" } },
    });
    await stage.client.until(() => stage.client.state("changeset", all.changes).operations?.[0]?.status === "error");
    writeFileSync(hook, "#!/bin/sh\nexit 0\n");
    await stage.client.request("invokeChangesetOperation", push);
  });

  it("waits for an approval and passes the answer on", async () => {
    const all = await createSession(stage.client, "44444444-asks-0000", "scripted", stage.repository.remote);
    prompt(stage.client, all, "t1", "ask");
    await stage.client.until(() => stage.client.state("session", all.session).inputNeeded?.length === 1);
    const request = stage.client.state("session", all.session).inputNeeded?.[0];
    if (request?.kind !== "toolConfirmation") throw new Error("no confirmation");
    const { toolCall, turnId } = request;
    if (toolCall.status !== "pending-confirmation") throw new Error("not pending");
    const answer = { type: "chat/toolCallConfirmed", turnId, toolCallId: toolCall.toolCallId } as const;
    const option = toolCall.options?.find((each) => each.kind === "approve" && each.label === "Yes");
    await stage.client.dispatched(all.chat, {
      ...answer,
      approved: true,
      confirmed: "user-action",
      selectedOptionId: option?.id,
    });
    const turn = await finished(stage.client, all, "t1");
    expect(JSON.stringify(turn.responseParts)).toContain("selected");
    expect(stage.client.state("session", all.session).inputNeeded ?? []).toEqual([]);
    const again = await stage.client.dispatched(all.chat, { ...answer, approved: false, reason: "denied" });
    expect(again.rejectionReason).toBe("That tool call does not wait for an approval.");
  });

  it("stops the agent when the turn is cancelled, and goes on with the next message", async () => {
    const all = await createSession(stage.client, "55555555-stop-0000", "scripted", stage.repository.remote);
    prompt(stage.client, all, "t1", "wait");
    await stage.client.until(() => stage.client.state("fleetSession", all.fleet).phase === "working");
    await stage.client.dispatched(all.chat, { type: "chat/turnCancelled", turnId: "t1", duration: 1 });
    expect((await finished(stage.client, all, "t1")).state).toBe("cancelled");
    await stage.client.dispatched(all.session, { type: "session/isReadChanged", isRead: true });
    prompt(stage.client, all, "t2", "edit");
    expect((await finished(stage.client, all, "t2")).state).toBe("complete");
    await stage.client.until(() => !isRead(stage.client.state("session", all.session).status));
  });

  it("starts a queued message when the turn before it ends", async () => {
    const all = await createSession(stage.client, "66666666-next-0000", "scripted", stage.repository.remote);
    prompt(stage.client, all, "t1", "ask");
    await stage.client.until(() => stage.client.state("session", all.session).inputNeeded?.length === 1);
    const message = { text: "edit", origin: { kind: "user" } };
    await stage.client.dispatched(all.chat, { type: "chat/pendingMessageSet", kind: "queued", id: "q1", message });
    expect(stage.client.state("chat", all.chat).queuedMessages).toHaveLength(1);
    const request = stage.client.state("session", all.session).inputNeeded?.[0];
    if (request?.kind !== "toolConfirmation" || request.toolCall.status === "(unknown)")
      throw new Error("no confirmation");
    const { toolCallId } = request.toolCall;
    stage.client.dispatch(all.chat, {
      type: "chat/toolCallConfirmed",
      turnId: "t1",
      toolCallId,
      approved: false,
      reason: "denied",
    });
    await stage.client.until(() => stage.client.state("chat", all.chat).turns.length === 2);
    expect(stage.client.state("chat", all.chat)).toMatchObject({
      turns: [{ id: "t1" }, { message: { text: "edit" }, state: "complete" }],
    });
    expect(stage.client.state("chat", all.chat).queuedMessages).toBeUndefined();
  });

  it.each([
    ["an unknown agent", "nobody", {}, /no agent "nobody".*sample, scripted/],
    ["a repository outside what is allowed", "sample", { repository: "/etc" }, /allowLocal/],
    ["no repository", "sample", { repository: undefined }, /Name the repository/],
    ["a branch name that is none", "sample", { baseBranch: "a..b" }, /branch name/],
  ])("refuses to create a session with %s, in a sentence", async (_what, provider, change, sentence) => {
    const config = { repository: stage.repository.remote, ...change };
    const refused = await stage.client.refusal("createSession", {
      channel: "ahp-session:/77777777-nope-0000",
      provider,
      config,
    });
    expect(refused.message).toMatch(sentence);
    expect(refused.message).not.toMatch(/\bat \/|\.ts:\d/);
  });

  it("refuses a second session of the same name", async () => {
    const config = { repository: stage.repository.remote };
    const params = { channel: refs("11111111-work-0000").session, provider: "sample", config };
    expect(await stage.client.refusal("createSession", params)).toMatchObject({ code: -32003 });
  });

  it("says that a repository does not clone, keeps the prompt, and tries again when asked", async () => {
    const missing = path.join(stage.repository.directory, "late.git");
    execFileSync("git", ["init", "--quiet", "--bare", missing]);
    const all = await createSession(stage.client, "88888888-late-0000", "scripted", missing);
    prompt(stage.client, all, "t1", "edit");
    const failed = await finished(stage.client, all, "t1");
    expect(failureOf(failed)).toMatchObject({ resumable: true, message: expect.stringMatching(/\.$/) });
    expect(stage.client.state("session", all.session).lifecycle).toBe("failed");
    execFileSync("git", ["-C", stage.repository.remote, "push", "--quiet", missing, "main:main"]);
    git(missing, "symbolic-ref", "HEAD", "refs/heads/main");
    await stage.client.dispatched(all.chat, { type: "chat/turnResume", turnId: "t1" });
    expect((await finished(stage.client, all, "t1")).state).toBe("complete");
    expect(stage.client.state("session", all.session).lifecycle).toBe("ready");
  });

  it.each([
    ["gone", "agent.missing", /no-such-agent-program/],
    ["dies", "agent.crashed", /Scripted agent/],
  ])("says that the agent %s did not start, and the session stays", async (provider, code, sentence) => {
    const all = await createSession(stage.client, `99999999-${provider}-0`, provider, stage.repository.remote);
    prompt(stage.client, all, "t1", "edit");
    const failure = failureOf(await finished(stage.client, all, "t1"));
    expect(failure).toMatchObject({ errorType: code, resumable: true });
    expect(failure?.message).toMatch(sentence);
    expect(stage.client.state("session", all.session).lifecycle).toBe("ready");
  });

  it("says that the agent crashed in its turn, and starts another when asked to go on", async () => {
    const all = await createSession(stage.client, "aaaaaaaa-crsh-0000", "scripted", stage.repository.remote);
    prompt(stage.client, all, "t1", "crash");
    expect(failureOf(await finished(stage.client, all, "t1"))).toMatchObject({
      errorType: "agent.crashed",
      resumable: true,
    });
    prompt(stage.client, all, "t2", "edit");
    expect((await finished(stage.client, all, "t2")).state).toBe("complete");
  });

  it("removes a session, and everything of it", async () => {
    const all = await createSession(stage.client, "bbbbbbbb-gone-0000", "scripted", stage.repository.remote);
    prompt(stage.client, all, "t1", "edit");
    await finished(stage.client, all, "t1");
    await stage.client.request("disposeSession", { channel: all.session });
    expect(await stage.client.refusal("subscribe", { channel: all.chat })).toMatchObject({ code: -32001 });
    const removed = () =>
      stage.client.notifications.some(
        ({ method, params }) => method === "root/sessionRemoved" && params["session"] === all.session,
      );
    await stage.client.until(removed);
  });
});

describe("a repository that wants a sign-in", () => {
  it("is asked for by name, cloned and pushed to with what the person lends, and nothing is written down", async () => {
    const root = mkdtempSync(path.join(tmpdir(), "muster-private-"));
    const token = `ghp_${"s".repeat(36)}`;
    const source = await brokenRepository(root);
    await addBareRemote(source, path.join(root, "octo", "private.git"));
    const server = createServer((request, response) => {
      const access = (_owner: string, _name: string, given: string | undefined) =>
        given === token ? { login: "octo", canRead: true, canWrite: true } : undefined;
      void handleGit({ root, access }, request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const directory = new HostDirectory(hostConfig(root));
    const host = await directory.start();
    const client = await WireClient.connect(host.url, host.token);

    const all = await createSession(client, "aaaaaaaa-auth-0000", "scripted", `${origin}/octo/private.git`);
    prompt(client, all, "t1", "edit");
    expect(failureOf(await finished(client, all, "t1"))).toMatchObject({ errorType: "auth.required", resumable: true });
    const asked = () => client.notifications.find(({ method }) => method === "auth/required");
    await client.until(() => asked() !== undefined);
    expect(asked()?.params).toMatchObject({ resource: { resource: origin, scopes_supported: ["repo"] } });

    await client.request("authenticate", { channel: "ahp-root://", resource: origin, token });
    await client.until(() => client.state("chat", all.chat).turns[0]?.state === "complete");
    await client.until(() => client.state("fleetSession", all.fleet).head !== undefined);
    const commit = client.state("fleetSession", all.fleet).head;
    const push = { channel: all.changes, operationId: "push", _meta: { muster: { commit } } };
    await client.request("invokeChangesetOperation", push);

    client.close();
    await host.kill();
    const again = await directory.start();
    const later = await WireClient.connect(again.url, again.token);
    await watch(later, all);
    prompt(later, all, "t2", "ask");
    await later.until(() => later.state("session", all.session).inputNeeded?.length === 1);
    const refused = await later.refusal("invokeChangesetOperation", push);
    expect(refused).toMatchObject({
      code: -32007,
      data: { resources: [{ resource: origin, scopes_supported: ["repo"] }] },
    });
    later.close();
    await again.stop();
    expect(
      spawnSync("grep", ["-r", "--binary-files=text", "-l", token, directory.path], { encoding: "utf8" }).stdout,
    ).toBe("");
    directory.remove();
    server.close();
    rmSync(root, { recursive: true, force: true });
  });
});

describe("a host that lets one agent work at a time", () => {
  it("queues the others in order, shows their places, and lets them work one after the other", async () => {
    const repository = await remoteRepository();
    const directory = new HostDirectory(hostConfig(repository.directory, 1));
    const host = await directory.start();
    const client = await WireClient.connect(host.url, host.token);
    const [first, second, third] = await Promise.all(
      ["a", "b", "c"].map((letter) =>
        createSession(client, `${letter.repeat(8)}-queue-00`, "scripted", repository.remote),
      ),
    );
    if (!first || !second || !third) throw new Error("no sessions");
    prompt(client, first, "t1", "wait");
    await client.until(() => client.state("fleetSession", first.fleet).phase === "working");
    prompt(client, second, "t1", "edit");
    await client.until(() => client.state("session", second.session).activity?.startsWith("1st in the queue") === true);
    prompt(client, third, "t1", "edit");
    await client.until(() => client.state("session", third.session).activity?.startsWith("2nd in the queue") === true);
    expect(client.state("fleetSession", third.fleet)).toMatchObject({
      phase: "queued",
      queue: { position: 2, reason: "one agent works, the limit of this host" },
    });
    await client.dispatched(first.chat, { type: "chat/turnCancelled", turnId: "t1", duration: 1 });
    expect((await finished(client, second, "t1")).state).toBe("complete");
    expect((await finished(client, third, "t1")).state).toBe("complete");
    client.close();
    expect(await host.stop()).toBe(0);
    directory.remove();
    repository.remove();
  });
});

function git(directory: string, ...args: string[]): string {
  return execFileSync("git", ["-C", directory, ...args], { encoding: "utf8" }).trim();
}
