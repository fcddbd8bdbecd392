import { readFileSync } from "node:fs";
import { get } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";

/** The rules say 5,000, and `MUSTER_LOAD=full` takes them. */
const isFull = process.env["MUSTER_LOAD"] === "full";
const crowd = isFull ? 5_000 : 500;
/** Long enough for two heartbeats of the host, in the whole thing. */
const windowMs = isFull ? 30_000 : 1_500;

const directory = new HostDirectory({ agents: [], gateway: { maxConnections: crowd + 10 } });
const sockets: WebSocket[] = [];
let host: HostProcess;

afterAll(async () => {
  for (const socket of sockets) socket.terminate();
  await host?.stop();
  directory.remove();
});

async function connect(clientId: string): Promise<void> {
  const socket = new WebSocket(`${host.url}/?tkn=${host.token}`);
  sockets.push(socket);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const params = { channel: ROOT_URI, protocolVersions: ["0.9.0"], clientId, initialSubscriptions: [ROOT_URI] };
  socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params }));
  await new Promise((resolve) => socket.once("message", resolve));
}

async function metric(name: string): Promise<number> {
  const url = `${host.url.replace("ws:", "http:")}/metrics`;
  const headers = { Authorization: `Bearer ${host.token}` };
  const body = await new Promise<string>((resolve, reject) => {
    get(url, { headers }, (response) => resolve(text(response))).once("error", reject);
  });
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(body)?.[1]);
}

it(`NET-9: ${crowd} clients that say nothing take little memory and no time`, { timeout: 240_000 }, async () => {
  host = await directory.start();
  for (let first = 0; first < crowd; first += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, each) => connect(`idle-${first + each}`)));
  }
  const before = await metric("process_cpu_seconds_total");
  await setTimeout(windowMs);
  const cpuShare = ((await metric("process_cpu_seconds_total")) - before) / (windowMs / 1_000);
  const mebibytes = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${host.pid}/status`, "utf8"))?.[1]) / 1_024;
  process.stdout.write(
    `${crowd} idle clients: ${mebibytes.toFixed(0)} MiB resident, ${(cpuShare * 100).toFixed(1)} % of a processor\n`,
  );
  expect(sockets.filter(({ readyState }) => readyState === WebSocket.OPEN)).toHaveLength(crowd);
  expect(mebibytes).toBeLessThan(400);
  expect(cpuShare).toBeLessThan(isFull ? 0.05 : 0.1);
});
