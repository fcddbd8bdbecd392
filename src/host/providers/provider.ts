import type { Logger } from "../../base/logger.ts";
import type { StateAction } from "../../protocol/actions.ts";
import type { Message } from "../../protocol/chatState.ts";
import type { UsageInfo } from "../../protocol/content.ts";
import type { AgentAbout } from "../../protocol/fleetMeta.ts";
import type { TokenCounts } from "../../protocol/fleetSpend.ts";
import type { InputAnswer, InputResponse } from "../../protocol/input.ts";
import type { AgentInfo } from "../../protocol/root.ts";
import type { MeteredProgram } from "../machine/machineMeter.ts";

/**
 * A kind of agent. It holds no state that the log lacks, so a provider can be made anew at any time.
 * The contract every implementation keeps: `connect` starts (or resumes) one conversation inside one workspace; what the
 * agent does arrives through `context.emit` as AHP actions for the running turn, in order, with streamed text joined to
 * pieces that are worth a record each, and all of it before `send` settles; nothing is emitted after `dispose` resolved or
 * `signal` aborted.
 */
export interface Provider {
  /** What root state shows of this agent. */
  readonly info: AgentInfo;
  /** Throws AppError `agent.missing`, `agent.crashed` or `isolation.missing`, each with a sentence for a person. */
  connect(context: AgentContext): Promise<AgentConnection>;
}

/** Where an agent may work: absolute paths of this machine. */
export interface WorkspacePaths {
  /** The checkout. */
  readonly root: string;
  /** The agent's own home, outside the checkout. */
  readonly home: string;
  /** Variables that every program of the workspace gets. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface AgentContext {
  readonly sessionId: string;
  readonly workspace: WorkspacePaths;
  /** Resume this conversation if the agent can; `AgentConnection.resumed` says whether it did. */
  readonly agentSessionId?: string;
  /** That conversation is another session's, in a copy of its home: this one goes on in one of its own, if the agent can. */
  readonly isCopy?: boolean;
  readonly model?: string;
  /** Else the one that the host's configuration names. */
  readonly mode?: string;
  /** What the conversation that is to be resumed had used when its agent was last heard of. */
  readonly earlier?: EarlierUse | undefined;
  /** Told of each program that is started for the session. */
  readonly watchProgram?: WatchProgram | undefined;
  readonly emit: (event: AgentEvent) => void;
  readonly logger: Logger;
  /** Aborting ends the agent's process. */
  readonly signal: AbortSignal;
}

/** By the ids that the agent offers. */
export interface Wishes {
  readonly model?: string | undefined;
  readonly mode?: string | undefined;
}

export interface EarlierUse {
  /** The agent's running total of the conversation. */
  readonly costUsd?: number | undefined;
  /** All that the session has cost, and the tokens that were told meanwhile. */
  readonly spentUsd?: number | undefined;
  readonly tokens: TokenCounts;
}

/** `ending` is called before the program is ended, while it can still be looked at, and resolves soon. */
export type WatchProgram = (program: MeteredProgram) => { readonly ending: () => Promise<void> };

export interface AgentConnection {
  readonly agentSessionId: string;
  /** True if the earlier conversation came back. */
  readonly resumed: boolean;
  /** Resolves when the turn ended; rejects with AppError `agent.crashed` or `agent.failed`. One turn at a time. */
  send(turn: { readonly turnId: string; readonly message: Message }): Promise<TurnOutcome>;
  /**
   * A person chose another mode or model, to hold from here on. An `about` tells what holds then, also where the agent does
   * not offer it. Never rejects.
   */
  choose(wishes: Wishes): Promise<void>;
  /** Asks the agent to stop the running turn; `send` then resolves with `cancelled`. Without a turn it does nothing. */
  cancel(): void;
  /** Answers a permission request; an id that is not waiting is ignored. */
  answerPermission(toolCallId: string, answer: PermissionAnswer): void;
  /** Answers a `chat/inputRequested`; an id that is not waiting is ignored. */
  answerInput(requestId: string, result: InputResult): void;
  /** Ends the agent's process and everything it started. */
  dispose(): Promise<void>;
}

export interface PermissionAnswer {
  readonly approved: boolean;
  /** One of the options that the request offered. */
  readonly optionId?: string;
}

export interface InputResult {
  readonly response: InputResponse;
  /** By question. */
  readonly answers?: Readonly<Record<string, InputAnswer>> | undefined;
}

export interface TurnOutcome {
  readonly stopReason: "complete" | "cancelled" | "refused" | "limit";
  readonly usage?: UsageInfo;
}

/**
 * `chat`: actions of the chat channel for the running turn; a permission request is a `chat/toolCallReady` without
 * `confirmed` and with `options`. `terminal`: actions of the terminal that belongs to `toolCallId`.
 * `filesTouched`: the working tree may differ, worth a fresh diff. `about`: members that changed. `log`: lines that the
 * agent's program writes for its operator, bounded and without the values of its keys.
 */
export type AgentEvent =
  | { readonly channel: "chat"; readonly action: StateAction }
  | { readonly channel: "terminal"; readonly toolCallId: string; readonly action: StateAction }
  | { readonly channel: "title"; readonly title: string }
  | { readonly channel: "about"; readonly about: AgentAbout }
  | { readonly channel: "log"; readonly data: string }
  | {
      readonly channel: "usage";
      /** The turn that it was used for. */
      readonly turnId?: string;
      readonly model?: string;
      /** Since the last such event, as the rest. */
      readonly inputTokens?: number;
      readonly outputTokens?: number;
      readonly cachedReadTokens?: number;
      readonly cachedWriteTokens?: number;
      readonly thoughtTokens?: number;
      /** The tokens are those of the turn's last request alone. */
      readonly isPartial?: boolean;
      /** The cost that the agent itself reports, in US dollars. */
      readonly costUsd?: number;
      /** Its running total of the conversation: to be given back to it as `AgentContext.earlier`. */
      readonly conversationCostUsd?: number;
    }
  | { readonly channel: "filesTouched" };
