import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SpawnPlan } from "../../src/host/isolation/isolation.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { AgentProcess } from "../../src/host/providers/acp/agentProcess.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { BoxStage, type BoxSettings, hasBubblewrap } from "./isolationFixture.ts";

let stage: BoxStage;
let missing: readonly string[] = [];
beforeAll(async () => {
  if (!hasBubblewrap) return;
  const look = new BoxStage();
  missing = await look.isolation().shortcomings();
  for (const shortcoming of missing) process.stderr.write(`NOT TESTED HERE: ${shortcoming}\n`);
  await look.dispose();
});
beforeEach(() => {
  stage = new BoxStage();
});
afterEach(() => stage.dispose());

const megabyte = 1024 * 1024;
const can = (what: string) => !missing.some((shortcoming) => shortcoming.includes(what));

/** The end of what a program did until a limit stopped it, and how long that took. */
async function until(settings: BoxSettings, script: string) {
  const plan = await stage.plan(stage.isolation(settings), ["/bin/sh", "-c", script]);
  const agent = processOf(plan);
  const startedAt = performance.now();
  const exit = await agent.exited;
  const ms = performance.now() - startedAt;
  await agent.end();
  return { exit, ms, words: agent.lastWords };
}

function processOf(plan: SpawnPlan): AgentProcess {
  const parts = { clock: systemClock, logger: silentLogger, secrets: [], onStderr: () => {} };
  return new AgentProcess({ plan, marker: `limits-${Math.random()}`, ...parts });
}

function countOf(commandLine: string): number {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(commandLine);
    } catch {
      return false;
    }
  }).length;
}

