import { mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeHomeDirectory } from "../../src/host/workspaces/environment.ts";

describe("a directory of a workspace's home", () => {
  let home: string;

  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), "muster-home-"));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it("can be made by an agent and several shells at the same moment", async () => {
    for (let round = 0; round < 50; round += 1) {
      const segments = ["tmp", `${round}`];
      const made = await Promise.all(Array.from({ length: 8 }, () => makeHomeDirectory(home, segments)));
      expect(new Set(made)).toEqual(new Set([path.join(home, "tmp", `${round}`)]));
    }
  });

  it("replaces a link that is in the way, and leaves alone what it led to", async () => {
    const elsewhere = await mkdtemp(path.join(tmpdir(), "muster-elsewhere-"));
    await symlink(elsewhere, path.join(home, "tmp"));
    await makeHomeDirectory(home, ["tmp", "inner"]);
    expect(await readdir(elsewhere)).toEqual([]);
    expect(await readdir(path.join(home, "tmp"))).toEqual(["inner"]);
    await rm(elsewhere, { recursive: true });
  });
});
