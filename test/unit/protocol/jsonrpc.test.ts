import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { AppError } from "../../../src/base/appError.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { toDisposable } from "../../../src/base/disposables.ts";
import { Emitter } from "../../../src/base/emitter.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import {
  JsonRpcPeer,
  type PeerHandlers,
  RPC,
  RpcError,
  toAppError,
  toRpcError,
  type Transport,
} from "../../../src/protocol/jsonrpc.ts";

const rethrow = (error: unknown): never => {
  throw error;
};

class FakeTransport implements Transport {
  readonly sent: unknown[] = [];
  readonly #message = new Emitter<string>(rethrow);
  readonly #close = new Emitter<{ code: number; reason: string }>(rethrow);
  readonly onMessage = this.#message.event;
  readonly onClose = this.#close.event;
  closed: unknown;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(code?: number, reason?: string): void {
    this.closed = { code, reason };
  }
  receive(message: unknown): void {
    this.#message.fire(typeof message === "string" ? message : JSON.stringify(message));
  }
  drop(): void {
    this.#close.fire({ code: 1006, reason: "" });
  }
  get listeners(): number {
    return this.#message.listenerCount + this.#close.listenerCount;
  }
}

class FakeClock implements Clock {
  readonly timers = new Set<() => void>();
  now(): number {
    return 0;
  }
  elapsed(): number {
    return 0;
  }
  setTimeout(callback: () => void) {
    this.timers.add(callback);
    return toDisposable(() => this.timers.delete(callback));
  }
  expire(): void {
    for (const timer of this.timers) timer();
  }
}

function aPeer(handlers: PeerHandlers = {}) {
  const transport = new FakeTransport();
  const clock = new FakeClock();
  const peer = new JsonRpcPeer(transport, handlers, { logger: silentLogger, clock });
  return { transport, clock, peer };
}

describe("a request", () => {
  it("gets the answer with its id, in whatever order answers come", async () => {
    const { transport, clock, peer } = aPeer();
    const first = peer.request("ping", { channel: "ahp-root://" });
    const second = peer.request("listSessions", {});
    expect(transport.sent).toEqual([
      { jsonrpc: "2.0", id: 1, method: "ping", params: { channel: "ahp-root://" } },
      { jsonrpc: "2.0", id: 2, method: "listSessions", params: {} },
    ]);
    transport.receive({ jsonrpc: "2.0", id: 2, result: { items: [] } });
    transport.receive({ jsonrpc: "2.0", id: 1, result: null });
    transport.receive({ jsonrpc: "2.0", id: 1, result: "late" });
    expect([await first, await second]).toEqual([null, { items: [] }]);
    expect(clock.timers.size).toBe(0);
  });

  it("rejects with the peer's refusal", async () => {
    const { transport, peer } = aPeer();
    const asked = peer.request("subscribe", {});
    transport.receive({
      jsonrpc: "2.0",
      id: 1,
      error: { code: RPC.notFound, message: "No such channel.", data: { a: 1 } },
    });
    await expect(asked).rejects.toMatchObject({
      name: "RpcError",
      code: -32008,
      message: "No such channel.",
      data: { a: 1 },
    });
  });

  it("rejects when no answer comes in time, and drops one that comes after", async () => {
    const { transport, clock, peer } = aPeer();
    const asked = peer.request("ping", {});
    clock.expire();
    await expect(asked).rejects.toMatchObject({ code: "timeout" });
    transport.receive({ jsonrpc: "2.0", id: 1, result: null });
    expect(transport.sent).toHaveLength(1);
  });

  it("rejects when the connection ends, at once and from then on", async () => {
    const { transport, clock, peer } = aPeer();
    const onClose = vi.fn();
    peer.onClose(onClose);
    const asked = peer.request("ping", {});
    transport.drop();
    await expect(asked).rejects.toMatchObject({ code: "host.disconnected" });
    await expect(peer.request("ping", {})).rejects.toMatchObject({ code: "host.disconnected" });
    peer.notify("unsubscribe", {});
    expect(transport.sent).toHaveLength(1);
    expect(onClose).toHaveBeenCalledWith({ code: 1006, reason: "" });
    expect([clock.timers.size, transport.listeners]).toEqual([0, 0]);
  });

  it("rejects when we close, without a close event of our own making", async () => {
    const { transport, peer } = aPeer();
    const onClose = vi.fn();
    peer.onClose(onClose);
    const asked = peer.request("ping", {});
    peer.close(1000, "bye");
    await expect(asked).rejects.toBeInstanceOf(AppError);
    expect(transport.closed).toEqual({ code: 1000, reason: "bye" });
    expect(onClose).not.toHaveBeenCalled();
  });
});

