import assert from "node:assert/strict";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as vscode from "vscode";
import { type WebSocket, WebSocketServer } from "ws";
import { chatUri } from "../../src/protocol/uris.ts";
import { aChat, aSession, aTurn, markdown } from "../support/aChat.ts";
import { aSummary } from "../support/clientOnFakeHost.ts";
import { FakeHost } from "../support/fakeHost.ts";
import { eventually, muster } from "./manifest.ts";

/** `MUSTER_LEAKS=500` is what the rule asks for. */
const times = Number(process.env["MUSTER_LEAKS"] ?? 200);
/** In all, whatever each leaves. */
const heapLimitBytes = 10_000_000;
/** What one panel, or one connection, may leave behind: less than the least of what it holds while it is open. */
const bytesEach = 20_000;
const hostId = "leaks";
/** Panels that are open at the same time. */
const sessions = Array.from({ length: 10 }, (_, index) => `ahp-session:/leaks-${index}`);

describe("what ends leaves nothing behind", function leaks() {
  this.timeout(240_000);
  const host = new FakeHost();
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  let handshakes = 0;
  let heardHandshake: () => void = () => undefined;

  before(async () => {
    for (const session of sessions) {
      const chat = chatUri(session);
      host.sessions.set(session, aSummary(session));
      host.put(session, aSession({ defaultChat: chat }));
      host.put(chat, aChat({ resource: chat, turns: [aTurn("t1", [markdown("Done. ".repeat(2_000))])] }));
    }
    host.afterAnswer = (method) => {
      // The host's own memory of what it heard is none of the extension's.
      host.heard.length = 0;
      if (method !== "initialize" && method !== "reconnect") return;
      handshakes++;
      heardHandshake();
    };
    server.on("connection", (socket) => speak(host, socket));
    if (server.address() === null) await once(server, "listening");
    await muster().activate();
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await setHosts([{ id: hostId, name: "Leaks", url: `ws://127.0.0.1:${port}` }]);
    await vscode.commands.executeCommand("muster.agents.focus");
    await reconnected(0);
  });

  after(async () => {
    await setHosts([]);
    for (const socket of server.clients) socket.terminate();
    server.close();
  });

  it(`EXT-8: after ${times} reconnects there is one connection and no more memory`, async () => {
    await reconnect(times / 2);
    const before = lookAt();
    await reconnect(times / 2);
    await eventually("the end of the last connections", () => server.clients.size === 1);
    assertKept(before, lookAt(), times / 2);
  });

  it(`EXT-8: after ${times} panels that were opened and closed nothing of them is held`, async () => {
    await openAndClose(times / 2);
    const before = lookAt();
    await openAndClose(times / 2);
    assertKept(before, lookAt(), times / 2);
    assert.equal(server.clients.size, 1);
  });

  async function reconnect(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const known = handshakes;
      await vscode.commands.executeCommand("muster.host.reconnect", { hostId });
      await reconnected(known);
    }
  }

  /** Resolves when the host has greeted a client once more than `known` times. */
  async function reconnected(known: number): Promise<void> {
    if (handshakes > known) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    heardHandshake = resolve;
    await promise;
  }
});

async function openAndClose(count: number): Promise<void> {
  for (let done = 0; done < count; done += sessions.length) {
    for (const session of sessions) await vscode.commands.executeCommand("muster.agent.open", { hostId, session });
    await eventually("the panels", () => panelTabs().length === sessions.length);
    await vscode.window.tabGroups.close(panelTabs());
    await eventually("their end", () => panelTabs().length === 0);
  }
}

function panelTabs(): vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes("muster.session"));
}

interface Kept {
  readonly heapBytes: number;
  /** Timers, sockets and the like that keep the process awake, by kind. */
  readonly resources: ReadonlyMap<string, number>;
}

function lookAt(): Kept {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 4; round++) collect();
  const resources = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) resources.set(kind, (resources.get(kind) ?? 0) + 1);
  return { heapBytes: process.memoryUsage().heapUsed, resources };
}

function assertKept(before: Kept, after: Kept, count: number): void {
  const grown = Math.round((after.heapBytes - before.heapBytes) / count);
  console.log(`${grown} bytes left by each`);
  assert.ok(grown < bytesEach, `each left ${grown} bytes behind`);
  assert.ok(grown * count < heapLimitBytes, `they left ${grown * count} bytes behind`);
  for (const [kind, number] of after.resources) {
    const more = number - (before.resources.get(kind) ?? 0);
    // The editor's own come and go; one each would be ours.
    assert.ok(more < count / 4, `${more} more of ${kind}`);
  }
}

/** One window's socket to a host in memory. */
function speak(host: FakeHost, socket: WebSocket): void {
  const transport = host.connect();
  transport.onMessage((text) => socket.send(text));
  socket.on("message", (data: Buffer) => transport.send(data.toString("utf8")));
  socket.on("close", () => transport.close());
}

async function setHosts(hosts: readonly object[]): Promise<void> {
  await vscode.workspace.getConfiguration("muster").update("hosts", hosts, vscode.ConfigurationTarget.Global);
}
