import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { silentLogger } from "../../src/base/logger.ts";
import { Channels } from "../../src/host/channels/channels.ts";
import type { ReplayWindow } from "../../src/host/channels/replayWindow.ts";
import { FanOut } from "../../src/host/gateway/fanOut.ts";
import { Gateway, type GatewayOptions } from "../../src/host/gateway/gateway.ts";
import { VsCodeDialect } from "../../src/host/gateway/vscodeDialect.ts";
import { KnownClients } from "../../src/host/gateway/knownClients.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { FixedTokens, noOwners, ownersGrant, RecordedAudit } from "../support/access.ts";
import { aHostApi } from "../support/aHostApi.ts";

export const TOKEN = "t".repeat(43);
export const CHAT = "ahp-chat://default/Y2hhdA";
export const TERMINAL = "ahp-terminal:/session-1/call-1";

const api = aHostApi({
  recentSessions: () => [],
  listSessions: () => ({ items: [] }),
  createSession: () => Promise.reject(new Error("secret /path/of/this/machine at line 3")),
  authenticate: () => {},
});

/** Rejects where the constructor throws. */
async function makeGateway(options: GatewayOptions): Promise<Gateway> {
  return new Gateway(options);
}

/** A gateway on a real log and real sockets, with a chat and a terminal and no sessions behind it. */
export async function startGateway(options: Partial<GatewayOptions> & { readonly window?: ReplayWindow } = {}) {
  const directory = mkdtempSync(path.join(tmpdir(), "muster-gateway-"));
  const log = SqliteLog.open({ directory, clock: systemClock, logger: silentLogger });
  const channels = new Channels({ log, logger: silentLogger, ...(options.window && { window: options.window }) });
  const fanOut = new FanOut(channels);
  channels.create(ROOT_URI, "root", { agents: [] });
  channels.create(CHAT, "chat", {
    resource: CHAT,
    title: "Chat",
    status: 1,
    modifiedAt: "2026-01-01T00:00:00Z",
    turns: [],
  });
  channels.create(TERMINAL, "terminal", {
    title: "Output",
    content: [],
    claim: { kind: "session", session: "x:/y" },
    isPty: false,
  });
  await log.flush();
  const removeLog = async () => {
    await log.close();
    rmSync(directory, { recursive: true, force: true });
  };
  const gateway = await makeGateway({
    channels,
    fanOut,
    api,
    fleet: {},
    clients: new KnownClients(systemClock),
    clock: systemClock,
    logger: silentLogger,
    vscode: new VsCodeDialect(() => undefined),
    version: "1.2.3",
    advertisement: { version: 1, epoch: log.epoch, methods: [], channels: [], isolation: "none" },
    host: "127.0.0.1",
    port: 0,
    tokens: new FixedTokens({ [TOKEN]: ownersGrant }),
    owners: noOwners,
    audit: new RecordedAudit(),
    allowedOrigins: [],
    operations: {
      unready: () => [],
      metrics: () => "muster_test 1\n",
      isDraining: () => false,
      refused: () => {},
      cutOff: () => {},
    },
    ...options,
  }).catch(async (error: unknown) => {
    await removeLog();
    throw error;
  });
  const stop = async () => {
    await gateway.close();
    await removeLog();
  };
  const port = await gateway.listen();
  return { port, url: `ws://127.0.0.1:${port}`, gateway, channels, fanOut, log, stop };
}

/** The status with which an upgrade is answered; 101 when it is let in. */
export async function upgradeStatus(
  port: number,
  change: { readonly path?: string; readonly headers?: Record<string, string> } = {},
): Promise<{ readonly status: number; readonly body: string; readonly retryAfter?: string | undefined }> {
  const headers = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...change.headers,
  };
  return await new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path: change.path ?? "/", headers });
    sent.on("upgrade", (_response, socket) => {
      socket.destroy();
      resolve({ status: 101, body: "" });
    });
    sent.on("response", (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      const retryAfter = response.headers["retry-after"];
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body, retryAfter }));
    });
    sent.on("error", reject);
    sent.end();
  });
}