describe("an incoming request", () => {
  const ask = async (request: PeerHandlers["request"]) => {
    const { transport } = aPeer(request ? { request } : {});
    transport.receive({ jsonrpc: "2.0", id: "x", method: "do", params: {} });
    await vi.waitFor(() => expect(transport.sent).toHaveLength(1));
    return transport.sent[0];
  };

  it("is answered, with null for nothing", async () => {
    expect(await ask(() => Promise.resolve({ a: 1 }))).toEqual({ jsonrpc: "2.0", id: "x", result: { a: 1 } });
    expect(await ask(() => undefined)).toEqual({ jsonrpc: "2.0", id: "x", result: null });
  });

  it("is refused by the code of what was thrown", async () => {
    const error = new AppError("branch.moved", "The branch moved.", { details: { head: "c2" } });
    expect(await ask(() => Promise.reject(error))).toMatchObject({
      error: {
        code: RPC.conflict,
        message: "The branch moved.",
        data: { head: "c2", muster: { code: "branch.moved" } },
      },
    });
    expect(await ask(undefined)).toMatchObject({ error: { code: RPC.methodNotFound } });
  });

  it("tells nothing of a foreign error", async () => {
    const answer = await ask(() => {
      throw new Error("/home/secret at line 3");
    });
    expect(answer).toMatchObject({ error: { code: RPC.internal } });
    expect(JSON.stringify(answer)).not.toContain("secret");
  });
});

describe("what arrives malformed", () => {
  it.each([
    ["no JSON", "{", { id: null, error: { code: RPC.parse } }],
    ["a batch", "[]", { id: null, error: { code: RPC.invalidRequest } }],
    ["another version", '{"jsonrpc":"1.0","id":7,"method":"x"}', { id: 7, error: { code: RPC.invalidRequest } }],
    [
      "params of no shape",
      '{"jsonrpc":"2.0","id":7,"method":"x","params":3}',
      { id: 7, error: { code: RPC.invalidRequest } },
    ],
    ["a method that is none", '{"jsonrpc":"2.0","id":7,"method":{}}', { id: 7, error: { code: RPC.invalidRequest } }],
    ["an id that is none", '{"jsonrpc":"2.0","id":{},"method":"x"}', { id: null, error: { code: RPC.invalidRequest } }],
    ["nothing at all", '{"jsonrpc":"2.0"}', { id: null, error: { code: RPC.invalidRequest } }],
  ])("is answered: %s", (_name, text, answer) => {
    const { transport } = aPeer();
    transport.receive(text);
    expect(transport.sent).toMatchObject([answer]);
  });

  it("never throws past the edge, and the connection goes on", () => {
    const hear = vi.fn();
    const { transport } = aPeer({ notification: hear, request: () => null });
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => transport.receive(text)));
    transport.receive({ jsonrpc: "2.0", method: "action", params: { a: 1 } });
    expect(hear).toHaveBeenLastCalledWith("action", { a: 1 });
  });

  it("does not let a listener's failure reach the transport", () => {
    const { transport } = aPeer({ notification: rethrow });
    expect(() => transport.receive({ jsonrpc: "2.0", method: "action" })).not.toThrow();
  });
});

describe("errors across the wire", () => {
  it("come back as the code that they left with", () => {
    const left = new AppError("push.refused", "The remote refused.");
    const back = toAppError(toRpcError(left));
    expect(back).toMatchObject({
      code: "push.refused",
      message: "The remote refused.",
      details: { rpcCode: RPC.permissionDenied },
    });
  });

  it("of other hosts get the closest code of ours", () => {
    expect(
      toAppError(new RpcError(RPC.authRequired, "Sign in", { resources: [{ resource: "https://x" }] })),
    ).toMatchObject({
      code: "auth.required",
      details: { resources: [{ resource: "https://x" }] },
    });
    expect(toAppError(new RpcError(-1, "?", { muster: { code: "toString" } })).code).toBe("internal");
  });

  it("leave the other host's stack behind", () => {
    const caught = new RpcError(RPC.internal, "TypeError: It broke.\n    at f (file:///x.js:1:2)\n    at g (x.js:3)");
    expect(toAppError(caught)).toMatchObject({ message: "It broke.", cause: caught });
    expect(toAppError(new RpcError(RPC.internal, "Error: two\nlines at once")).message).toBe("two\nlines at once");
  });
});
