import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseProcess, ProcFs } from "../../../../src/host/machine/procFs.ts";

const stat = "42 (a) b (c)) S 7 42 42 0 -1 4194304 900 800 0 0 150 50 30 20 20 0 8 0 5000 1000 10 0";
const status = "Name:\ta\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";

describe("what the operating system tells", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), "muster-proc-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function process(pid: number, environment: string): void {
    mkdirSync(path.join(root, String(pid)), { recursive: true });
    writeFileSync(path.join(root, String(pid), "stat"), stat.replace("42", String(pid)));
    writeFileSync(path.join(root, String(pid), "status"), status);
    writeFileSync(path.join(root, String(pid), "environ"), environment);
  }

  it("is read whatever the process calls itself", () => {
    expect(parseProcess(42, stat, status)).toEqual({
      pid: 42,
      startedAt: 5000,
      parentPid: 7,
      ownMs: 2000,
      reapedMs: 500,
      memoryBytes: 1024 * 1024,
      peakMemoryBytes: 2048 * 1024,
    });
    expect(parseProcess(42, "", "")).toBeUndefined();
  });

  it("is told apart by the marker that all of a program's processes carry", async () => {
    process(1, "A=1\0MUSTER_AGENT_PROCESS=x\0");
    process(2, "MUSTER_AGENT_PROCESS=y\0");
    process(3, "PATH=/bin\0");
    const machine = new ProcFs(root);
    const found = await machine.look();
    expect(Array.from(found, ([marker, looks]) => [marker, looks.map(({ pid }) => pid)])).toEqual([
      ["x", [1]],
      ["y", [2]],
    ]);
  });

  it("takes up a process that still showed its parent's environment at the first look", async () => {
    process(3, "");
    const machine = new ProcFs(root);
    expect((await machine.look()).size).toBe(0);
    process(3, "MUSTER_AGENT_PROCESS=z\0");
    expect(Array.from((await machine.look()).keys())).toEqual(["z"]);
  });

  it("knows control groups of both versions, and no time where there is none", async () => {
    const directory = path.join(root, "group");
    mkdirSync(directory);
    const machine = new ProcFs(root);
    expect(await machine.lookAtGroup({ cpu: directory })).toBeUndefined();
    writeFileSync(path.join(directory, "cpu.stat"), "usage_usec 2500000\nuser_usec 1\n");
    writeFileSync(path.join(directory, "memory.peak"), "1048576\n");
    const both = { cpu: directory, memory: directory };
    expect(await machine.lookAtGroup(both)).toEqual({ cpuMs: 2500, peakMemoryBytes: 1048576 });
    writeFileSync(path.join(directory, "cpuacct.usage"), "7000000\n");
    expect(await machine.lookAtGroup({ cpuacct: directory })).toEqual({ cpuMs: 7, peakMemoryBytes: undefined });
  });
});
