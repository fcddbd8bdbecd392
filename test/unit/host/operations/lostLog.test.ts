import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { assertLogNotLost } from "../../../../src/host/operations/lostLog.ts";

let data: string;
beforeEach(() => {
  data = mkdtempSync(path.join(tmpdir(), "muster-lost-"));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

it("lets a host begin where nothing is yet, and go on where its log is", () => {
  assertLogNotLost(path.join(data, "none"));
  assertLogNotLost(data);
  mkdirSync(path.join(data, "sessions", "aaaaaaaa-0000"), { recursive: true });
  writeFileSync(path.join(data, "log.db"), "SQLite format 3");
  assertLogNotLost(data);
});

it.each([undefined, ""])("does not begin anew among files of agents whose log is lost (%j)", (log) => {
  mkdirSync(path.join(data, "sessions", "aaaaaaaa-0000"), { recursive: true });
  if (log !== undefined) writeFileSync(path.join(data, "log.db"), log);
  expect(() => assertLogNotLost(data)).toThrow(/the log that knows of them is gone\. Put .* back from a backup/);
});
