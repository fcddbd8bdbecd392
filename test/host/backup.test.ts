import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { backUp } from "../../src/host/operations/backup.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { HostDirectory } from "./hostProcess.ts";
import { createSession, finished, hostConfig, prompt, refs, remoteRepository, watch } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";
import { hostMain } from "../support/hostPrograms.ts";

const writer = fileURLToPath(new URL("../chaos/steadyWriter.ts", import.meta.url));
const fullRun = process.env["MUSTER_CHAOS_RUNS"] !== undefined;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "muster-backup-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function backup(data: string, to: string) {
  return spawnSync(process.execPath, [hostMain, "backup", "--data", data, "--to", to], { encoding: "utf8" });
}

function read(data: string): SqliteLog {
  return SqliteLog.open({ directory: data, clock: systemClock, logger: silentLogger, readOnly: true });
}

describe("a backup", () => {
  it("DUR-11: is whole and at most a second old, while a thousand records a second are written", async () => {
    const data = path.join(directory, "data");
    const child = spawn(process.execPath, [writer, data], { stdio: ["pipe", "pipe", "inherit"] });
    const commits: { durable: number; at: number }[] = [];
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => commits.push(JSON.parse(line) as { durable: number; at: number }));
    const reached = async (seq: number) => {
      while ((commits.at(-1)?.durable ?? 0) < seq) await once(lines, "line");
    };
    const wanted = fullRun ? 30_000 : 3_000;
    await reached(wanted);
    const target = path.join(directory, "backup");
    const began = Date.now();
    const copying = spawn(process.execPath, [hostMain, "backup", "--data", data, "--to", target], { stdio: "ignore" });
    const [code] = (await once(copying, "exit")) as [number];
    expect(code).toBe(0);
    await reached(wanted + 1_000);
    child.stdin.end();
    await once(child, "exit");
    const [copy, original] = [read(target), read(data)];
    expect(await copy.verify()).not.toHaveProperty("problem");
    const atStart = commits.findLast(({ at }) => at <= began - 1_000)?.durable ?? 0;
    expect(copy.lastSeq).toBeGreaterThanOrEqual(atStart);
    expect(copy.lastSeq).toBeGreaterThanOrEqual(wanted - 1_000);
    // The same records: the chains agree where the copy ends.
    for (const channel of await copy.channels()) {
      const last = await copy.latest(channel);
      for await (const record of original.read({ after: (last?.seq ?? 1) - 1, channel, limit: 1 }))
        expect(record).toEqual(last);
    }
    // Numbers that are given out after a restore are others than those that clients know.
    expect(copy.epoch).not.toBe(original.epoch);
    await copy.close();
    await original.close();
  });

  it("is a host's data: put in its place, every session can go on", async () => {
    const repository = await remoteRepository();
    const running = new HostDirectory(hostConfig(repository.directory));
    const data = path.join(running.path, "data");
    let host = await running.start();
    let client = await WireClient.connect(host.url, host.token);
    const all = await createSession(client, "aaaaaaaa-back-0000", "scripted", repository.remote);
    prompt(client, all, "t1", "edit");
    await finished(client, all, "t1");
    symlinkSync("/nowhere/at/all", path.join(data, "sessions", "aaaaaaaa-back-0000", "workspace", "link"));
    const target = path.join(directory, "backup");
    const done = backup(data, target);
    expect(done.stderr).toBe("");
    expect(done.stdout).toMatch(/^\d+ files \([\d.]+ MiB\) are in /);
    expect(statSync(target).mode & 0o077).toBe(0);
    expect(readlinkSync(path.join(target, "sessions", "aaaaaaaa-back-0000", "workspace", "link"))).toBe(
      "/nowhere/at/all",
    );
    client.close();
    await host.stop();
    rmSync(data, { recursive: true });
    spawnSync("mv", [target, data]);
    host = await running.start();
    client = await WireClient.connect(host.url, host.token);
    await watch(client, refs("aaaaaaaa-back-0000"));
    expect(client.state("chat", all.chat).turns.map(({ id }) => id)).toEqual(["t1"]);
    prompt(client, all, "t2", "edit");
    expect(await finished(client, all, "t2")).toMatchObject({ state: "complete" });
    client.close();
    await host.stop();
    running.remove();
    repository.remove();
  });

  it("is refused in a sentence where it would overwrite or hold itself", async () => {
    const data = path.join(directory, "data");
    mkdirSync(data);
    const there = path.join(directory, "there");
    await expect(backUp(data, there)).rejects.toThrow(/There is no log in/);
    await expect(backUp(data, path.join(data, "inside"))).rejects.toThrow(/is inside of/);
    writeFileSync(path.join(data, "log.db"), "");
    writeFileSync(path.join(there, "log.db"), "mine");
    await expect(backUp(data, there)).rejects.toThrow(/There is a log in .* already/);
    expect(readFileSync(path.join(there, "log.db"), "utf8")).toBe("mine");
  });
});
