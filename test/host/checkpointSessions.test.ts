import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { compareChangesetUri, turnChangesetUri } from "../../src/protocol/uris.ts";
import { useHostStage } from "./hostStage.ts";
import {
  createSession,
  finished,
  hostConfig,
  prompt,
  type Refs,
  refs,
  scriptedAgent,
  watch,
} from "./sessionFixture.ts";

describe("checkpoints of sessions on a real host", () => {
  const stage = useHostStage((allowLocal) => {
    const config = hostConfig(allowLocal) as { agents: object[] };
    return { ...config, agents: [...config.agents, scriptedAgent("forgetful", "none")] };
  });

  const fleet = (all: Refs) => stage.client.state("fleetSession", all.fleet);
  const chat = (all: Refs) => stage.client.state("chat", all.chat);
  const rootOf = (id: string) => path.join(stage.directory.path, "data", "sessions", id, "workspace");
  const said = (turn: object) => JSON.stringify(turn);

  /** Two turns: one that makes a file, and one that only talks. */
  async function aSession(id: string, provider = "scripted"): Promise<Refs> {
    const all = await createSession(stage.client, id, provider, stage.repository.remote);
    prompt(stage.client, all, "t1", "edit");
    await finished(stage.client, all, "t1");
    prompt(stage.client, all, "t2", "talk");
    await finished(stage.client, all, "t2");
    return all;
  }

  it("takes one after every turn and when asked, and the head is that of the last changed files", async () => {
    const id = "11111111-take-0000";
    const all = await aSession(id);
    expect(fleet(all).checkpoints).toMatchObject([
      { id: "1", turnId: "t1", turns: 1, kind: "turn", files: 1 },
      { id: "2", turnId: "t2", turns: 2, kind: "turn", files: 1 },
    ]);
    expect(fleet(all).head).toBe(fleet(all).checkpoints[0]?.commit);
    expect(await stage.client.request("x-fleet/checkpoint", { channel: all.session })).toMatchObject({
      checkpoint: { id: "2" },
    });
    writeFileSync(path.join(rootOf(id), "by-hand.txt"), "x\n");
    const { checkpoint } = await stage.client.request("x-fleet/checkpoint", { channel: all.session });
    expect(checkpoint).toMatchObject({ id: "3", turnId: "t2", kind: "asked", files: 2 });
    await stage.client.until(() => stage.client.state("changeset", all.changes).files.length === 2);
    expect(fleet(all).head).toBe((checkpoint as { commit: string }).commit);
    const unknown = await stage.client.refusal("x-fleet/checkpoint", { channel: "ahp-session:/99999999-none-0000" });
    expect(unknown.code).toBe(-32001);
  });

  it("restores files, says so in the chat and to the agent, and can be undone", async () => {
    const id = "22222222-back-0000";
    const all = await aSession(id);
    const made = path.join(rootOf(id), "made.txt");
    writeFileSync(path.join(rootOf(id), "late.txt"), "late\n");
    const asked = { channel: all.session, checkpoint: "0", progressToken: "p" };
    const answer = await stage.client.request("x-fleet/restore", asked);
    expect(answer).toMatchObject({
      checkpoint: { id: "4", kind: "restored", files: 0, restoredFrom: "0" },
      safety: "3",
    });
    expect([existsSync(made), existsSync(path.join(rootOf(id), "late.txt"))]).toEqual([false, false]);
    await stage.client.until(() => stage.client.state("changeset", all.changes).files.length === 0);
    expect(fleet(all)).toMatchObject({ phase: "ready", head: fleet(all).checkpoints.at(-1)?.commit });
    expect(fleet(all).restoring).toBeUndefined();
    expect(stage.client.state("session", all.session).activity).toBeUndefined();
    const note = chat(all).turns.at(-1);
    expect(note).toMatchObject({ state: "complete", message: { origin: { kind: "systemNotification" } } });
    expect(said(note ?? {})).toMatch(/put back to the state in which the agent began.*checkpoint 3/);
    expect(stage.client.notifications.findLast(({ method }) => method === "root/progress")?.params).toMatchObject({
      progressToken: "p",
      progress: 100,
      total: 100,
    });

    prompt(stage.client, all, "t3", "anything");
    await finished(stage.client, all, "t3");
    prompt(stage.client, all, "t4", "history");
    const told = said(await finished(stage.client, all, "t4"));
    expect(told).toContain("put back to checkpoint 0");
    expect(told.match(/put back/g)).toHaveLength(1);

    await stage.client.request("x-fleet/restore", { channel: all.session, checkpoint: "3" });
    expect(readFileSync(made, "utf8")).toBe("made\n");
    expect(existsSync(path.join(rootOf(id), "late.txt"))).toBe(true);
    const gone = await stage.client.refusal("x-fleet/restore", { channel: all.session, checkpoint: "77" });
    expect(gone).toMatchObject({
      message: expect.stringContaining("no checkpoint 77"),
      data: { muster: { code: "notFound" } },
    });
  });

  it("refuses to restore under a running turn, or ends it when told to; what was queued comes after", async () => {
    const id = "33333333-busy-0000";
    const all = await aSession(id);
    prompt(stage.client, all, "t3", "wait");
    await stage.client.until(() => fleet(all).phase === "working");
    const restore = { channel: all.session, checkpoint: "0" };
    expect(await stage.client.refusal("x-fleet/restore", restore)).toMatchObject({
      message: expect.stringContaining("The agent is working"),
      data: { muster: { code: "conflict" } },
    });
    const message = { text: "more", origin: { kind: "user" } };
    stage.client.dispatch(all.chat, { type: "chat/pendingMessageSet", kind: "queued", id: "q1", message });
    await stage.client.until(() => chat(all).queuedMessages?.length === 1);
    await stage.client.request("x-fleet/restore", { ...restore, cancelTurn: true });
    await stage.client.until(() => chat(all).turns.length === 5 && fleet(all).phase === "ready");
    expect(
      chat(all)
        .turns.slice(2)
        .map((turn) => turn.state),
    ).toEqual(["cancelled", "complete", "complete"]);
    expect(chat(all).turns.at(-1)).toMatchObject({ message: { text: "more" } });
    expect(existsSync(path.join(rootOf(id), "made.txt"))).toBe(false);
  });

  it("forks with files, turns and the agent's own memory; the source stays as it is", async () => {
    const source = await aSession("44444444-root-0000");
    writeFileSync(path.join(rootOf("44444444-root-0000"), "by-hand.txt"), "x\n");
    const forks = ["4a4a4a4a-fork-0000", "4b4b4b4b-fork-0000"].map(refs);
    for (const fork of forks) {
      const answer = await stage.client.request("x-fleet/fork", { channel: source.session, session: fork.session });
      expect(answer).toMatchObject({ checkpoint: "3", conversation: "agent" });
      await watch(stage.client, fork);
      await stage.client.until(() => fleet(fork).phase === "ready" && fleet(fork).checkpoints.length === 1);
      expect(fleet(fork)).toMatchObject({
        forkedFrom: { session: source.session, checkpoint: "3", turnId: "t2" },
        checkpoints: [{ id: "1", kind: "fork", turnId: "t2", turns: 2, files: 2 }],
        baseCommit: fleet(source).baseCommit,
      });
      expect(fleet(fork).branch).not.toBe(fleet(source).branch);
      expect(chat(fork)).toMatchObject({
        origin: { kind: "fork", chat: source.chat, turnId: "t2" },
        turns: [{ id: "t1" }, { id: "t2" }],
      });
      expect(stage.client.state("changeset", fork.changes).files.map(({ id }) => id)).toEqual([
        "by-hand.txt",
        "made.txt",
      ]);
      prompt(stage.client, fork, "t3", "history");
      expect(said(await finished(stage.client, fork, "t3"))).toContain("talk");
      expect(fleet(fork).forkedFrom?.conversation).toBe("agent");
    }
    expect(fleet(source).checkpoints).toHaveLength(3);
    const taken = await stage.client.refusal("x-fleet/fork", { channel: source.session, session: source.session });
    expect(taken.code).toBe(-32003);
  });

  it("forks from an earlier checkpoint, and gives an agent that remembers nothing the transcript to read", async () => {
    const source = await aSession("55555555-root-0000", "forgetful");
    const fork = refs("5a5a5a5a-fork-0000");
    const asked = { channel: source.session, session: fork.session, checkpoint: "1", title: "Another way" };
    const answer = await stage.client.request("x-fleet/fork", asked);
    expect(answer).toMatchObject({ conversation: "transcript", message: expect.stringContaining("transcript") });
    await watch(stage.client, fork);
    prompt(stage.client, fork, "t9", "go on");
    await finished(stage.client, fork, "t9");
    prompt(stage.client, fork, "t10", "history");
    const heard = said(await finished(stage.client, fork, "t10"));
    expect(heard).toContain("Person: edit");
    expect(heard).not.toContain("talk");
    expect(fleet(fork)).toMatchObject({
      forkedFrom: { conversation: "transcript" },
      branch: "agent/another-way-5a5a5a5a",
    });
    expect(stage.client.state("session", fork.session).title).toBe("Another way");
    const none = refs("5b5b5b5b-fork-0000");
    const base = { channel: source.session, session: none.session, checkpoint: "0" };
    expect(await stage.client.request("x-fleet/fork", base)).toMatchObject({ conversation: "none" });
    await watch(stage.client, none);
    await stage.client.until(() => fleet(none).phase === "ready" && fleet(none).checkpoints.length === 1);
    expect(chat(none).turns).toEqual([]);
    expect(stage.client.state("changeset", none.changes).files).toEqual([]);
  });

  it("compares any two states from git's own objects, by method and by VS Code's address (CON-10)", async () => {
    const id = "66666666-diff-0000";
    const all = await aSession(id);
    writeFileSync(path.join(rootOf(id), "made.txt"), "made\nmore\n");
    await stage.client.request("x-fleet/checkpoint", { channel: all.session });
    const answer = await stage.client.request("x-fleet/compare", { channel: all.session, from: "t2", to: "3" });
    expect(answer).toMatchObject({ files: 1, additions: 1, deletions: 0 });
    const changeset = answer["changeset"] as string;
    await stage.client.subscribe("changeset", changeset);
    const [file] = stage.client.state("changeset", changeset).files;
    const read = async (uri: string | undefined) => (await stage.client.request("resourceRead", { uri }))["data"];
    expect(await read(file?.edit.before?.content.uri)).toBe("made\n");
    expect(await read(file?.edit.after?.content.uri)).toBe("made\nmore\n");
    const byTurns = compareChangesetUri(all.session, "0", "t1");
    await stage.client.subscribe("changeset", byTurns);
    expect(stage.client.state("changeset", byTurns).files).toMatchObject([
      { id: "made.txt", edit: { diff: { added: 1 } } },
    ]);
    // A turn that changed nothing has a changeset too.
    await stage.client.subscribe("changeset", turnChangesetUri(all.session, "t2"));
    expect(stage.client.state("changeset", turnChangesetUri(all.session, "t2")).files).toEqual([]);
    const unknown = await stage.client.refusal("x-fleet/compare", { channel: all.session, from: "1", to: "never" });
    expect(unknown).toMatchObject({ data: { muster: { code: "notFound" } } });
    expect(
      (await stage.client.refusal("subscribe", { channel: compareChangesetUri(all.session, "1", "never") })).code,
    ).toBe(-32001);
  });

  it("tells what git has and the log does not know, when the host comes back", async () => {
    const id = "77777777-lost-0000";
    const all = await aSession(id);
    await stage.host.kill();
    // What a host leaves that dies in the middle of a restore: the intent in git, and half of the files.
    const gitDir = path.join(stage.directory.path, "data", "sessions", id, "git");
    const { execFileSync } = await import("node:child_process");
    const git = (...args: string[]) => execFileSync("git", ["--git-dir", gitDir, ...args], { encoding: "utf8" }).trim();
    const message = git("log", "-1", "--format=%B", "refs/muster/checkpoints/2")
      .replace("Muster-Checkpoint: 2", "Muster-Checkpoint: 3")
      .replace("Muster-Kind: turn", "Muster-Kind: restored\nMuster-Restored: 0");
    const commit = git(
      "-c",
      "user.name=T",
      "-c",
      "user.email=t@example.invalid",
      "commit-tree",
      "-p",
      "refs/muster/base",
      "-m",
      message,
      "refs/muster/base^{tree}",
    );
    git("update-ref", "refs/muster/restoring", commit);
    rmSync(path.join(rootOf(id), "made.txt"));
    await stage.start();
    await watch(stage.client, all);
    await stage.client.request("x-fleet/checkpoint", { channel: all.session });
    await stage.client.until(() => fleet(all).checkpoints.length === 3);
    expect(fleet(all).checkpoints.at(-1)).toMatchObject({ id: "3", kind: "restored", restoredFrom: "0" });
    prompt(stage.client, all, "t3", "edit");
    await finished(stage.client, all, "t3");
    expect(fleet(all).checkpoints.at(-1)).toMatchObject({ id: "4", files: 1 });
  });

  it("takes everything of a session with it when the session is deleted", async () => {
    const id = "88888888-gone-0000";
    const all = await aSession(id);
    await stage.client.request("x-fleet/compare", { channel: all.session, from: "0", to: "1" });
    await stage.client.request("disposeSession", { channel: all.session });
    expect(existsSync(path.join(stage.directory.path, "data", "sessions", id))).toBe(false);
    expect((await stage.client.refusal("subscribe", { channel: turnChangesetUri(all.session, "t1") })).code).toBe(
      -32001,
    );
    expect(
      (await stage.client.refusal("subscribe", { channel: compareChangesetUri(all.session, "0", "1") })).code,
    ).toBe(-32001);
  });
});
