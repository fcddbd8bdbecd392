import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { accessSync, constants, existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { silentLogger } from "../../base/logger.ts";
import type { HostConfig } from "../config.ts";
import { systemClock } from "../systemClock.ts";
import { PtyHostClient } from "../terminals/ptyHostClient.ts";
import { makeIsolation } from "../isolation/isolation.ts";
import type { Finding } from "./finding.ts";

const lowDiskBytes = 2 * 1024 ** 3;

export async function checkGit(): Promise<Finding> {
  const version = await new Promise<string | undefined>((resolve) => {
    execFile("git", ["version"], { timeout: 10_000 }, (error, stdout) => resolve(error ? undefined : stdout.trim()));
  });
  if (version === undefined) {
    return { check: "git", state: "missing", text: "git was not found. Install git 2.39 or later." };
  }
  const [, major = "0", minor = "0"] = /(\d{1,9})\.(\d{1,9})/.exec(version) ?? [];
  const isOld = Number(major) < 2 || (Number(major) === 2 && Number(minor) < 39);
  const text = isOld ? `${version} is too old. Install git 2.39 or later.` : version;
  return { check: "git", state: isOld ? "missing" : "ok", text, details: { version } };
}

/** Whether agents can be confined as configured; starts the layer once. */
export async function checkIsolation(
  { isolation: kind, box, egress }: Pick<HostConfig, "isolation" | "box" | "egress">,
  searchPath: string,
): Promise<Finding> {
  const isUsed = kind === "bubblewrap";
  const directory = mkdtempSync(path.join(tmpdir(), "muster-doctor-"));
  try {
    const place = { dataDir: directory, hidden: [], path: searchPath, clock: systemClock };
    const shortcomings = await makeIsolation("bubblewrap", { ...place, box, egress }).shortcomings();
    const but = shortcomings.length === 0 ? "" : `, but ${shortcomings.join("; ")}`;
    const text = isUsed
      ? `isolation: bubblewrap works${but}`
      : `isolation: none (agents run with your rights); bubblewrap works${but}, so "isolation": "bubblewrap" is possible`;
    const state = isUsed && shortcomings.length === 0 ? "ok" : "warning";
    return { check: "isolation", state, text, details: { kind, bubblewrap: true, shortcomings } };
  } catch (error) {
    const why = AppError.from(error, "bubblewrap could not be tried").message;
    const text = isUsed
      ? `isolation: ${why}`
      : `isolation: none (agents run with your rights), and bubblewrap is not to be had here`;
    return {
      check: "isolation",
      state: isUsed ? "missing" : "warning",
      text,
      details: { kind, bubblewrap: false, why },
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Opens a pseudo-terminal as an editor's terminal would; without them the host works, but offers no terminals. */
export async function checkTerminals(): Promise<Finding> {
  const client = new PtyHostClient({ logger: silentLogger, clock: systemClock });
  const ended = Promise.withResolvers<void>();
  const timer = systemClock.setTimeout(() => ended.reject(new Error("it did not answer in 10 seconds")), 10_000);
  try {
    const plan = { file: "/bin/sh", args: ["-c", "exit 0"], env: {}, cwd: tmpdir() };
    const request = { plan, marker: randomUUID(), cols: 80, rows: 24 };
    await Promise.race([client.spawn(request, { data: () => {}, exited: () => ended.resolve() }), ended.promise]);
    await ended.promise;
    return { check: "terminals", state: "ok", text: "terminals: node-pty works" };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = `terminals: none can be opened (${why}). Install the optional package node-pty; everything else works without it.`;
    return { check: "terminals", state: "warning", text, details: { why } };
  } finally {
    timer.dispose();
    await client.stop();
  }
}

/** The data directory, or where it will be made. */
export function checkData(directory: string): Finding[] {
  const existing = nearestExisting(directory);
  const writable = isWritable(existing);
  const place = existing === directory ? directory : `${directory} (to be made)`;
  const data: Finding = writable
    ? { check: "data", state: "ok", text: `data directory: ${place}`, details: { directory } }
    : {
        check: "data",
        state: "missing",
        text: `data directory: ${existing} can't be written. Correct its owner, or name another with --data.`,
        details: { directory },
      };
  const { bavail, bsize } = statfsSync(existing);
  const freeBytes = bavail * bsize;
  const free = `${(freeBytes / 1024 ** 3).toFixed(1)} GiB`;
  const disk: Finding =
    freeBytes >= lowDiskBytes
      ? { check: "disk", state: "ok", text: `free disk: ${free}`, details: { freeBytes } }
      : {
          check: "disk",
          state: "warning",
          text: `free disk: only ${free}. Make room: every session holds a checkout of its repository.`,
          details: { freeBytes },
        };
  return [data, disk];
}

function nearestExisting(directory: string): string {
  return existsSync(directory) ? directory : nearestExisting(path.dirname(directory));
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    // The rights may allow what the file system does not.
    const trial = path.join(directory, `.muster-doctor-${randomUUID()}`);
    writeFileSync(trial, "");
    rmSync(trial);
    return true;
  } catch {
    return false;
  }
}
