import { createServer } from "node:net";
import { openToOthers } from "../operations/privateFiles.ts";
import { systemReason } from "../systemReason.ts";
import type { Finding } from "./finding.ts";
import { hasLog, openForReading } from "./inspect.ts";

/** Records at the end of the log. */
const readAtEnd = 1_000;
const clockLeewayMs = 60_000;

/** Whether other users of the machine can look into the host's data. */
export function checkPrivacy(directory: string): Finding {
  const open = openToOthers(directory);
  if (open.length === 0) return { check: "privacy", state: "ok", text: "data is closed to other users" };
  const text = `other users can reach ${open.join(", ")}. Run "chmod -R go-rwx ${directory}"; the host does so when it starts.`;
  return { check: "privacy", state: "warning", text, details: { open } };
}

/** The end of the log, held against its chain, and the clock against the log. Not every record: `verify` does that. */
export async function checkLog(directory: string, nowMs: number): Promise<Finding[]> {
  try {
    if (!hasLog(directory)) return [{ check: "log", state: "ok", text: "log: none yet" }];
    const log = openForReading(directory);
    try {
      const after = Math.max(0, log.lastSeq - readAtEnd);
      const channels = new Set<string>();
      let newest = 0;
      for await (const { channel, time } of log.read({ after })) {
        channels.add(channel);
        newest = Math.max(newest, time);
      }
      for (const channel of channels) for await (const _ of log.read({ after, channel }));
      const text = `log: ${log.lastSeq} records, its newest channels fit their chains ("muster-host verify" checks all of it)`;
      return [{ check: "log", state: "ok", text, details: { records: log.lastSeq } }, checkClock(newest, nowMs)];
    } finally {
      await log.close();
    }
  } catch (error) {
    const why = systemReason(error).replace(/\.?$/, ".");
    return [{ check: "log", state: "missing", text: `log: ${why}`, details: { why } }];
  }
}

/** Nothing depends on the clock for its order, but people read the times, and tokens end by it. */
function checkClock(newestMs: number, nowMs: number): Finding {
  const behindMs = newestMs - nowMs;
  if (behindMs <= clockLeewayMs) return { check: "clock", state: "ok", text: "clock: not behind the log" };
  const minutes = Math.ceil(behindMs / 60_000);
  const text = `clock: ${minutes} minutes behind the newest record. Set it; until then times look wrong and tokens end late.`;
  return { check: "clock", state: "warning", text, details: { behindMs } };
}

/** Whether the port is free, or a host answers there already. */
export async function checkPort(host: string, port: number): Promise<Finding> {
  const address = `${host}:${port}`;
  const problem = await new Promise<string | undefined>((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve("code" in error ? String(error.code) : error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
  if (problem === undefined) return { check: "port", state: "ok", text: `port: ${address} is free` };
  if (problem === "EADDRINUSE" && (await answersAsHost(host, port))) {
    return { check: "port", state: "ok", text: `port: a host answers on ${address}`, details: { running: true } };
  }
  const why = problem === "EADDRINUSE" ? "another program uses it" : `it can't be used (${problem})`;
  return {
    check: "port",
    state: "missing",
    text: `port: ${address}: ${why}. Choose another with --port.`,
    details: { problem },
  };
}

async function answersAsHost(host: string, port: number): Promise<boolean> {
  const name = host.includes(":") ? `[${host}]` : host;
  return await fetch(`http://${name}:${port}/healthz`, { signal: AbortSignal.timeout(2_000) })
    .then(async (response) => JSON.stringify(await response.json()) === '{"status":"ok"}')
    .catch(() => false);
}
