import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { memory } from "../bench/editor/memory.ts";
import { host } from "../bench/host/host.ts";
import { review } from "../bench/review/review.ts";
import { wire } from "../bench/wire/wire.ts";

const bench = fileURLToPath(new URL("../bench/bench.ts", import.meta.url));
const run = (...args: readonly string[]) => spawnSync(process.execPath, [bench, ...args], { encoding: "utf8" });

// What is measured means nothing here; that it can be measured does.
describe("every measurement", () => {
  // In a window of VS Code, as the other parts of the editor.
  const { multiDiff: _multiDiff, ...reviewing } = review;
  it.each(Object.entries({ ...wire, ...host, ...reviewing, "editor memory": memory }))(
    "%s runs",
    { timeout: 120_000 },
    async (name, part) => {
      const notes: string[] = [];
      const measures = await part({ scale: "tiny", note: (text) => notes.push(text) });
      if (measures.length === 0) expect(notes.join("\n")).toContain(`${name}: NOT MEASURED`);
      for (const { what, ours, peer, ratio } of measures) {
        expect([what, Number.isFinite(ours), Number.isFinite(peer), Number.isFinite(ratio)]).toEqual([
          what,
          true,
          true,
          true,
        ]);
      }
    },
  );
});

describe("npm run bench", () => {
  it("says what there is when asked for something else", () => {
    expect(run()).toMatchObject({ status: 2, stderr: expect.stringContaining("Name a suite") });
    expect(run("speed")).toMatchObject({ status: 2, stderr: expect.stringContaining("Name a suite") });
    expect(run("wire", "speed")).toMatchObject({ status: 2, stderr: expect.stringContaining("no part speed") });
  });

  it("prints one line with --json", () => {
    const { status, stdout } = run("wire", "parsing", "--quick", "--json");
    expect(status).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({ name: "wire", measures: [{ goal: "<= 1.2" }, {}, {}] });
  });
});
