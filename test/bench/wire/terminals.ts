import { fileURLToPath } from "node:url";
import { silentLogger } from "../../../src/base/logger.ts";
import { AhpClient } from "../../../src/client/ahpClient.ts";
import { dialWebSocket } from "../../../src/extension/hosts/wsTransport.ts";
import { systemClock } from "../../../src/host/systemClock.ts";
import { compare, interleave, type Measure, percentile, wallOf } from "../measure.ts";
import { at, type BenchOptions, type Part } from "../suite.ts";
import { Shell } from "./shell.ts";
import { musterHost, type TerminalHost, vsCodeHost } from "./terminalHosts.ts";

const stampedLines = fileURLToPath(new URL("stampedLines.mjs", import.meta.url));
/** So many times faster than VS Code's agent host, although every byte is on disk before it is sent. */
const goal = 1.2;

/** The output of a terminal on its way to a client, beside the same through VS Code's agent host. */
export const terminals: Part = async (options) => {
  const peer = await vsCodeHost(options.note);
  if (typeof peer === "string") {
    options.note(`terminals: NOT MEASURED, because VS Code's agent host cannot be had: ${peer}`);
    return [];
  }
  try {
    const ours = await musterHost();
    return await measured(ours, peer, options).finally(() => ours.dispose());
  } finally {
    await peer.dispose();
  }
};

async function measured(ours: TerminalHost, peer: TerminalHost, options: BenchOptions): Promise<readonly Measure[]> {
  const rounds = at(options, 3, 1, 1);
  const lines = at(options, 2_000_000, 200_000, 2_000);
  const fewer = at(options, 500_000, 200_000, 2_000);
  const steadyCount = at(options, 800, 200, 20);
  const both = (cost: (host: TerminalHost) => Promise<number>) =>
    interleave({ ours: () => cost(ours), peer: () => cost(peer) }, rounds, 0);

  await Promise.all([linesPerSecond(ours, 1_000), linesPerSecond(peer, 1_000)]);
  const flood = await both((host) => linesPerSecond(host, lines));
  const folded = await both((host) => foldedPerSecond(host, fewer));
  const steady = await both((host) => latency(host, steadyCount, 5));
  const flooded = await both((host) => latency(host, lines, 0));
  return [
    compare(`seq 1 ${lines} to a thin client / VS Code's agent host, lines a second`, flood.ours, flood.peer, {
      atLeast: goal,
    }),
    compare(`seq 1 ${fewer} into our client's state / VS Code's agent host, lines a second`, folded.ours, folded.peer, {
      atLeast: goal,
    }),
    compare(
      `a line in a flood of ${lines}, durable: p99 latency / VS Code's agent host, not durable, ms`,
      flooded.ours,
      flooded.peer,
      { atMost: 0.83 },
    ),
    // The best round of each: a pause of the machine says nothing of either.
    compare(
      "a line every 5 ms, durable: p99 latency / VS Code's agent host, not durable, ms",
      Math.min(...steady.ours),
      Math.min(...steady.peer),
      { atMost: 2.5 },
    ),
  ];
}

async function linesPerSecond(host: TerminalHost, lines: number): Promise<number> {
  const shell = await Shell.open(host, "bench-thin");
  const bytesBefore = shell.bytes;
  const ms = await wallOf(() => shell.run(`seq 1 ${lines}`));
  // Each line is a number and its end, so much at least must have come.
  const least = lines * (String(lines).length - 1);
  if (shell.bytes - bytesBefore < least) throw new Error("Not every line was received.");
  await shell.close();
  return (lines / ms) * 1000;
}

/** The 99th percentile of the time from a line's printing to its receipt, in ms. */
async function latency(host: TerminalHost, count: number, everyMs: number): Promise<number> {
  const shell = await Shell.open(host, "bench-latency");
  const latencies: number[] = [];
  let newest = 0n;
  await shell.run(`${process.execPath} ${stampedLines} ${count} ${everyMs}`, (message) => {
    const now = process.hrtime.bigint();
    for (const [, stamp = "0"] of message.toString("latin1").matchAll(/@(\d+)@/g)) {
      const time = BigInt(stamp);
      // A host that forgets the oldest output repeats the last of it.
      if (time <= newest) continue;
      newest = time;
      latencies.push(Number(now - time) / 1e6);
    }
  });
  await shell.close();
  const stamps = everyMs === 0 ? Math.ceil(count / 1000) : count;
  // A stamp that two messages share is not read.
  if (latencies.length < stamps * 0.99)
    throw new Error(`${latencies.length} of ${stamps} stamped lines were received.`);
  return percentile(latencies, 0.99);
}

/** The same flood into the state of the product's own client. */
async function foldedPerSecond(host: TerminalHost, lines: number): Promise<number> {
  const clientId = "bench-client";
  const client = new AhpClient({
    dial: (attempt) => dialWebSocket(host.url, undefined, attempt, silentLogger),
    clientId,
    clientInfo: { name: "bench" },
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
  });
  await live(client);
  const params = host.newTerminal(clientId);
  await client.request("createTerminal", params);
  const terminal = client.subscribe("terminal", params.channel);
  await terminal.ready;
  const run = async (command: string) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const listening = terminal.onDidChange(({ applied = [] }) => {
      if (applied.some((action) => action.type === "terminal/data" && action.data.includes("END\r\n"))) resolve();
    });
    void client.dispatch(params.channel, { type: "terminal/input", data: `${command}; sleep 0.01; echo E''ND\r` });
    await promise;
    listening.dispose();
  };
  await run("true");
  const ms = await wallOf(() => run(`seq 1 ${lines}`));
  await client.request("disposeTerminal", { channel: params.channel });
  client.dispose();
  return (lines / ms) * 1000;
}

function live(client: AhpClient): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const listening = client.onDidChangeState((state) => {
    if (state.kind === "live") resolve();
    if (state.kind === "refused") reject(state.error);
  });
  client.connect();
  return promise.finally(() => listening.dispose());
}
