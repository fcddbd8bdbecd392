import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { changedFilesOf } from "../../src/extension/fleet/changedFiles.ts";
import { localGit } from "../../src/extension/handOff/localGit.ts";
import { patchSince } from "../../src/extension/handOff/localPatch.ts";
import { annotationsUri, blobUri, fileUri, ROOT_URI } from "../../src/protocol/uris.ts";
import { useHostStage } from "./hostStage.ts";
import { createSession, finished, hostConfig, prompt, refs, watch } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

describe("a review on a real host", () => {
  const stage = useHostStage(hostConfig);
  const id = "11111111-review-0000";
  const { session } = refs(id);
  const annotations = annotationsUri(session);
  const annotation = {
    id: "c1",
    resource: fileUri(id, "made.txt"),
    range: { start: { line: 0, character: 0 }, end: { line: 0, character: 4 } },
    resolved: false,
    entries: [{ id: "e1", text: "Why this?" }],
  };

  it("keeps comments as annotations that every client sees, over a restart too", async () => {
    const all = await createSession(stage.client, id, "scripted", stage.repository.remote);
    prompt(stage.client, all, "t1", "edit");
    await finished(stage.client, all, "t1");
    expect(await stage.client.subscribe("annotations", annotations)).toEqual({ annotations: [] });
    const other = await WireClient.connect(stage.host.url, stage.host.token, "other");
    await other.subscribe("annotations", annotations);
    await stage.client.dispatched(annotations, { type: "annotations/set", annotation });
    await other.until(() => other.state("annotations", annotations).annotations.length === 1);
    await other.dispatched(annotations, { type: "annotations/updated", annotationId: "c1", resolved: true });
    const row = async () => (await stage.client.request("listSessions", { channel: ROOT_URI })).items;
    const counted = { annotations: { resource: annotations, annotationCount: 1, entryCount: 1 } };
    expect(await row()).toMatchObject([counted]);
    const unknown = await other.dispatched(annotations, { type: "annotations/removed", annotationId: "c2" });
    expect(unknown.rejectionReason).toMatch(/not there/);
    const long = { id: "e2", text: "x".repeat(200_001) };
    const refused = await other.dispatched(annotations, {
      type: "annotations/entrySet",
      annotationId: "c1",
      entry: long,
    });
    expect(refused.rejectionReason).toMatch(/too long/);
    other.close();

    await stage.host.stop();
    await stage.start();
    expect(await row()).toMatchObject([counted]);
    expect(await stage.client.subscribe("annotations", annotations)).toEqual({
      annotations: [{ ...annotation, resolved: true }],
    });
  });

  it("CON-10: tells each kind of change for what git has", async () => {
    const all = refs(id);
    const root = path.join(stage.directory.path, "data", "sessions", id, "workspace");
    const inside = (name: string) => path.join(root, name);
    const checkpoint = async () => {
      const { checkpoint } = await stage.client.request("x-fleet/checkpoint", { channel: all.session });
      return (checkpoint as { id: string }).id;
    };
    writeFileSync(inside("run.sh"), "echo hello\n");
    writeFileSync(inside("gone.txt"), "gone\n");
    writeFileSync(inside("old name.txt"), "one\ntwo\nthree\nfour\n");
    writeFileSync(inside("became-link"), "a file\n");
    const from = await checkpoint();

    chmodSync(inside("run.sh"), 0o755);
    rmSync(inside("gone.txt"));
    renameSync(inside("old name.txt"), inside("new name.txt"));
    rmSync(inside("became-link"));
    symlinkSync("/etc/passwd", inside("became-link"));
    symlinkSync("run.sh", inside("link"));
    writeFileSync(inside("image.bin"), Buffer.from([0, 1, 2, 0xff]));
    writeFileSync(inside("latin.txt"), Buffer.from("caf\u00e9\n", "latin1"));
    writeFileSync(inside("huge.txt"), "x".repeat(6 * 1024 * 1024));
    mkdirSync(inside("many"));
    for (let index = 0; index < 1_000; index++) writeFileSync(inside(`many/${index}.txt`), `${index}\n`);
    mkdirSync(inside("nested"));
    const git = (...args: string[]) => execFileSync("git", args, { cwd: inside("nested"), stdio: "ignore" });
    git("init");
    writeFileSync(inside("nested/inner.txt"), "inner\n");
    git("add", ".");
    git("-c", "user.name=T", "-c", "user.email=t@example.test", "commit", "-m", "Inner");
    const to = await checkpoint();

    const { changeset } = await stage.client.request("x-fleet/compare", { channel: all.session, from, to });
    const state = await stage.client.subscribe("changeset", changeset as string);
    const files = new Map(changedFilesOf(state).map((file) => [file.path, file]));
    expect(files.get("run.sh")).toMatchObject({ status: "modified", oldMode: "100644", mode: "100755" });
    expect(files.get("run.sh")?.before?.blob).toEqual(files.get("run.sh")?.after?.blob);
    expect(files.get("gone.txt")).toMatchObject({ status: "deleted", after: undefined });
    expect(files.get("new name.txt")).toMatchObject({ status: "renamed", oldPath: "old name.txt" });
    expect(files.get("became-link")).toMatchObject({ status: "modified", oldMode: "100644", mode: "120000" });
    expect(files.get("link")).toMatchObject({ status: "added", mode: "120000" });
    expect(files.get("image.bin")).toMatchObject({ status: "added", isBinary: true });
    expect(files.get("huge.txt")?.after?.sizeBytes).toBe(6 * 1024 * 1024);
    expect(Array.from(files.keys()).filter((name) => name.startsWith("many/"))).toHaveLength(1_000);
    // A repository of its own is no part of the agent's work.
    expect(Array.from(files.keys()).filter((name) => name.startsWith("nested"))).toEqual([]);
    const read = async (file: string) => {
      const uri = files.get(file)?.after?.uri;
      const params = { channel: all.session, uri, encoding: "base64" };
      const { data } = (await stage.client.request("resourceRead", params)) as { data: string };
      return Buffer.from(data, "base64").toString("latin1");
    };
    // Together, as a diff asks for them. A link is what it points to, never what is there.
    const wanted = ["became-link", "huge.txt", "latin.txt", "many/7.txt", "many/7.txt"];
    expect(await Promise.allSettled(wanted.map(read))).toMatchObject([
      { value: "/etc/passwd" },
      { reason: { message: expect.stringMatching(/too large/) } },
      { value: "caf\u00e9\n" },
      { value: "7\n" },
      { value: "7\n" },
    ]);
    const unknown = { channel: all.session, uri: blobUri(id, "e".repeat(40)) };
    expect(await stage.client.refusal("resourceRead", unknown)).toMatchObject({
      message: expect.stringMatching(/no longer on the host/),
    });
  });

  it("merges a person's changes into the agent's files, all or nothing, and tells the agent", async () => {
    const all = refs(id);
    const root = path.join(stage.directory.path, "data", "sessions", id, "workspace");
    const read = (file: string) => readFileSync(path.join(root, file), "latin1");
    const clone = path.join(stage.repository.directory, "person");
    const git = (...args: string[]) => execFileSync("git", args, { cwd: clone, encoding: "utf8" }).trim();
    execFileSync("git", ["clone", "--quiet", stage.repository.remote, clone]);
    const [first = ""] = git("ls-files", "*.md", "*.js", "*.ts").split("\n");
    const before = readFileSync(path.join(clone, first), "latin1");
    writeFileSync(path.join(clone, first), `mine\n${before}`);
    writeFileSync(path.join(clone, "caf\u00e9.dat"), Buffer.from("caf\u00e9\n", "latin1"));
    // What the agent has done at the end of the same file stays.
    writeFileSync(path.join(root, first), `${before}\nthe agent's\n`);
    const send = async () => {
      const patch = Buffer.from(await patchSince(localGit, clone, "HEAD")).toString("base64");
      return { channel: session, patch, base: git("rev-parse", "HEAD") };
    };
    const applied = await stage.client.request("x-fleet/applyPatch", await send());
    expect(applied).toMatchObject({ checkpoint: { kind: "applied" } });
    expect(read(first)).toBe(`mine\n${before}\nthe agent's\n`);
    expect(read("caf\u00e9.dat")).toBe("caf\u00e9\n");
    expect(await stage.client.refusal("x-fleet/applyPatch", await send())).toMatchObject({
      message: expect.stringContaining("have these changes already"),
    });

    writeFileSync(path.join(clone, "latin.txt"), "another\n");
    writeFileSync(path.join(clone, "further.txt"), "further\n");
    expect(await stage.client.refusal("x-fleet/applyPatch", await send())).toMatchObject({
      message: expect.stringContaining("latin.txt. Nothing was changed"),
      data: { muster: { code: "conflict" } },
    });
    // From a commit that the host does not have, nothing is merged.
    expect(await stage.client.refusal("x-fleet/applyPatch", { ...(await send()), base: "d".repeat(40) })).toMatchObject(
      {
        message: expect.stringMatching(/do not fit .* and 2 more/),
      },
    );
    expect(existsSync(path.join(root, "further.txt"))).toBe(false);
    const refuse = async (text: string, code: string) => {
      const asked = { channel: session, patch: Buffer.from(text).toString("base64") };
      expect(await stage.client.refusal("x-fleet/applyPatch", asked)).toMatchObject({ data: { muster: { code } } });
    };
    await refuse(
      `diff --git a/${first} b/x\nsimilarity index 100%\ncopy from ${first}\ncopy to x\n`,
      "request.invalid",
    );
    await refuse(`diff --git a/x b/x\nGIT binary patch\nliteral 99999999\nzcmV\n\n`, "content.tooLarge");
    const escaping = Buffer.from(git("diff", "--full-index").replaceAll(first, "../out.txt")).toString("base64");
    await stage.client.refusal("x-fleet/applyPatch", { channel: session, patch: escaping });
    expect(existsSync(path.join(root, "..", "out.txt"))).toBe(false);

    await watch(stage.client, all);
    prompt(stage.client, all, "t2", "history");
    await finished(stage.client, all, "t2");
    prompt(stage.client, all, "t3", "history");
    expect(JSON.stringify(await finished(stage.client, all, "t3"))).toContain("A person changed files");
    await stage.client.request("x-fleet/restore", { channel: session, checkpoint: applied["safety"] });
    expect(read(first)).toBe(`${before}\nthe agent's\n`);
  });

  it("forgets the comments of a session that is deleted", async () => {
    await stage.client.request("disposeSession", { channel: session });
    expect(await stage.client.refusal("subscribe", { channel: annotations })).toMatchObject({ code: -32001 });
  });
});