describe.skipIf(!hasBubblewrap)("SBX-4: what one box may use", () => {
  it("processes: a fork bomb stops by itself, and all of it is gone within 5 s", async ({ skip }) => {
    if (process.getuid?.() !== 0 && !can("processes")) skip("processes cannot be limited on this machine");
    const script = "bomb() { sleep 1234 & bomb & bomb & wait; }; bomb";
    const plan = await stage.plan(stage.isolation({ box: { processes: 60 } }), ["/bin/sh", "-c", script]);
    const agent = processOf(plan);
    await expect.poll(() => countOf("sleep\x001234"), { timeout: 5_000 }).toBeGreaterThan(5);
    expect(countOf("sleep\x001234")).toBeLessThanOrEqual(60);
    const startedAt = performance.now();
    await agent.end(true);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(countOf("sleep\x001234")).toBe(0);
  });

  it("memory: what takes too much is ended, and the session can say why", async ({ skip }) => {
    if (!can("memory")) skip("memory cannot be limited on this machine");
    const node = `exec ${process.execPath} -e 'const kept = []; for (;;) kept.push(Buffer.alloc(${4 * megabyte}, 1))'`;
    const { exit, ms } = await until({ box: { memoryMegabytes: 200 } }, node);
    expect(exit).toMatchObject({
      verdict: expect.stringContaining("It ran out of memory: its programs may use 200 MB"),
    });
    expect(ms).toBeLessThan(5_000);
  });

  it("memory: files in /tmp count, and have a limit of their own", async () => {
    const { words, ms } = await until(
      { box: { tmpMegabytes: 8 } },
      "head -c 100000000 /dev/zero > /tmp/file; wc -c < /tmp/file >&2",
    );
    expect(words).toMatch(/No space left on device.* 8388608$/);
    expect(ms).toBeLessThan(5_000);
  });

  it("a file: writing 100 GB ends at the limit", async () => {
    const { ms } = await until({ box: { fileMegabytes: 4 } }, "head -c 100000000000 /dev/zero > big");
    expect(statSync(path.join(stage.root, "big")).size).toBe(4 * megabyte);
    expect(ms).toBeLessThan(5_000);
  });

  it("the disk: many files end with the session told why", async () => {
    const script = "n=0; while :; do n=$((n+1)); head -c 20000000 /dev/zero > big$n; done";
    const { exit, ms } = await until({ box: { diskMegabytes: 100 } }, script);
    expect(exit).toMatchObject({ verdict: expect.stringContaining("its files take more than 100 MB") });
    expect(ms).toBeLessThan(5_000);
  });

  it("the disk: files that take nothing but their names end with the session told why, too", async () => {
    const script = "mkdir many; cd many; n=0; while :; do n=$((n+1)); : > $n; done";
    const { exit } = await until({ box: { files: 1_000 } }, script);
    expect(exit).toMatchObject({ verdict: expect.stringContaining("it has more than 1000 files") });
  });

  it("a neighbour at its limits: what another box does takes at most twice as long", async ({ skip }) => {
    if (!can("processors") || !can("processes")) skip("processors cannot be limited on this machine");
    const other = stage.isolation({ box: { cpus: 0.5, processes: 60, diskMegabytes: 200, fileMegabytes: 20 } });
    const work = async () => {
      const before = performance.now();
      await stage.sh(stage.isolation(), "n=0; while [ $n -lt 5000 ]; do n=$((n+1)); done; cat secret");
      return performance.now() - before;
    };
    const times = async () => {
      const all: number[] = [];
      for (let run = 0; run < 5; run += 1) all.push(await work());
      return Math.max(...all);
    };
    const quiet = await times();
    // It computes, it writes, it starts processes and it talks, all without end.
    const greedy =
      "while :; do :; done & while :; do head -c 20000000 /dev/zero > big; done & while :; do (sleep 0.01 &) ; done & while :; do echo flooding the log >&2; done";
    const agent = processOf(await stage.plan(other, ["/bin/sh", "-c", greedy]));
    const beside = await times();
    await agent.end(true);
    process.stdout.write(`a box takes ${quiet.toFixed(0)} ms, ${beside.toFixed(0)} ms beside a greedy one\n`);
    expect(beside).toBeLessThan(2 * quiet + 50);
  }, 120_000);

  it("time of processors: a tenth of one is a tenth of one", async ({ skip }) => {
    if (!can("processors")) skip("processors cannot be limited on this machine");
    const plan = await stage.plan(stage.isolation({ box: { cpus: 0.1 } }), ["/bin/sh", "-c", "while :; do :; done"]);
    const agent = processOf(plan);
    const directory = plan.box?.cgroups["cpu"] ?? "";
    const throttled = () =>
      Number(/^nr_throttled (\d+)$/m.exec(readFileSync(path.join(directory, "cpu.stat"), "utf8"))?.[1]);
    await expect.poll(throttled, { timeout: 20_000 }).toBeGreaterThan(0);
    await agent.end(true);
  });

  it("children that nobody waits for, and those that hide, go with the box", async () => {
    const script = `${process.execPath} -e '
      const { spawn } = require("node:child_process");
      for (let n = 0; n < 20; n += 1) spawn("sleep", ["4321"], { detached: true, stdio: "ignore" }).unref();
      process.exit();
    '; setsid sh -c "trap : TERM HUP INT; sleep 4321 & sleep 4321" & exec sleep 4321`;
    const plan = await stage.plan(stage.isolation(), ["/bin/sh", "-c", script]);
    const agent = processOf(plan);
    await expect.poll(() => countOf("sleep\x004321"), { timeout: 10_000 }).toBe(23);
    const startedAt = performance.now();
    await agent.end();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(countOf("sleep\x004321")).toBe(0);
  });

  it("open files are those of the box alone: another program opens its own while one holds all it may", async () => {
    const hoarder = `exec ${process.execPath} -e 'const fs = require("node:fs"); const said = fs.openSync("said", "w"); try { for (;;) fs.openSync("/dev/null"); } catch {} fs.writeSync(said, "full"); setInterval(() => {}, 1000)'`;
    const plan = await stage.plan(stage.isolation(), ["/bin/sh", "-c", hoarder]);
    const child = stage.start(plan);
    const said = path.join(stage.root, "said");
    await expect.poll(() => existsSync(said) && readFileSync(said, "utf8"), { timeout: 10_000 }).toBe("full");
    expect(await stage.sh(stage.isolation(), "cat secret")).toBe("secret of one-00000000");
    const closed = once(child, "close");
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await closed;
  });
});
