import { AppError } from "../base/appError.ts";
import type { ActionEnvelope } from "../protocol/actions.ts";
import { fleetAdvertisementOf, META_NS } from "../protocol/fleet.ts";
import { RPC } from "../protocol/jsonrpc.ts";
import type { Implementation } from "../protocol/methods.ts";
import { type Reduce, reducerOf } from "../protocol/reduce.ts";
import { ROOT_URI } from "../protocol/uris.ts";
import { CLIENT_VERSIONS, isOffered } from "../protocol/versions.ts";
import type { Channels } from "./channels.ts";
import type { HostInfo } from "./client.ts";
import type { Call } from "./connection.ts";
import { describeVersions, incompatible, metaOf, toHostInfo } from "./hostInfo.ts";
import { readResumption } from "./replay.ts";
import { request } from "./requests.ts";

export interface HandshakePorts {
  readonly clientId: string;
  readonly clientInfo: Implementation;
  readonly hostName: string;
  readonly channels: Channels;
  /** One envelope of a replay. */
  replay(envelope: ActionEnvelope): void;
  /** No snapshot tells what became of the actions without an answer. */
  abandonAll(): void;
}

/**
 * Where this client stands with its host: what was agreed, how far it has heard, and how it gets into step with it again.
 *
 * A connection is resumed by replay where that is certain to end in the host's state, and started afresh on any doubt: an
 * answer that cannot be read, numbers that go back, another log. What a snapshot replaces is never replayed over.
 */
export class AhpHandshake {
  readonly #ports: HandshakePorts;
  #hostInfo: HostInfo | undefined;
  #reduce: Reduce = reducerOf("0.9.0");
  /** The newest envelope seen: from here a dropped connection resumes. `undefined`: there is nothing to resume. */
  #lastSeenSeq: number | undefined;
  /** The newest envelope of the present connection, after a replay that of the replay; each has to be above it. */
  #streamedSeq: number | undefined;

  constructor(ports: HandshakePorts) {
    this.#ports = ports;
  }

  get hostInfo(): HostInfo | undefined {
    return this.#hostInfo;
  }

  /** As the agreed version folds. */
  get reduce(): Reduce {
    return this.#reduce;
  }

  canResume(): boolean {
    return this.#lastSeenSeq !== undefined;
  }

  /** Forgets where to resume: the next connection starts afresh. */
  startOver(): void {
    this.#lastSeenSeq = undefined;
  }

  /** Counts an envelope of the present connection. False when its number is not above those before it. */
  advance(serverSeq: number): boolean {
    if (this.#streamedSeq !== undefined && serverSeq <= this.#streamedSeq) return false;
    this.#streamedSeq = serverSeq;
    this.#lastSeenSeq = Math.max(this.#lastSeenSeq ?? serverSeq, serverSeq);
    return true;
  }

  async initialize(call: Call): Promise<void> {
    const { clientId, clientInfo, channels } = this.#ports;
    const result = await request(call, "initialize", {
      channel: ROOT_URI,
      protocolVersions: [...CLIENT_VERSIONS],
      clientId,
      clientInfo,
      initialSubscriptions: [...channels.initial],
    }).catch((error: unknown) => {
      throw describeVersions(error);
    });
    if (!isOffered(result.protocolVersion)) throw incompatible([result.protocolVersion]);
    this.#hostInfo = toHostInfo(result);
    this.#reduce = reducerOf(result.protocolVersion);
    this.#ports.abandonAll();
    this.#lastSeenSeq = result.serverSeq;
    this.#streamedSeq = undefined;
    channels.snapshots(result.snapshots);
  }

  async resume(call: Call): Promise<"resumed" | "unknownClient"> {
    const { clientId, channels } = this.#ports;
    const subscriptions = [...channels.resumable];
    const seen = this.#lastSeenSeq ?? 0;
    const epoch = this.#hostInfo?.fleet?.epoch;
    let answer: unknown;
    try {
      answer = await call("reconnect", {
        channel: ROOT_URI,
        clientId,
        lastSeenServerSeq: seen,
        subscriptions,
        // A host of ours that was restarted lets a client resume that names the log it has been reading.
        ...(epoch !== undefined && { _meta: { [META_NS]: { epoch, windows: channels.windows } } }),
      });
    } catch (thrown) {
      const rpcCode = AppError.is(thrown) ? thrown.details["rpcCode"] : undefined;
      // A drop says nothing of what the host would have answered.
      if (rpcCode === undefined) throw thrown;
      this.startOver();
      if (rpcCode === RPC.versionMismatch) throw describeVersions(thrown);
      // Whether it does not know this client or cannot resume at all: it wants to be greeted.
      return "unknownClient";
    }
    try {
      this.#take(answer, subscriptions, seen);
    } catch (thrown) {
      this.startOver();
      throw thrown;
    }
    return "resumed";
  }

  /** Judges the whole answer before any of it counts. */
  #take(answer: unknown, subscriptions: readonly string[], seen: number): void {
    const { channels } = this.#ports;
    const told = fleetAdvertisementOf({ _meta: metaOf(answer) })?.epoch;
    if (told !== undefined && told !== this.#hostInfo?.fleet?.epoch) {
      throw new AppError("host.disconnected", "{0} has another log than before. Connecting afresh.", {
        values: [this.#ports.hostName],
      });
    }
    const resumption = readResumption(answer, seen);
    if (resumption.type === "snapshot") {
      this.#ports.abandonAll();
      const seqs = resumption.snapshots.map(({ fromSeq }) => fromSeq);
      // The oldest of them: what a replay repeats is ignored, what it leaves out is lost.
      this.#lastSeenSeq = seqs.length > 0 ? Math.min(...seqs) : undefined;
      this.#streamedSeq = undefined;
      return channels.snapshots(resumption.snapshots);
    }
    for (const uri of resumption.unreadable) channels.unreadable(uri);
    for (const envelope of resumption.envelopes) this.#ports.replay(envelope);
    this.#lastSeenSeq = this.#streamedSeq = resumption.lastSeq ?? seen;
    channels.resumed(subscriptions, resumption.missing);
  }
}
