import type { Logger } from "../../base/logger.ts";
import { parseAction, type StateAction } from "../../protocol/actions.ts";
import { decode } from "../../protocol/decode.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import { ClientNotifications } from "../../protocol/methods.ts";
import { roleRefusal } from "../access/rights.ts";
import type { Sight } from "../access/sight.ts";
import { answerRefusal } from "../spend/budgetQuestion.ts";
import type { Channels } from "../channels/channels.ts";
import type { ClientOrigin } from "../channels/storedRecord.ts";
import type { FanOut } from "./fanOut.ts";
import type { Caller } from "./hostApi.ts";

export interface DispatchPorts {
  readonly channels: Channels;
  readonly fanOut: FanOut;
  readonly logger: Logger;
}

/** The connection whose actions these are. */
export interface Dispatcher {
  readonly sight: Sight;
  readonly caller: () => Caller;
  /** False for one that sends too fast. */
  readonly mayGoOn: () => boolean;
  readonly send: (message: object) => void;
  readonly audited: (what: string, channel: string, refused: string | undefined) => void;
}

interface Dispatch {
  readonly channel: string;
  readonly clientSeq: number;
  readonly action: StateAction;
  /** The number up to which the client had shown this channel to the person who acts. */
  readonly seenSeq: number | undefined;
}

const noSuchChannel = "There is no such channel.";

/**
 * The actions that one client dispatches, applied in the order in which they came. Its sender learns of each what became
 * of it. Who may not do it at all is refused here; what may not be done at present is the channel's policy's to say.
 */
export class ClientDispatches {
  readonly #ports: DispatchPorts;
  readonly #from: Dispatcher;
  /** Ends when everything that must stay in order has been done. */
  #ordered: Promise<void> = Promise.resolve();
  #orderedCount = 0;

  constructor(ports: DispatchPorts, from: Dispatcher) {
    this.#ports = ports;
    this.#from = from;
  }

  take(params: unknown): void {
    const { caller, mayGoOn, sight } = this.#from;
    const type = typeOf(params);
    const refused = mayGoOn() ? roleRefusal(caller().role, type) : "Too many messages. Slow down.";
    const decoded = decode(ClientNotifications.dispatchAction, params);
    if (refused !== undefined || !decoded.ok) return this.#refuse(params, refused);
    const { channel, clientSeq, action } = decoded.value;
    const notTheirs = answerRefusal(caller().role, action);
    if (notTheirs !== undefined) return this.#refuse(params, notTheirs);
    const dispatch = { channel, clientSeq, action, seenSeq: fleetMeta("dispatch", decoded.value)?.seenSeq };
    const { channels } = this.#ports;
    const isAtHand = sight.reachesAtOnce(channel) && channels.isLoaded(channel);
    if (isAtHand && this.#orderedCount === 0) return this.#dispatch(dispatch);
    this.#inOrder(async () => {
      // A channel of somebody else is one that there is not. What is refused leaves no trace under its address.
      const isThere = (await sight.reaches(channel)) && (await channels.load(channel));
      if (isThere || this.#wasHeard(dispatch)) this.#dispatch(dispatch);
      else this.#refuse(params, noSuchChannel);
    });
  }

  /** It came before, and was answered then, when its channel was still there. */
  #wasHeard(dispatch: Dispatch): boolean {
    const { channel, action } = dispatch;
    const said = { channel, actionJson: JSON.stringify(action) };
    return this.#ports.channels.window.find(this.#originOf(dispatch), said) !== undefined;
  }

  #originOf({ clientSeq, seenSeq }: Dispatch): ClientOrigin {
    const { principal, clientId } = this.#from.caller();
    return { principal, clientId, clientSeq, ...(seenSeq !== undefined && { seenSeq }) };
  }

  #dispatch(dispatch: Dispatch): void {
    const { channels, fanOut } = this.#ports;
    const { channel, clientSeq, action } = dispatch;
    const origin = this.#originOf(dispatch);
    const { seq, refused, isRepeat } = channels.dispatch(channel, action, origin);
    if (isRepeat !== true) return this.#from.audited(action.type, channel, refused);
    fanOut.afterDurable(seq, () => this.#echo({ channel, action, serverSeq: seq }, clientSeq, refused));
  }

  /**
   * Refused before it came to the channel: the audit knows of it, the channel does not. What has no readable action has no
   * place in the log anyhow; its sender still learns that it did not happen.
   */
  #refuse(params: unknown, reason?: string): void {
    const { channel, clientSeq, action } = (params ?? {}) as Record<string, unknown>;
    if (typeof channel !== "string" || typeof clientSeq !== "number" || !Number.isFinite(clientSeq)) return;
    const read = parseAction(action);
    const sentence = reason ?? (read.ok ? "The dispatch is malformed." : read.error);
    this.#from.audited(typeOf(params), channel, sentence);
    this.#echo({ channel, action, serverSeq: this.#ports.channels.durableSeq }, clientSeq, sentence);
  }

  #echo(envelope: object, clientSeq: number, refused: string | undefined): void {
    const origin = { clientId: this.#from.caller().clientId, clientSeq };
    const params = { ...envelope, origin, ...(refused !== undefined && { rejectionReason: refused }) };
    this.#from.send({ method: "action", params });
  }

  #inOrder(work: () => Promise<void>): void {
    this.#orderedCount += 1;
    const { principal: user, clientId: client } = this.#from.caller();
    const during = (error: unknown) =>
      this.#ports.logger.error("message failed", { user, client, error: String(error) });
    this.#ordered = this.#ordered
      .then(work)
      .catch(during)
      .finally(() => (this.#orderedCount -= 1));
  }
}

/** Of the action, for those who do not look at the rest of it. */
function typeOf(params: unknown): string {
  const { action } = (params ?? {}) as { action?: { type?: unknown } | null };
  return typeof action?.type === "string" ? action.type : "dispatchAction";
}
