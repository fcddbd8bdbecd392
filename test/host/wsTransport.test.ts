import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { Disposables } from "../../src/base/disposables.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { dialWebSocket } from "../../src/extension/hosts/wsTransport.ts";

let server: Server;
let sockets: WebSocketServer;
let url: string;
let headers: Record<string, unknown>;
let attempt: Disposables;

beforeEach(async () => {
  attempt = new Disposables();
  server = createServer();
  sockets = new WebSocketServer({ server });
  sockets.on("connection", (_socket, request) => (headers = request.headers));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  attempt.dispose();
  for (const client of sockets.clients) client.terminate();
  sockets.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const dial = (token?: string) => dialWebSocket(url, token, attempt, silentLogger);

describe("a WebSocket to a host", () => {
  it("shows the token in a header and carries text both ways in order", async () => {
    sockets.on("connection", (socket) =>
      socket.on("message", (data: Buffer) => socket.send(`echo ${data.toString("utf8")}`)),
    );
    const transport = await dial("s3cret");
    expect(headers).toMatchObject({ authorization: "Bearer s3cret" });
    expect(headers["sec-websocket-extensions"]).toBeUndefined();
    expect(headers["origin"]).toBeUndefined();
    const heard = new Promise<string[]>((resolve) => {
      const texts: string[] = [];
      transport.onMessage((text) => {
        if (texts.push(text) === 2) resolve(texts);
      });
    });
    transport.send("one");
    transport.send("zwei ✓");
    await expect(heard).resolves.toEqual(["echo one", "echo zwei ✓"]);
  });

  it("sends no header without a token", async () => {
    await dial();
    expect(headers["authorization"]).toBeUndefined();
  });

  it("tells with which code the host closed", async () => {
    sockets.on("connection", (socket) => socket.close(1001, "going away"));
    const transport = await dial();
    await expect(new Promise((resolve) => transport.onClose(resolve))).resolves.toEqual({
      code: 1001,
      reason: "going away",
    });
  });

  it("closes on binary data, which the protocol does not have", async () => {
    sockets.on("connection", (socket) => socket.send(Buffer.from([1, 2])));
    const closed = new Promise((resolve) => sockets.on("connection", (socket) => socket.on("close", resolve)));
    await dial();
    await expect(closed).resolves.toBe(1003);
  });

  it.each([
    [401, "host.unauthorized"],
    [403, "host.unauthorized"],
    [404, "host.incompatible"],
    [426, "host.incompatible"],
    [302, "host.incompatible"],
    [503, "limit.exceeded"],
    [500, "host.unreachable"],
  ])("answers HTTP status %i with %s", async (status, code) => {
    sockets.close();
    server.removeAllListeners("upgrade");
    server.on("upgrade", (_request, socket) =>
      socket.end(`HTTP/1.1 ${status} X\r\nLocation: ws://127.0.0.1:1\r\n\r\n`),
    );
    await expect(dial("s3cret")).rejects.toMatchObject({ code, details: { status } });
  });

  it.each([
    ["7", 7000],
    ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
    ["soon", undefined],
    ["Thu, 01 Jan 2026 00:00:00 GMT", undefined],
  ])("tells how long a busy host asks to be left alone: %s", async (header, retryAfterMs) => {
    sockets.close();
    server.removeAllListeners("upgrade");
    server.on("upgrade", (_request, socket) =>
      socket.end(`HTTP/1.1 503 X\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nRetry-After: ${header}\r\n\r\n`),
    );
    const error = await dial().catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "limit.exceeded" });
    expect(error).toHaveProperty("details", { status: 503, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  });

  it("ends at once on a message beyond the limit, from a host that would not close", async () => {
    sockets.on("connection", (_socket, request) => {
      // The head of a text frame of one gibibyte, and then nothing.
      request.socket.write(Buffer.from([0x81, 127, 0, 0, 0, 0, 0x40, 0, 0, 0]));
    });
    const transport = await dial();
    await expect(new Promise((resolve) => transport.onClose(resolve))).resolves.toMatchObject({ code: 1009 });
  });

  it.each([
    ["a compressed frame, which was not agreed", Buffer.from([0xc1, 1, 0x61])],
    ["a masked frame", Buffer.from([0x81, 0x81, 1, 2, 3, 4, 0x61])],
    ["an unknown kind of frame", Buffer.from([0x83, 1, 0x61])],
    ["text that is none", Buffer.from([0x81, 1, 0xff])],
    ["a control frame that is too long", Buffer.from([0x89, 126, 0, 200])],
    ["a length of 64 bits", Buffer.from([0x81, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
  ])("ends at once on %s", async (_what, bytes) => {
    sockets.on("connection", (_socket, request) => request.socket.write(bytes));
    const transport = await dial();
    await expect(new Promise((resolve) => transport.onClose(resolve))).resolves.toHaveProperty("code");
  });

  it("ends on a message that comes in ever more parts", async () => {
    const part = Buffer.concat([Buffer.from([0x00, 127, 0, 0, 0, 0, 0, 0x10, 0, 0]), Buffer.alloc(1024 * 1024, 0x61)]);
    sockets.on("connection", (_socket, request) => {
      const { socket } = request;
      socket.on("error", () => undefined);
      socket.write(Buffer.from([0x01, 1, 0x61]));
      const more = () => {
        if (!socket.destroyed) socket.write(part, more);
      };
      more();
    });
    const transport = await dial();
    await expect(new Promise((resolve) => transport.onClose(resolve))).resolves.toMatchObject({ code: 1009 });
  });

  it("does not open to a host that insists on compression", async () => {
    sockets.close();
    server.removeAllListeners("upgrade");
    server.on("upgrade", (request, socket) => {
      const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      socket.on("end", () => socket.end()).resume();
      const accept = createHash("sha1").update(key).digest("base64");
      socket.write(
        `HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n` +
          "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99\r\n\r\n",
      );
    });
    await expect(dial()).rejects.toMatchObject({ code: "host.unreachable" });
  });

  it("says that nothing listens there", async () => {
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(0, "127.0.0.1", resolve));
    const { port } = dead.address() as AddressInfo;
    await new Promise((resolve) => dead.close(resolve));
    const answer = dialWebSocket(`ws://127.0.0.1:${port}`, "s3cret", attempt, silentLogger);
    await expect(answer).rejects.toMatchObject({
      code: "host.unreachable",
      message: expect.stringContaining(`Nothing listens at 127.0.0.1:${port}`),
    });
  });

  it("gives up an attempt that nobody waits for", async () => {
    server.removeAllListeners("upgrade");
    const asked = new Promise<Duplex>((resolve) => server.on("upgrade", (_request, socket) => resolve(socket)));
    const answer = expect(dial()).rejects.toMatchObject({ code: "host.unreachable" });
    const socket = await asked;
    const ended = new Promise((resolve) => socket.on("error", resolve).on("end", resolve).resume());
    attempt.dispose();
    await answer;
    await ended;
    socket.destroy();
  });
});
