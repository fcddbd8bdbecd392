import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Cgroups } from "../../../../src/host/isolation/cgroups.ts";
import { systemClock } from "../../../../src/host/systemClock.ts";

/** Directories in the place of the kernel's: what is written there is what the kernel would be told. */
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "muster-cgroups-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const at = (...names: string[]) => path.join(directory, ...names);
const read = (...names: string[]) => readFileSync(at(...names), "utf8");

function system(mounts: readonly string[], groups: readonly string[]) {
  writeFileSync(at("mountinfo"), `25 1 0:3 / /proc rw - proc proc rw\n${mounts.join("\n")}\n`);
  writeFileSync(at("own"), `${groups.join("\n")}\n`);
  return { mountInfo: at("mountinfo"), ownGroups: at("own") };
}

function group(name: string, files: Readonly<Record<string, string>>) {
  mkdirSync(at(name), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(at(name, file), text);
}

const limits = { memoryBytes: 100, processes: 7, cpus: 0.5 };

describe("control groups of version 2", () => {
  const mount = () => [`30 25 0:26 / ${at("v2")} rw - cgroup2 cgroup2 rw`];

  it("get the limits of their box, below the host's own group", async () => {
    group("v2/service", {
      "cgroup.controllers": "cpu memory pids",
      "cgroup.subtree_control": "cpu memory pids",
      "cgroup.procs": "1\n",
    });
    const cgroups = await Cgroups.find(system(mount(), ["0::/service"]));
    expect(cgroups.missing).toEqual([]);
    const made = await cgroups.create("a", limits);
    expect(made?.procsFiles).toEqual([at("v2/service/muster-a/cgroup.procs")]);
    expect(made?.directories).toMatchObject({ memory: at("v2/service/muster-a"), pids: at("v2/service/muster-a") });
    expect(read("v2/service/muster-a/memory.max")).toBe("100");
    expect(read("v2/service/muster-a/memory.swap.max")).toBe("0");
    expect(read("v2/service/muster-a/pids.max")).toBe("7");
    expect(read("v2/service/muster-a/cpu.max")).toBe("50000 100000");
    writeFileSync(at("v2/service/muster-a/memory.events"), "low 0\noom 3\noom_kill 2\n");
    expect(await made?.memoryKills()).toBe(2);
  });

  it("are made without limits where their controllers are not handed down, and that is said", async () => {
    group("v2/service", { "cgroup.controllers": "cpu", "cgroup.subtree_control": "", "cgroup.procs": "1\n2\n" });
    rmSync(at("v2/service/cgroup.subtree_control"));
    mkdirSync(at("v2/service/cgroup.subtree_control"));
    const cgroups = await Cgroups.find(system(mount(), ["0::/service"]));
    expect(cgroups.missing).toEqual(["memory", "pids", "cpu"]);
    expect((await cgroups.create("a", limits))?.procsFiles).toHaveLength(1);
    expect(existsSync(at("v2/service/muster-a/memory.max"))).toBe(false);
  });
});

describe("control groups of version 1", () => {
  it("get the limits of their box, one group a controller", async () => {
    const names = ["memory", "pids", "cpu,cpuacct"];
    for (const name of names) group(`v1/${name}/own`, {});
    const mounts = names.map(
      (name, index) => `3${index} 25 0:3${index} / ${at("v1", name)} rw - cgroup cgroup rw,${name}`,
    );
    const cgroups = await Cgroups.find(system(mounts, ["3:cpu,cpuacct:/own", "2:pids:/own", "1:memory:/own"]));
    expect(cgroups.missing).toEqual([]);
    const made = await cgroups.create("a", limits);
    expect(made?.procsFiles).toHaveLength(3);
    expect(read("v1/memory/own/muster-a/memory.limit_in_bytes")).toBe("100");
    expect(read("v1/pids/own/muster-a/pids.max")).toBe("7");
    expect(read("v1/cpu,cpuacct/own/muster-a/cpu.cfs_quota_us")).toBe("50000");
    expect(made?.directories).toMatchObject({ cpuacct: at("v1/cpu,cpuacct/own/muster-a") });
  });
});

describe("a machine without control groups", () => {
  it("has none, and says so", async () => {
    const cgroups = await Cgroups.find(system([], []));
    expect(cgroups.missing).toEqual(["memory", "pids", "cpu"]);
    expect(await cgroups.create("a", limits)).toBeUndefined();
  });
});

it("takes away what an earlier host has left, and nothing of others", async () => {
  group("v1/pids/muster-abc-1", {});
  group("v1/pids/muster-def-1", {});
  const cgroups = await Cgroups.find(
    system([`30 25 0:30 / ${at("v1/pids")} rw - cgroup cgroup rw,pids`], ["1:pids:/"]),
  );
  await cgroups.sweep("abc-", systemClock);
  expect([existsSync(at("v1/pids/muster-abc-1")), existsSync(at("v1/pids/muster-def-1"))]).toEqual([false, true]);
});
