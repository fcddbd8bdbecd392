import { AppError } from "../base/appError.ts";
import type { StateAction } from "../protocol/actions.ts";
import type { Channels } from "./channels.ts";
import type { HostInfo } from "./client.ts";
import type { Outbox, Outgoing } from "./outbox.ts";
import { mayRepeat } from "./repeatable.ts";

export interface DispatcherPorts {
  readonly outbox: Outbox;
  readonly channels: Channels;
  readonly hostName: string;
  /** More than so many actions without an answer are refused. */
  readonly maxUnanswered: number;
  /** Puts an action on the wire. */
  send(outgoing: Outgoing): void;
  /** Resolves when the host has read all that was sent before. */
  readOn(): Promise<unknown>;
  hostInfo(): HostInfo | undefined;
}

/** How long after the host has read an action it may take to answer it on a channel that we do not follow. */
const unheardMs = 5000;
/** The same on a channel that we follow, where hosts leave a few actions without an answer. */
const unechoedMs = 30_000;

/** What becomes of the actions of this client: shown at once, answered by echo or refusal, repeated or given up after a loss. */
export class Dispatcher {
  readonly #ports: DispatcherPorts;
  #lastClientSeq = 0;

  constructor(ports: DispatcherPorts) {
    this.#ports = ports;
  }

  async dispatch(uri: string, action: StateAction, seenSeq: number | undefined): Promise<void> {
    const { outbox, channels, hostName, maxUnanswered } = this.#ports;
    if (outbox.size >= maxUnanswered) {
      throw new AppError("limit.exceeded", "{0} leaves too much without an answer. Try again later.", {
        values: [hostName],
      });
    }
    const clientSeq = ++this.#lastClientSeq;
    const isMirrored = channels.get(uri)?.propose({ clientSeq, action }) ?? false;
    const outgoing: Outgoing = { clientSeq, uri, action, seenSeq, isMirrored };
    const answered = outbox.add(outgoing);
    this.#send(outgoing);
    return answered;
  }

  /** After a handshake: what a replay has not echoed never arrived, or its answer is still on the way. */
  resend(): void {
    const { outbox, channels } = this.#ports;
    const host = this.#ports.hostInfo();
    this.abandon(({ uri, action }) => channels.get(uri)?.sync !== "inStep" || !mayRepeat(action, host));
    for (const outgoing of outbox.all) this.#send(outgoing);
  }

  /** Nobody will ever know more of these. */
  abandon(which: (outgoing: Outgoing) => boolean, error = lostAnswer()): void {
    const { outbox, channels } = this.#ports;
    for (const { uri, clientSeq } of outbox.abandon(which, error)) channels.get(uri)?.withdraw(clientSeq);
  }

  /** The host answered in a way that cannot be read, but for the reason of a refusal. */
  unreadableAnswer(clientSeq: number, uri: string, rejectionReason: string | undefined): void {
    const { outbox, channels } = this.#ports;
    channels.get(uri)?.withdraw(clientSeq);
    if (rejectionReason !== undefined) return outbox.answer(clientSeq, uri, rejectionReason);
    this.abandon((entry) => entry.clientSeq === clientSeq && entry.uri === uri, unreadable());
  }

  #send(outgoing: Outgoing): void {
    this.#ports.send(outgoing);
    if (outgoing.isMirrored) this.#ports.outbox.wait(outgoing.clientSeq, unechoedMs, () => this.#giveUp(outgoing));
    else void this.#expectNoAnswer(outgoing);
  }

  /** Hosts answer to subscribers. One that has read on, and says nothing for a while, will not answer us. */
  async #expectNoAnswer({ clientSeq, uri }: Outgoing): Promise<void> {
    try {
      await this.#ports.readOn();
    } catch {
      return;
    }
    const { outbox } = this.#ports;
    outbox.wait(clientSeq, unheardMs, () => outbox.answer(clientSeq, uri, undefined));
  }

  /** Some hosts do not echo an action that changes nothing, and ignore what they do not know. */
  #giveUp({ clientSeq, uri }: Outgoing): void {
    const { outbox, channels, hostName } = this.#ports;
    const channel = channels.get(uri);
    // The next replay tells.
    if (channel?.sync === "suspended") return;
    const wasShown = channel?.withdraw(clientSeq) ?? false;
    if (!wasShown) return outbox.answer(clientSeq, uri, undefined);
    const values = [hostName];
    const error = new AppError("timeout", "{0} does not say what became of this. Try again.", { values });
    this.abandon((entry) => entry.clientSeq === clientSeq, error);
  }
}

function lostAnswer(): AppError {
  return new AppError(
    "host.disconnected",
    "The connection was lost before the host answered. Check whether it took effect before you try again.",
  );
}

function unreadable(): AppError {
  return new AppError(
    "host.incompatible",
    "The host's answer cannot be read. Check whether it took effect before you try again.",
  );
}
