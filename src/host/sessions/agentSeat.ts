import { AppError } from "../../base/appError.ts";
import type { Logger } from "../../base/logger.ts";
import type {
  AgentConnection,
  AgentContext,
  AgentEvent,
  InputResult,
  PermissionAnswer,
  Provider,
  Wishes,
} from "../providers/provider.ts";
import type { WorkspacePaths } from "../workspaces/workspace.ts";

export interface SeatRequest extends Pick<AgentContext, "earlier" | "isCopy" | "watchProgram"> {
  readonly sessionId: string;
  readonly workspace: WorkspacePaths;
  readonly agentSessionId: string | undefined;
  readonly wishes: Wishes;
  readonly logger: Logger;
}

/** The one agent process of a session: started when a turn needs it, ended when it fails or idles. */
export class AgentSeat {
  readonly #provider: Provider;
  readonly #emit: (event: AgentEvent) => void;
  #agent: AgentConnection | undefined;
  #life: AbortController | undefined;

  constructor(provider: Provider, emit: (event: AgentEvent) => void) {
    this.#provider = provider;
    this.#emit = emit;
  }

  get isTaken(): boolean {
    return this.#agent !== undefined;
  }

  /** The running agent, or one started for this request. Throws what `Provider.connect` throws. */
  async take(request: SeatRequest): Promise<AgentConnection> {
    if (this.#agent) return this.#agent;
    const life = new AbortController();
    this.#life = life;
    const { agentSessionId, wishes, ...rest } = request;
    const { model, mode } = wishes;
    const agent = await this.#provider.connect({
      ...rest,
      ...(agentSessionId !== undefined && { agentSessionId }),
      ...(model !== undefined && { model }),
      ...(mode !== undefined && { mode }),
      // An event of a process that was given up must not reach the session's next turn.
      emit: (event) => this.#life === life && this.#emit(event),
      signal: life.signal,
    });
    if (life.signal.aborted) {
      await agent.dispose();
      throw new AppError("cancelled", "The agent was stopped.");
    }
    this.#agent = agent;
    return agent;
  }

  /** Of an agent that runs; one that is started gets its wishes then. */
  choose(wishes: Wishes): void {
    void this.#agent?.choose(wishes);
  }

  cancel(): void {
    this.#agent?.cancel();
  }

  answerPermission(toolCallId: string, answer: PermissionAnswer): void {
    this.#agent?.answerPermission(toolCallId, answer);
  }

  answerInput(requestId: string, result: InputResult): void {
    this.#agent?.answerInput(requestId, result);
  }

  /** Ends the process. The next `take` starts another. */
  async leave(): Promise<void> {
    const agent = this.#agent;
    this.#agent = undefined;
    this.#life?.abort();
    this.#life = undefined;
    await agent?.dispose();
  }
}
