import { connect } from "node:net";
import { Child } from "../child.ts";
import { compare, interleave, median } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { AwayClient, type Return } from "./awayClient.ts";
import type { GatewayCalls } from "./gatewayChild.ts";

/** A display frame: what a person does not feel. */
const frameMs = 16;

/**
 * A client comes back to a session, beside the raw TCP stream of the records that it missed, which nobody reads. After a
 * hundred thousand actions the host sends what became of them; after fewer than it keeps, it sends every one: that has to
 * be parsed, whoever does it.
 */
export const catchUp: Part = async (options) => {
  const rounds = at(options, 6, 3, 1);
  const long = await Missed.prepare(at(options, 100_000, 20_000, 11_000), rounds + 1);
  const short = await Missed.prepare(at(options, 9_000, 2_000, 500), rounds + 1);
  try {
    options.note(`catchUp: ${long.actions} actions, ${Math.round(long.bytes / 1e6)} MB, and ${short.actions} actions`);
    const { raw, latest, whole, parsed, replay } = await interleave(
      {
        raw: () => long.stream(),
        latest: () => long.comeBack("latest"),
        whole: () => long.comeBack("whole"),
        parsed: () => short.stream(parseRecords),
        replay: () => short.comeBack("whole"),
      },
      rounds,
    );
    const rawMs = best(raw, "completeMs");
    const missed = `${long.actions} missed`;
    const replayed = `${short.actions} missed, each replayed`;
    const aFrame = "longest stall of the client / a display frame, ms CPU";
    return [
      compare(`${missed}: latest turns readable / raw TCP stream, ms`, best(latest, "readableMs"), rawMs, {
        atMost: 0.15,
      }),
      compare(`${missed}: latest turns, characters / bytes missed`, middle(latest, "received"), long.bytes, {
        atMost: 0.25,
      }),
      compare(
        `${missed}: latest turns, host CPU / raw TCP stream, ms`,
        middle(latest, "hostCpuMs"),
        middle(raw, "hostCpuMs"),
        { atMost: 0.5 },
      ),
      compare(`${missed}: latest turns, ${aFrame}`, middle(latest, "stallMs"), frameMs, { atMost: 1 }),
      compare(`${missed}: all state complete / raw TCP stream, ms`, best(whole, "completeMs"), rawMs, { atMost: 1 }),
      compare(`${missed}: all state, ${aFrame}`, middle(whole, "stallMs"), frameMs, { atMost: 1 }),
      compare(
        `${replayed}: complete / raw TCP stream and JSON.parse, ms`,
        best(replay, "completeMs"),
        best(parsed, "completeMs"),
        { atMost: 4 },
      ),
      compare(`${replayed}: ${aFrame}`, middle(replay, "stallMs"), frameMs, { atMost: 1 }),
    ];
  } finally {
    await long.stop();
    await short.stop();
  }
};

function parseRecords(bytes: Buffer): void {
  for (const record of bytes.toString().split("\n")) JSON.parse(record);
}

type Cost = Return & { readonly hostCpuMs: number };

/** Of times on the wall the best round counts: a pause of the machine says nothing of what was measured. */
function best(costs: readonly Cost[], kind: keyof Cost): number {
  return Math.min(...costs.map((cost) => cost[kind]));
}

function middle(costs: readonly Cost[], kind: keyof Cost): number {
  return median(costs.map((cost) => cost[kind]));
}

/** The latest turns of the conversation, or all of it. */
type View = "latest" | "whole";

/** A host on which much has happened since its clients left. */
class Missed {
  readonly #child: Child<GatewayCalls>;
  readonly #rawPort: number;
  readonly #away: Readonly<Record<View, AwayClient[]>>;
  readonly actions: number;
  readonly bytes: number;

  private constructor(
    child: Child<GatewayCalls>,
    rawPort: number,
    away: Readonly<Record<View, AwayClient[]>>,
    missed: { actions: number; bytes: number },
  ) {
    this.#child = child;
    this.#rawPort = rawPort;
    this.#away = away;
    this.actions = missed.actions;
    this.bytes = missed.bytes;
  }

  /** So many clients of each kind can come back, each of them once. */
  static async prepare(actions: number, clients: number): Promise<Missed> {
    const child = new Child<GatewayCalls>(new URL("gatewayChild.ts", import.meta.url));
    const { url, rawPort, session } = await child.call("start");
    const away: Record<View, AwayClient[]> = { latest: [], whole: [] };
    for (let index = 0; index < clients; index++) {
      away.latest.push(await AwayClient.leave(url, `latest-${index}`, session, 20));
      away.whole.push(await AwayClient.leave(url, `whole-${index}`, session));
    }
    return new Missed(child, rawPort, away, await child.call("happen", { count: actions }));
  }

  comeBack(view: View): Promise<Cost> {
    const client = this.#away[view].pop();
    if (client === undefined) throw new Error("Every client has come back.");
    return this.#withHostCpu(() => client.comeBack());
  }

  /** The bare records, and what is done with them. */
  stream(take?: (bytes: Buffer) => void): Promise<Cost> {
    return this.#withHostCpu(() => {
      const { promise, resolve, reject } = Promise.withResolvers<Return>();
      const startedAt = performance.now();
      const socket = connect(this.#rawPort, "127.0.0.1", () => socket.write("?"));
      const chunks: Buffer[] = [];
      let received = 0;
      socket.on("error", reject);
      socket.on("data", (chunk) => {
        received += chunk.length;
        if (take) chunks.push(chunk);
        if (received < this.bytes) return;
        socket.destroy();
        take?.(Buffer.concat(chunks));
        const ms = performance.now() - startedAt;
        resolve({ readableMs: ms, completeMs: ms, received, stallMs: 0 });
      });
      return promise;
    });
  }

  async stop(): Promise<void> {
    for (const client of [...this.#away.latest, ...this.#away.whole]) client.dispose();
    await this.#child.call("stop");
    await this.#child.stop();
  }

  async #withHostCpu(work: () => Promise<Return>): Promise<Cost> {
    const before = await this.#child.call("cpu");
    const cost = await work();
    return { ...cost, hostCpuMs: ((await this.#child.call("cpu")) - before) / 1000 };
  }
}
