import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bubblewrapConfinement } from "../../src/host/workspaces/confinement.ts";
import { HostileOrigin } from "./hostileOrigin.ts";

let fixture: HostileOrigin;
beforeEach(() => {
  fixture = new HostileOrigin();
});
afterEach(() => fixture.dispose());

/** `MUSTER_GIT_CORPUS=full` adds the large ones. */
describe("GIT-6 quotas", () => {
  const files = (maxEntries: number, maxBytes: number) => ({ limits: { files: { maxEntries, maxBytes } } });

  it("refuses too many files before it writes one", async () => {
    fixture.seedCommit(Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`d/${index}.txt`, `${index}\n`])));
    await expect(fixture.provision({}, files(50, 2 ** 30))).rejects.toMatchObject({
      code: "repository.cloneFailed",
      message: expect.stringContaining("more than 50 files"),
    });
    expect(await fixture.provision({}, files(61, 2 ** 30))).toBeDefined();
  });

  it("refuses a small pack that unfolds into much, and trees that hold themselves many times over", async () => {
    fixture.seedCommit({ "zeros.bin": Buffer.alloc(20_000_000) });
    const big = await fixture.provision({}, files(1_000, 5_000_000)).catch((error: unknown) => error);
    expect(big).toMatchObject({ code: "repository.cloneFailed", message: expect.stringContaining("more than 5 MB") });
    let oid = fixture.tree([{ mode: "100644", name: "leaf", oid: fixture.blob("leaf\n") }]);
    for (let level = 0; level < 10; level += 1) {
      const inner = oid;
      oid = fixture.tree(Array.from({ length: 10 }, (_, index) => ({ mode: "40000", name: `d${index}`, oid: inner })));
    }
    fixture.publish(oid);
    const startedAt = performance.now();
    await expect(fixture.provision({ sessionId: "bomb" }, files(20_000, 2 ** 33))).rejects.toMatchObject({
      code: "repository.cloneFailed",
    });
    expect(performance.now() - startedAt).toBeLessThan(60_000);
  });

  it("stops a fetch that brings more than it may", async () => {
    const noise = randomBytes(3_000_000);
    fixture.seedCommit({ "noise.bin": noise });
    const limits = { maxFetchBytes: 1_000 };
    await expect(fixture.provision({}, { limits })).rejects.toMatchObject({
      code: "repository.cloneFailed",
      message: expect.stringContaining("larger than this host allows"),
    });
  });

  it("tells of an agent that makes too much, keeps its files and goes on when there is room again", async () => {
    fixture.seedCommit({ "a.txt": "a\n" });
    const workspace = await fixture.provision({}, files(40, 3_000_000));
    for (let index = 0; index < 60; index += 1) fixture.write(workspace.paths.root, { [`many/${index}`]: "x" });
    await expect(workspace.checkpoint("Turn")).rejects.toMatchObject({
      code: "limit.exceeded",
      message: expect.stringContaining("more than 40 files"),
    });
    expect(existsSync(path.join(workspace.paths.root, "many/59"))).toBe(true);
    execFileSync("rm", ["-r", path.join(workspace.paths.root, "many")]);
    fixture.write(workspace.paths.home, { "cache.bin": Buffer.alloc(4_000_000, 1) });
    await expect(workspace.checkpoint("Turn")).rejects.toMatchObject({ message: expect.stringContaining("3 MB") });
    execFileSync("rm", [path.join(workspace.paths.home, "cache.bin")]);
    fixture.write(workspace.paths.root, { "b.txt": "b\n" });
    expect(await workspace.checkpoint("Turn")).toMatchObject({ files: 1 });
  });

  it("works with paths fifty levels deep", async () => {
    const deep = `${Array.from({ length: 50 }, (_, index) => `level-${index}`).join("/")}/leaf.txt`;
    fixture.seedCommit({ [deep]: "deep\n" });
    const workspace = await fixture.provision();
    expect(readFileSync(path.join(workspace.paths.root, deep), "utf8")).toBe("deep\n");
    await fixture.useAll(workspace);
  });

  const full = process.env["MUSTER_GIT_CORPUS"] === "full";
  it.runIf(full)("works with 10,000 branches", async () => {
    fixture.seedCommit({ "a.txt": "a\n" });
    const oid = fixture.inOrigin("rev-parse", "main");
    const refs = Array.from({ length: 10_000 }, (_, index) => `create refs/heads/b/${index} ${oid}\n`).join("");
    execFileSync("git", ["update-ref", "--stdin"], { cwd: fixture.origin, input: refs });
    const startedAt = performance.now();
    await fixture.provision();
    const second = performance.now();
    await fixture.provision({ sessionId: "second" });
    console.log(
      `10,000 branches: ${Math.round(second - startedAt)} ms, again ${Math.round(performance.now() - second)} ms`,
    );
  });

  it.runIf(full)("works with 100,000 files", async () => {
    const inner = fixture.tree(
      Array.from({ length: 1_000 }, (_, index) => ({ mode: "100644", name: `f${index}`, oid: fixture.blob("x\n") })),
    );
    fixture.publish(
      fixture.tree(Array.from({ length: 100 }, (_, index) => ({ mode: "40000", name: `d${index}`, oid: inner }))),
    );
    const startedAt = performance.now();
    const workspace = await fixture.provision();
    const cloned = performance.now();
    await fixture.useAll(workspace);
    console.log(
      `100,000 files: ${Math.round(cloned - startedAt)} ms, a checkpoint and a push ${Math.round(performance.now() - cloned)} ms`,
    );
  });
});

const confine = bubblewrapConfinement(process.env["PATH"] ?? "");
/** In each, links and files change places tens of thousands of times. */
const rounds = Number(process.env["MUSTER_GIT_RACES"] ?? 8);

it.runIf(confine !== undefined)(
  "GIT-7 links that are put in the place of files while the host reads bring it nothing from outside",
  async () => {
    fixture.seedCommit({ "a.txt": "a\n" });
    fixture.write(fixture.root, { "secret/key.txt": "TOP-SECRET\n" });
    const workspace = await fixture.provision({}, { confine });
    const swapper = path.join(import.meta.dirname, "fixtures/swapper.mjs");
    const child = spawn(
      process.execPath,
      [swapper, workspace.paths.root, path.join(realpathSync(fixture.root), "secret")],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    try {
      await new Promise((resolve) => child.stdout.once("data", resolve));
      // A file that changes under git's hands may fail a reading; that is no matter.
      for (let round = 0; round < rounds; round += 1) await workspace.snapshot().catch(() => {});
    } finally {
      child.kill("SIGKILL");
    }
    const { gitDir } = workspace.paths;
    const objects = execFileSync("git", [`--git-dir=${gitDir}`, "cat-file", "--batch-all-objects", "--batch"], {
      encoding: "latin1",
    });
    expect(objects).toContain("harmless");
    expect(objects).not.toContain("TOP-SECRET");
  },
  60_000 + rounds * 2_000,
);
