import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { bubblewrapConfinement } from "../../../../src/host/workspaces/confinement.ts";

it("shows git the folders of the PATH that this account can enter: bubblewrap gives up at others", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "muster-confinement-"));
  const [programs, closed, gone] = ["programs", "closed", "gone"].map((name) => path.join(directory, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(programs);
  mkdirSync(closed);
  writeFileSync(path.join(programs, "bwrap"), "");
  chmodSync(closed, 0o000);
  const words = bubblewrapConfinement([programs, closed, gone, "relative"].join(path.delimiter), false)?.(["/w"], "/w");
  chmodSync(closed, 0o700);
  rmSync(directory, { recursive: true });
  expect(words?.slice(0, 1)).toEqual([path.join(programs, "bwrap")]);
  expect(words).toContain(programs);
  expect(words).not.toContain(gone);
  // Root may enter everything.
  if (process.getuid?.() !== 0) expect(words).not.toContain(closed);
});
