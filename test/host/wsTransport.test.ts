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
