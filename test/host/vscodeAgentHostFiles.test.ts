import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import type { StateAction } from "../../src/protocol/actions.ts";
import type { ChangesetState } from "../../src/protocol/changeset.ts";
import { branchChangesetUri, ROOT_URI, turnChangesetUri } from "../../src/protocol/uris.ts";
import { describeAgentHost, failTurn, newSession, provider, untilState } from "./vscodeAgentHostFixture.ts";

const onRoot = { channel: ROOT_URI };

describeAgentHost("Files", (scene) => {
  it("reads, lists and resolves what is there", async () => {
    const { client, folder } = scene;
    const read = { ...onRoot, uri: `${folder}/a.txt` };
    expect(await client.request("resourceRead", read)).toMatchObject({ data: "one\n", encoding: "utf-8" });
    expect(await client.request("resourceRead", { ...read, encoding: "base64" })).toMatchObject({
      data: Buffer.from("one\n").toString("base64"),
      encoding: "base64",
    });
    const { entries } = await client.request("resourceList", { ...onRoot, uri: folder });
    expect(entries.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
      { name: ".git", type: "directory" },
      { name: "a.txt", type: "file" },
      { name: "src", type: "directory" },
    ]);
    expect(await client.request("resourceResolve", read)).toMatchObject({ uri: read.uri, type: "file", size: 4 });
    expect(await client.request("resourceResolve", { ...onRoot, uri: folder })).toMatchObject({ type: "directory" });
    await expect(client.request("resourceRequest", { ...onRoot, uri: folder, read: true })).resolves.toEqual({});
  });

  it("writes, moves and removes, with the protocol's codes for what stands in the way", async () => {
    const { client, fixture } = scene;
    const uri = fixture.uri("notes", "today.txt");
    const write = (more: object) =>
      client.request("resourceWrite", { ...onRoot, uri, data: "written", encoding: "utf-8", ...more });
    await client.request("resourceMkdir", { ...onRoot, uri: fixture.uri("notes") });
    await write({ createOnly: true });
    expect(await readFile(path.join(fixture.host.home, "notes", "today.txt"), "utf8")).toBe("written");
    await expect(write({ createOnly: true })).rejects.toMatchObject({ code: "conflict", details: { rpcCode: -32010 } });
    await expect(write({ ifMatch: "stale" })).rejects.toMatchObject({ code: "conflict", details: { rpcCode: -32011 } });
    const { etag } = await client.request("resourceResolve", { ...onRoot, uri });
    await write({ data: " and more", mode: "append", ifMatch: etag });
    const copy = { ...onRoot, source: uri, destination: fixture.uri("notes", "copy.txt"), failIfExists: true };
    await client.request("resourceCopy", copy);
    await expect(client.request("resourceCopy", copy)).rejects.toMatchObject({ details: { rpcCode: -32010 } });
    const moved = fixture.uri("notes", "moved.txt");
    await client.request("resourceMove", { ...onRoot, source: copy.destination, destination: moved });
    expect(await client.request("resourceRead", { ...onRoot, uri: moved })).toMatchObject({ data: "written and more" });
    await client.request("resourceDelete", { ...onRoot, uri: fixture.uri("notes"), recursive: true });
    await expect(client.request("resourceRead", { ...onRoot, uri: moved })).rejects.toMatchObject({ code: "notFound" });
  });

  it.each(["resourceRead", "resourceList", "resourceResolve", "resourceDelete"] as const)(
    "%s of what is not there is not found",
    async (method) => {
      const { client, fixture } = scene;
      await expect(client.request(method, { ...onRoot, uri: fixture.uri("nothing") })).rejects.toMatchObject({
        code: "notFound",
        details: { rpcCode: -32008 },
      });
    },
  );

  it("tells in one line what else it cannot read", async () => {
    const { client, folder } = scene;
    const read = (uri: string) => client.request("resourceRead", { ...onRoot, uri });
    await expect(read(folder)).rejects.toMatchObject({
      message: expect.stringMatching(/^Failed to read.*directory.*$/),
    });
    await expect(read("nobodys:/file")).rejects.toMatchObject({ message: expect.stringContaining("nobodys:/file") });
    await expect(client.request("resourceList", { ...onRoot, uri: `${folder}/a.txt` })).rejects.toMatchObject({
      code: "notFound",
    });
  });

  it("tells of files that change under a watch, which ends with its last subscriber", async () => {
    const { client, fixture } = scene;
    const { git, uri } = await fixture.repository();
    const { channel } = await client.request("createResourceWatch", { ...onRoot, uri, recursive: true });
    const watch = client.subscribe("resourceWatch", channel);
    expect(await watch.ready).toMatchObject({ root: uri, recursive: true });
    const changed = Promise.withResolvers<unknown>();
    watch.onDidChange(({ applied }) => {
      for (const action of applied ?? []) {
        if (action.type === "resourceWatch/changed") changed.resolve(action.changes.items[0]);
      }
    });
    // The watch is armed some time after its answer, and nothing tells when: what it misses is written again.
    let written = 0;
    const writing = setInterval(() => void git.write(`watched-${++written}.txt`, "x"), 200);
    try {
      expect(await changed.promise).toMatchObject({ uri: expect.stringContaining(`${uri}/watched-`), type: "added" });
    } finally {
      clearInterval(writing);
    }
    watch.dispose();
  });

  it("shows what changed in the work tree, before and after", async () => {
    const { client, fixture } = scene;
    const { git, uri: folder } = await fixture.repository();
    const all = await newSession({ client, folder });
    await failTurn(client, all, "t1");
    await untilState(
      all.session,
      ({ changesets }) => changesets?.some(({ changeKind }) => changeKind === "uncommitted") ?? false,
    );
    expect(all.session.state?.changesets?.map(({ changeKind, uriTemplate }) => [changeKind, uriTemplate])).toEqual(
      expect.arrayContaining([
        ["session", `${all.uri}/changeset/session`],
        ["turn", `${all.uri}/changeset/turn/{turnId}`],
        ["compare-turns", `${all.uri}/changeset/compare/{originalTurnId}/{modifiedTurnId}`],
      ]),
    );
    await git.write("a.txt", "one\ntwo\n");
    await git.write("new ü.txt", "new\n");
    await rm(path.join(git.path, "src", "x.ts"));

    const changeset = client.subscribe("changeset", `${all.uri}/changeset/uncommitted`);
    await untilState(changeset, ({ status, files }) => status === "ready" && files.length === 3);
    expect(await contents(changeset.state!)).toEqual({
      "a.txt": ["one\n", "one\ntwo\n", { added: 1, removed: 0 }],
      "new%20%C3%BC.txt": [undefined, "new\n", { added: 1, removed: 0 }],
      "src/x.ts": ["export const x = 1;\n", undefined, { added: 0, removed: 1 }],
    });
    const [file] = changeset.state!.files;
    expect(file?.edit.before?.content.uri).toMatch(/^git-blob:\/.*a\.txt\?/);
    expect(file?.edit.after?.content.uri).toBe(`${folder}/a.txt`);
    const reviewed: StateAction = { type: "changeset/filesReviewChanged", files: [file!.id], reviewed: true };
    await expect(client.dispatch(changeset.uri, reviewed)).rejects.toMatchObject({
      code: "request.rejected",
      message: expect.stringMatching(/^Not a branch changeset URI/),
    });

    async function contents(state: ChangesetState): Promise<Record<string, unknown>> {
      const read = async (uri?: string) => uri && (await client.request("resourceRead", { ...onRoot, uri })).data;
      const sides = state.files.map(async ({ id, edit }) => [
        id.slice(folder.length + 1),
        [await read(edit.before?.content.uri), await read(edit.after?.content.uri), edit.diff],
      ]);
      return Object.fromEntries(await Promise.all(sides));
    }
  });

  it("knows of no changes of a turn that never began, and says why two of them cannot be compared", async () => {
    const { client, fixture } = scene;
    const { git, uri: folder } = await fixture.repository();
    const all = await newSession({ client, folder });
    await failTurn(client, all, "t1");
    await git.write("a.txt", "between the turns\n");
    await failTurn(client, all, "t2");
    const turn = client.subscribe("changeset", turnChangesetUri(all.uri, "t2"));
    expect((await untilState(turn, ({ status }) => status === "ready")).files).toEqual([]);
    const compared = client.subscribe("changeset", `${all.uri}/changeset/compare/t1/t2`);
    const { error } = await untilState(compared, ({ status }) => status === "error");
    expect(error).toMatchObject({
      errorType: "computeFailed",
      message: expect.stringContaining("No checkpoint available for both turns"),
    });
  });

  it("has a branch to review in a worktree, and operations on what is not committed", async () => {
    const { client, fixture } = scene;
    const { uri: folder } = await fixture.repository();
    const all = await newSession({ client, folder }, { isolation: "worktree" });
    await failTurn(client, all, "t1", "Branch off");
    const { workingDirectories } = await untilState(
      all.session,
      (state) => state.workingDirectories?.includes(folder) === false,
    );
    const worktree = workingDirectories![0]!;
    await writeFile(new URL(`${worktree}/a.txt`), "in the worktree\n");
    const branch = client.subscribe("changeset", branchChangesetUri(all.uri));
    const [file] = (await untilState(branch, ({ status, files }) => status === "ready" && files.length === 1)).files;
    expect(file?.id).toBe(`${worktree}/a.txt`);
    await client.dispatch(branch.uri, { type: "changeset/filesReviewChanged", files: [file!.id], reviewed: true });
    expect(branch.state?.files[0]?.reviewed).toBe(true);

    const uncommitted = client.subscribe("changeset", `${all.uri}/changeset/uncommitted`);
    const { operations } = await untilState(uncommitted, (state) => (state.operations?.length ?? 0) > 0);
    expect(operations?.map(({ id, scopes }) => [id, scopes])).toEqual([
      ["commit", ["changeset"]],
      ["discard-changes", ["resource"]],
    ]);
    const target = { kind: "resource" as const, resource: `${worktree}/a.txt` };
    const discard = { channel: uncommitted.uri, operationId: "discard-changes", target };
    const { message } = await client.request("invokeChangesetOperation", discard);
    expect(message).toEqual({ markdown: "Discarded changes to `a.txt`." });
    expect(await client.request("resourceRead", { ...onRoot, uri: target.resource })).toMatchObject({ data: "one\n" });
    await expect(
      client.request("invokeChangesetOperation", { ...discard, operationId: "nothing" }),
    ).rejects.toMatchObject({ name: "AppError" });
  });

  it("makes a session without a folder too", async () => {
    const { client } = scene;
    const uri = `${provider}:/${crypto.randomUUID()}`;
    await client.request("createSession", { channel: uri, provider });
    expect((await client.subscribe("session", uri).ready).provider).toBe(provider);
  });
});
