import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { PartsFile } from "../../src/protocol/fleetParts.ts";
import { fleetConflictsUri } from "../../src/protocol/uris.ts";
import { useHostStage } from "./hostStage.ts";
import { createSession, finished, hostConfig, prompt, type Refs, refs, watch } from "./sessionFixture.ts";

describe("branches of several agents on a real host", () => {
  const stage = useHostStage(hostConfig);
  const fleet = (all: Refs) => stage.client.state("fleetSession", all.fleet);
  const rootOf = (id: string) => path.join(stage.directory.path, "data", "sessions", id, "workspace");
  const read = (id: string, file: string) => readFileSync(path.join(rootOf(id), file), "utf8");
  const files = (all: Refs) => stage.client.state("changeset", all.changes).files.map(({ id }) => id);
  let clone = "";
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.invalid", ...args], {
      cwd: clone,
      encoding: "utf8",
      stdio: "pipe",
    }).trim();
  beforeAll(() => {
    clone = stage.repository.directory;
    git("clone", "--quiet", stage.repository.remote, "person");
    clone = path.join(clone, "person");
  });

  function onMain(name: string, text: string): string {
    writeFileSync(path.join(clone, name), text);
    git("add", "--all");
    git("commit", "--quiet", "--message", "On main");
    git("push", "--quiet", "origin", "HEAD");
    return git("rev-parse", "HEAD");
  }

  async function anAgent(id: string, text: string): Promise<Refs> {
    const all = await createSession(stage.client, id, "scripted", stage.repository.remote);
    prompt(stage.client, all, "t1", text);
    await finished(stage.client, all, "t1");
    return all;
  }

  it("updates one from its base, pushes that as a fast-forward, and undoes it by its checkpoint", async () => {
    const id = "11111111-base-0000";
    const all = await anAgent(id, "write mine.txt mine");
    const before = fleet(all).baseCommit ?? "";
    const push = async () => {
      const asked = {
        channel: all.changes,
        operationId: "push",
        _meta: { muster: { commit: fleet(all).head, title: "Mine" } },
      };
      await stage.client.request("invokeChangesetOperation", asked);
      return fleet(all).pushed?.commit ?? "";
    };
    const update = () => stage.client.request("x-fleet/updateFromBase", { channel: all.session, progressToken: "p" });
    const first = await push();
    expect(await update()).toMatchObject({ commits: 0, baseCommit: before });
    const base = onMain("theirs.txt", "theirs\n");
    writeFileSync(path.join(rootOf(id), "late.txt"), "late\n");
    const answer = await update();
    expect(answer).toMatchObject({
      commits: 1,
      baseCommit: base,
      safety: "2",
      checkpoint: { id: "3", kind: "updated", files: 2 },
    });
    await stage.client.until(() => fleet(all).baseCommit === base && files(all).length === 2);
    expect([read(id, "theirs.txt"), read(id, "mine.txt"), files(all)]).toEqual([
      "theirs\n",
      "mine\n",
      ["late.txt", "mine.txt"],
    ]);
    expect(JSON.stringify(stage.client.state("chat", all.chat).turns.at(-1))).toMatch(
      /updated from .*1 commit.*checkpoint 2/,
    );
    const pushed = await push();
    git("fetch", "--quiet", "origin");
    expect(git("log", "-1", "--format=%P", pushed).split(" ")).toEqual([first, base]);
    expect(git("diff", "--name-only", `${base}...${pushed}`).split("\n")).toEqual(["late.txt", "mine.txt"]);

    prompt(stage.client, all, "t2", "history");
    await finished(stage.client, all, "t2");
    prompt(stage.client, all, "t3", "history");
    expect(JSON.stringify(await finished(stage.client, all, "t3"))).toContain(`stand on commit ${base.slice(0, 12)}`);

    await stage.client.request("x-fleet/restore", { channel: all.session, checkpoint: "2" });
    await stage.client.until(() => fleet(all).baseCommit === before);
    expect(existsSync(path.join(rootOf(id), "theirs.txt"))).toBe(false);
    expect(files(all)).toEqual(["late.txt", "mine.txt"]);
    const asked = {
      channel: all.changes,
      operationId: "push",
      _meta: { muster: { commit: fleet(all).head, title: "Mine" } },
    };
    const refused = await stage.client.refusal("invokeChangesetOperation", asked);
    expect(refused).toMatchObject({ message: expect.stringContaining("Update the agent from its base") });
  });

  it("refuses to update what works, or what git can't merge unless that may be left to the agent", async () => {
    const id = "22222222-busy-0000";
    const all = await anAgent(id, "write shared.txt mine");
    const base = onMain("shared.txt", "theirs\n");
    const update = { channel: all.session };
    const refused = await stage.client.refusal("x-fleet/updateFromBase", update);
    expect(refused).toMatchObject({
      message: expect.stringContaining("shared.txt. Nothing was changed"),
      data: { muster: { code: "conflict" } },
    });
    expect([read(id, "shared.txt"), fleet(all).checkpoints.length, fleet(all).phase]).toEqual(["mine\n", 1, "ready"]);
    expect(fleet(all).baseCommit).not.toBe(base);
    const left = await stage.client.request("x-fleet/updateFromBase", { ...update, leaveConflicts: true });
    expect(left).toMatchObject({ commits: 1, baseCommit: base, safety: "1", conflicts: ["shared.txt"] });
    expect(read(id, "shared.txt")).toMatch(/^<{7} .*\ntheirs\n={7}\nmine\n>{7} .*\n$/);
    await stage.client.until(() => files(all).length === 1);
    prompt(stage.client, all, "t2", "history");
    await finished(stage.client, all, "t2");
    prompt(stage.client, all, "t3", "history");
    expect(JSON.stringify(await finished(stage.client, all, "t3"))).toContain("Git could not merge shared.txt");
    await stage.client.request("x-fleet/restore", { channel: all.session, checkpoint: "1" });
    await stage.client.until(() => fleet(all).baseCommit !== base);
    expect(read(id, "shared.txt")).toBe("mine\n");
    // The first message after a restore tells of it, and is not the word alone that this agent waits for.
    prompt(stage.client, all, "t4", "history");
    await finished(stage.client, all, "t4");
    prompt(stage.client, all, "t5", "wait");
    await stage.client.until(() => fleet(all).phase === "working");
    const busy = await stage.client.refusal("x-fleet/updateFromBase", update);
    expect(busy).toMatchObject({ message: expect.stringContaining("The agent is working") });
  });

  it("updates several one after the other by itself, and tells on the forecast's channel how far it is", async () => {
    const [first, second] = [refs("11111111-base-0000"), refs("22222222-busy-0000")];
    const track = fleetConflictsUri(stage.repository.remote);
    await stage.client.subscribe("fleetConflicts", track);
    const train = () => stage.client.state("fleetConflicts", track).train;
    const asked = { channel: second.session, others: [first.session] };
    expect(await stage.client.request("x-fleet/startTrain", asked)).toMatchObject({ train: { stops: [{}, {}] } });
    await stage.client.until(() => train()?.endedAt !== undefined);
    expect(new Map(train()?.stops.map(({ session, ...stop }) => [session, stop]))).toEqual(
      new Map<string, object>([
        [first.session, { state: "updated", commits: 2, safety: expect.any(String) }],
        [second.session, { state: "busy", message: expect.stringContaining("The agent is working") }],
      ]),
    );
    await stage.client.until(() => fleet(first).baseCommit === git("rev-parse", "HEAD"));
    expect(read("11111111-base-0000", "shared.txt")).toBe("theirs\n");
  });

  it("makes a session of picked parts, and none of parts that do not fit", async () => {
    const [ann, bob] = [
      await anAgent("33333333-anna-0000", "write a.txt ann"),
      await anAgent("44444444-bobb-0000", "write b.txt bob"),
    ];
    prompt(stage.client, bob, "t2", "write a.txt bob");
    await finished(stage.client, bob, "t2");
    const asked = { channel: ann.session, others: [bob.session] };
    const parts = await stage.client.request("x-fleet/parts", asked);
    expect((parts["files"] as PartsFile[]).map(({ path: name, parts: of }) => [name, of.length])).toEqual([
      ["a.txt", 2],
      ["b.txt", 1],
    ]);
    const shared = await stage.client.request("x-fleet/parts", { ...asked, isShared: true });
    expect(shared["fileCount"]).toBe(1);
    const pick = (all: Refs, ...names: string[]) => ({
      session: all.session,
      head: fleet(all).head,
      files: names.map((name) => ({ path: name })),
    });
    const made = refs("55555555-both-0000");
    const combine = { channel: ann.session, session: made.session, base: parts["base"] };
    const clash = { ...combine, picks: [pick(ann, "a.txt"), pick(bob, "a.txt")] };
    expect(await stage.client.request("x-fleet/combine", clash)).toMatchObject({ problems: [{ path: "a.txt" }, {}] });
    const picks = [pick(ann, "a.txt"), pick(bob, "b.txt")];
    const shown = await stage.client.request("x-fleet/combine", { ...combine, picks, isPreview: true });
    expect(shown).toMatchObject({ problems: [], files: 2, patch: expect.stringContaining("+ann") });
    expect(await stage.client.request("x-fleet/combine", { ...combine, picks, title: "The best" })).toMatchObject({
      files: 2,
    });
    await watch(stage.client, made);
    await stage.client.until(() => fleet(made).phase === "ready" && fleet(made).checkpoints.length === 1);
    expect(fleet(made)).toMatchObject({
      branch: "agent/the-best-55555555",
      baseCommit: parts["base"],
      head: fleet(made).checkpoints[0]?.commit,
      combinedFrom: { picks },
      checkpoints: [{ kind: "combined", files: 2 }],
    });
    expect([read("55555555-both-0000", "a.txt"), read("55555555-both-0000", "b.txt")]).toEqual(["ann\n", "bob\n"]);
    expect(files(made)).toEqual(["a.txt", "b.txt"]);
    prompt(stage.client, made, "t1", "history");
    await finished(stage.client, made, "t1");
    prompt(stage.client, made, "t2", "history");
    expect(JSON.stringify(await finished(stage.client, made, "t2"))).toContain(
      "put together from the work of 2 other agents",
    );
    const nothing = await stage.client.refusal("x-fleet/combine", { ...combine, picks: [pick(ann)] });
    expect(nothing.message).toContain("Pick at least one file");
    const strange = { ...combine, picks: [{ ...pick(ann, "a.txt"), head: fleet(bob).head }] };
    expect((await stage.client.refusal("x-fleet/combine", strange)).message).toContain("given up the checkpoint");
  });
});
