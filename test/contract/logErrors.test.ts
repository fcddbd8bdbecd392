import { describe, expect, it } from "vitest";
import { canRecord } from "../chaos/diskRecording.ts";
import { writeWith } from "../chaos/diskErrors.ts";

const isHere = canRecord();
if (!isHere) console.warn("SKIPPED: failing calls to the disk (DUR-9). They need strace and the right to use it.");

const places =
  process.env["MUSTER_CHAOS_RUNS"] === undefined ? [20, 47] : Array.from({ length: 30 }, (_, index) => 16 + index);

describe.skipIf(!isHere)("DUR-9: a log whose disk fails", { timeout: 30_000 + places.length * 5_000 }, () => {
  it.each([
    ["cannot sync", "fsync:error=EIO"],
    ["cannot write", "pwrite64:error=EIO"],
    ["has no memory for a write", "pwrite64:error=ENOMEM"],
    ["may not write any more", "pwrite64:error=EROFS"],
  ])(
    "%s: it stops at once, has told of nothing that is not there, and asks the disk nothing again",
    async (_what, call) => {
      for (const place of places) {
        const outcome = await writeWith(`${call}:when=${place * (call.startsWith("pwrite64") ? 5 : 1)}`);
        expect(outcome, `${call} ${place}`).toEqual({ exitCode: 1, isInjected: true, callsAfter: [], problems: [] });
      }
    },
  );

  it("has no more file descriptors: it does not start, or goes on with those it has", async () => {
    for (const place of ["60+", "90+", "120+"]) {
      const { exitCode, problems } = await writeWith(`openat:error=EMFILE:when=${place}`);
      expect({ problems, isKnown: exitCode === 0 || exitCode === 1 }).toEqual({ problems: [], isKnown: true });
    }
  });
});
