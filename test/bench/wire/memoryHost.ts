import { Emitter } from "../../../src/base/emitter.ts";
import type { Transport } from "../../../src/protocol/jsonrpc.ts";
import type { SessionSummary } from "../../../src/protocol/methods.ts";
import { META_NS } from "../../../src/protocol/fleet.ts";
import { ROOT_URI } from "../../../src/protocol/uris.ts";
import { advertisement, pageOf } from "./manySessions.ts";

const fail = (error: unknown) => {
  throw error;
};

/**
 * The other end of a client, in memory and without a copy of anything, so that what is measured is the client. It lists
 * its sessions and says what it is told to say; `say` returns when the client has taken it in.
 */
export class MemoryHost implements Transport {
  readonly sessions: readonly SessionSummary[];
  readonly #message = new Emitter<string>(fail);
  readonly #closed = new Emitter<{ readonly code: number; readonly reason: string }>(fail);
  readonly onMessage = this.#message.event;
  readonly onClose = this.#closed.event;

  constructor(sessions: readonly SessionSummary[]) {
    this.sessions = sessions;
  }

  send(text: string): void {
    const { id, method, params } = JSON.parse(text) as { id?: number; method: string; params: Record<string, string> };
    if (id === undefined) return;
    const result = this.#answer(method, params);
    const answer = JSON.stringify({ jsonrpc: "2.0", id, ...result });
    queueMicrotask(() => this.say(answer));
  }

  say(frame: string): void {
    this.#message.fire(frame);
  }

  close(): void {}

  #answer(method: string, params: Record<string, string>): object {
    switch (method) {
      case "initialize": {
        const root = { resource: ROOT_URI, state: { agents: [] }, fromSeq: 0 };
        const _meta = { [META_NS]: advertisement };
        return { result: { protocolVersion: "0.9.0", serverSeq: 0, snapshots: [root], _meta } };
      }
      case "listSessions":
        return { result: pageOf(this.sessions, { limit: Number(params["limit"] ?? 500), cursor: params["cursor"] }) };
      case "ping":
        return { result: null };
      default:
        return { error: { code: -32008, message: "There is nothing here but a list." } };
    }
  }
}
