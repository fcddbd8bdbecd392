import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { canRecord } from "../chaos/diskRecording.ts";
import { checkLog, nothingSeen } from "../chaos/ledger.ts";
import { HostDirectory } from "./hostProcess.ts";
import { WireClient } from "./wireClient.ts";
import { hostMain } from "../support/hostPrograms.ts";

/** The host refuses it, and writes down that it did. */
const configured = { type: "root/configChanged", config: {} } as const;
const isHere = canRecord();
if (!isHere) console.warn("SKIPPED: a host whose disk fails (DUR-9). It needs strace and the right to use it.");

it.skipIf(!isHere)(
  "DUR-9: a host whose disk fails ends with 1 and a sentence, has told of nothing that is not there, and starts again",
  async () => {
    const directory = new HostDirectory({});
    const [data, trace] = [path.join(directory.path, "data"), path.join(directory.path, "trace")];
    const strace = ["-o", trace, "-e", "trace=fsync,fdatasync,exit_group", "-e", "inject=fsync:error=EIO:when=60"];
    const serve = [
      process.execPath,
      hostMain,
      "serve",
      "--data",
      data,
      "--port",
      "0",
      "--token-file",
      directory.tokenFile,
    ];
    const child = spawn("strace", [...strace, ...serve], { stdio: ["ignore", "pipe", "pipe"] });
    const ended = once(child, "exit");
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    const { url } = JSON.parse(line) as { url: string };
    const client = await WireClient.connect(url, readFileSync(directory.tokenFile, "utf8").trim());
    const isTold = async () => {
      const echo = client.dispatched(ROOT_URI, configured).then(() => true);
      return await Promise.race([echo, client.closed.then(() => false)]);
    };
    while (await isTold());
    expect((await ended)[0]).toBe(1);
    expect(stderr).toMatch(/"level":"error".*The log could not be written \(disk I\/O error\)\. The host stops\./);
    const calls = readFileSync(trace, "utf8").trim().split("\n");
    const failed = calls.findIndex((call) => call.includes("(INJECTED)"));
    expect(calls.slice(failed + 1).filter((call) => call.includes("sync("))).toEqual([]);
    const log = SqliteLog.open({ directory: data, clock: systemClock, logger: silentLogger, readOnly: true });
    const told = { clientId: client.clientId, envelopes: client.envelopes, held: client.held() };
    expect(told.envelopes.length).toBeGreaterThan(10);
    expect((await checkLog(log, [told], nothingSeen)).problems).toEqual([]);
    await log.close();
    const host = await directory.start();
    expect(await host.stop()).toBe(0);
    directory.remove();
  },
);

it("DUR-13: a host whose directory another one has taken over writes nothing more, and stops", async () => {
  const directory = new HostDirectory({});
  const first = await directory.start();
  const client = await WireClient.connect(first.url, first.token);
  // Somebody tidied up.
  rmSync(path.join(directory.path, "data", "log.lock"));
  const second = await directory.start();
  client.dispatch(ROOT_URI, configured);
  await client.closed;
  expect(await first.ended()).toBe(1);
  expect(first.stderr()).toMatch(/another host has taken over this data/);
  expect(client.envelopes).toEqual([]);
  const other = await WireClient.connect(second.url, second.token);
  expect(await other.dispatched(ROOT_URI, configured)).toBeDefined();
  other.close();
  expect(await second.stop()).toBe(0);
  directory.remove();
});
