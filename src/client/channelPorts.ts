import type { Logger } from "../base/logger.ts";
import type { ActionEnvelope } from "../protocol/actions.ts";
import type { Reduce } from "../protocol/reduce.ts";
import type { ClientLimits } from "./limits.ts";
import type { Budget } from "./weight.ts";

/** An envelope for one channel, with what the client knows of it. */
export interface Delivery {
  readonly envelope: ActionEnvelope;
  /** Set when it answers a dispatch of this very client. */
  readonly ownClientSeq: number | undefined;
  /** Of the frame, or its part of it, in characters. */
  readonly size: number;
}

export interface ChannelPorts {
  readonly logger: Logger;
  readonly limits: ClientLimits;
  readonly hostName: string;
  /** Shared by all channels of the host. */
  readonly budget: Budget;
  /** As the present connection folds. */
  reduce(): Reduce;
  /** When the host was last heard, in ms since the epoch. */
  lastHeardAt(): number | undefined;
  /** The last handle is gone. */
  unused(): void;
  /** Only a fresh snapshot can tell what is. */
  doubt(): void;
  /** The host has taken this dispatch although it has not echoed it. */
  taken(clientSeq: number): void;
  /** Given up by this client: the host need send nothing of it any more. */
  dropped(): void;
}
