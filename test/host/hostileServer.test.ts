import { once } from "node:events";
import { createHash } from "node:crypto";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../src/base/appError.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { AhpClient } from "../../src/client/ahpClient.ts";
import type { ConnectionState } from "../../src/client/connectionState.ts";
import { dialWebSocket } from "../../src/extension/hosts/wsTransport.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { type RawFrame, rawFrame } from "../support/rawWebSocket.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

let server: Server;
let connections: Socket[];
let client: AhpClient;
/** What the server does with a connection once it has read the request. */
let serve: (socket: Socket, request: string) => void;

const unmasked = (frame: RawFrame) => rawFrame({ isMasked: false, ...frame });
const message = (value: object) => unmasked({ opcode: 1, payload: JSON.stringify({ jsonrpc: "2.0", ...value }) });

function acceptance(request: string, extra = ""): string {
  const key = /sec-websocket-key: (\S+)/i.exec(request)?.[1] ?? "";
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${extra}\r\n`;
}

/** Accepts, and then sends these. */
function speaking(...frames: readonly Buffer[]): typeof serve {
  return (socket, request) => {
    socket.write(acceptance(request));
    for (const frame of frames) socket.write(frame);
  };
}

const greeting = message({
  id: 1,
  result: {
    protocolVersion: "0.9.0",
    serverSeq: 0,
    snapshots: [{ resource: "ahp-root://", state: { agents: [] }, fromSeq: 0 }],
  },
});

beforeEach(async () => {
  connections = [];
  server = createServer((socket) => {
    connections.push(socket);
    socket.on("error", () => {});
    socket.once("data", (request) => serve(socket, request.toString("latin1")));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new AhpClient({
    dial: (attempt) => dialWebSocket(url, "token", attempt, silentLogger),
    clientId: "client",
    clientInfo: { name: "test" },
    hostName: "farm",
    clock: systemClock,
    random: () => 0,
    logger: silentLogger,
  });
});

afterEach(async () => {
  client.dispose();
  for (const socket of connections) socket.destroy();
  server.close();
  await once(server, "close");
});

/** Connects and waits until the client is in that state. */
async function connecting(kind: ConnectionState["kind"]): Promise<ConnectionState> {
  const reached = new Promise<ConnectionState>((resolve) =>
    client.onDidChangeState((state) => {
      if (state.kind === kind) resolve(state);
    }),
  );
  client.connect();
  return await reached;
}

function errorOf(state: ConnectionState): AppError {
  if ("error" in state) return state.error;
  throw new Error(`There is no error in ${state.kind}.`);
}

describe("FUZ-6: a server that speaks WebSocket wrongly", () => {
  it.each<[string, typeof serve]>([
    [
      "offers compression that nobody asked for",
      (socket, request) =>
        void socket.write(
          acceptance(request, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99\r\n"),
        ),
    ],
    [
      "names a protocol that nobody asked for",
      (socket, request) => void socket.write(acceptance(request, "Sec-WebSocket-Protocol: x\r\n")),
    ],
    ["accepts another key", (socket) => void socket.write(acceptance(""))],
    [
      "answers with headers without end",
      (socket) => void socket.write(`HTTP/1.1 101 Switching Protocols\r\n${"X-Y: z\r\n".repeat(20_000)}`),
    ],
    ["answers with something else than HTTP", (socket) => void socket.write(Buffer.from([22, 3, 1, 2, 0, 10, 13]))],
    ["sends masked frames", speaking(rawFrame({ opcode: 1, payload: "{}" }))],
    ["sends compressed frames", speaking(unmasked({ opcode: 1, payload: "x", reserved: 4 }))],
    [
      "sends a frame of a gigabyte",
      speaking(unmasked({ opcode: 1, length: { bits: 64, value: 2n ** 30n }, payload: "x" })),
    ],
    [
      "sends a frame of 2^63 bytes",
      speaking(unmasked({ opcode: 1, length: { bits: 64, value: 2n ** 63n }, payload: "x" })),
    ],
    ["sends text that is no UTF-8", speaking(unmasked({ opcode: 1, payload: Buffer.from([0xff]) }))],
    ["sends a ping of 126 bytes", speaking(unmasked({ opcode: 9, payload: "x".repeat(126) }))],
    ["closes with a code that is none", speaking(unmasked({ opcode: 8, payload: Buffer.from([0, 1]) }))],
    ["sends binary data", speaking(unmasked({ opcode: 2, payload: "x" }), unmasked({ opcode: 8 }))],
  ])("is left alone, with a sentence that names no inside: it %s", async (_what, misbehave) => {
    serve = misbehave;
    const state = await connecting("waiting");
    const error = errorOf(state);
    expect(error).toBeInstanceOf(AppError);
    expect(error.message).toMatch(/^[A-Z0-9][^\n]{10,200}[.]$|^farm [^\n]{10,200}[.]$/);
    expect(error.message).not.toMatch(/\bat \w|\.ts|WS_ERR|Invalid WebSocket/);
    // The next one is a good one, and is taken as such.
    serve = (socket, request) => {
      socket.write(acceptance(request));
      socket.once("data", () => socket.write(greeting));
    };
    await connecting("live");
  });

  it("and sends fragments without end is cut off, before they fill the memory", async () => {
    collect();
    const before = process.memoryUsage().heapUsed;
    const many = Buffer.concat(Array.from({ length: 1_000 }, () => unmasked({ opcode: 0, fin: false, payload: "x" })));
    serve = (socket, request) => {
      socket.write(acceptance(request));
      socket.write(unmasked({ opcode: 1, fin: false, payload: "x" }));
      const pour = () => {
        if (socket.destroyed) return;
        socket.write(many, () => setImmediate(pour));
      };
      pour();
    };
    await connecting("waiting");
    collect();
    expect((process.memoryUsage().heapUsed - before) / 2 ** 20).toBeLessThan(20);
  });
});

describe("FUZ-6: a server that speaks the protocol wrongly", () => {
  it("cannot answer what was not asked, nor twice, nor as if it were the client", async () => {
    serve = (socket, request) => {
      socket.write(acceptance(request));
      socket.once("data", () => {
        for (let id = 2; id < 200; id++) socket.write(message({ id, result: { snapshots: [], type: "snapshot" } }));
        socket.write(greeting);
        socket.write(message({ id: 1, result: { protocolVersion: "7.0.0", serverSeq: 9, snapshots: [] } }));
        socket.write(message({ id: 1, error: { code: -32603, message: "No." } }));
      });
    };
    await connecting("live");
    expect(client.hostInfo?.protocolVersion).toBe("0.9.0");
    expect(client.root.state).toEqual({ agents: [] });
  });

  it("makes a client that it tells of earlier events than before connect afresh", async () => {
    const told = (serverSeq: number, activeSessions: number) =>
      message({
        method: "action",
        params: { channel: "ahp-root://", serverSeq, action: { type: "root/activeSessionsChanged", activeSessions } },
      });
    serve = (socket, request) => {
      socket.write(acceptance(request));
      socket.once("data", () => {
        for (const bytes of [greeting, told(9, 9), told(3, 3)]) socket.write(bytes);
      });
    };
    const state = await connecting("waiting");
    expect(errorOf(state)).toMatchObject({ code: "host.disconnected" });
    expect(client.root.state?.activeSessions).toBe(9);
  });

  it("gets nothing of this machine", async () => {
    const answers: string[] = [];
    const asked = [
      "resourceRead",
      "resourceList",
      "resourceWrite",
      "resourceDelete",
      "createResourceWatch",
      "vscode/x",
    ];
    serve = (socket, request) => {
      socket.write(acceptance(request));
      socket.once("data", () => {
        socket.on("data", (bytes) => answers.push(unmask(bytes)));
        socket.write(greeting);
        for (const [at, method] of asked.entries()) {
          socket.write(
            message({ id: `a${at}`, method, params: { channel: "ahp-root://", uri: "file:///etc/passwd" } }),
          );
        }
      });
    };
    await connecting("live");
    while (asked.some((_, at) => !answers.join("").includes(`"a${at}"`))) await once(connections[0]!, "data");
    expect(answers.join("").match(/"error":\{"code":-32009/g)).toHaveLength(5);
    expect(answers.join("")).toContain('"error":{"code":-32601');
    expect(answers.join("")).not.toContain("root:x:");
  });
});

/** The text of the masked frames of a client, one behind the other. */
function unmask(bytes: Buffer): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    const start = at + (short === 126 ? 4 : 2);
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short;
    const mask = bytes.subarray(start, start + 4);
    text += bytes
      .subarray(start + 4, start + 4 + length)
      .map((byte, index) => byte ^ (mask[index % 4] ?? 0))
      .toString();
    at = start + 4 + length;
  }
  return text;
}
