import type { AgentEvent, InputResult } from "../provider.ts";
import { type AcpElicitation, type ElicitationAnswer, toElicitationAnswer, toInputRequest } from "./elicitation.ts";

interface OpenQuestion {
  readonly asked: AcpElicitation;
  readonly resolve: (answer: ElicitationAnswer) => void;
}

const withdrawn: ElicitationAnswer = { action: "cancel" };

/** The questions of one turn that wait for a person, each as an `inputRequest` part of its chat. */
export class OpenQuestions {
  readonly #open = new Map<string, OpenQuestion>();
  readonly #emit: (event: AgentEvent) => void;
  #asked = 0;

  constructor(emit: (event: AgentEvent) => void) {
    this.#emit = emit;
  }

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** Resolves with the person's answer, or with `cancel` when the turn ends before; `decline` for what cannot be shown. */
  async ask(turnId: string, asked: AcpElicitation): Promise<ElicitationAnswer> {
    this.#asked += 1;
    const id = `${turnId.slice(0, 8)}-q${this.#asked}`;
    const request = toInputRequest(id, asked);
    if (!request) return { action: "decline" };
    return await new Promise((resolve) => {
      this.#open.set(id, { asked, resolve });
      this.#emit({ channel: "chat", action: { type: "chat/inputRequested", request } });
    });
  }

  answer(requestId: string, result: InputResult): void {
    const question = this.#open.get(requestId);
    this.#open.delete(requestId);
    question?.resolve(toElicitationAnswer(question.asked, result));
  }

  /** The page that the agent sent the person to has done its part. */
  completed(elicitationId: string): void {
    for (const [id, { asked, resolve }] of this.#open) {
      if (asked.elicitationId !== elicitationId) continue;
      this.#close(id, "accept");
      resolve({ action: "accept" });
    }
  }

  withdraw(): void {
    for (const [id, { resolve }] of this.#open) {
      this.#close(id, "cancel");
      resolve(withdrawn);
    }
  }

  #close(id: string, response: "accept" | "cancel"): void {
    this.#open.delete(id);
    this.#emit({ channel: "chat", action: { type: "chat/inputCompleted", requestId: id, response } });
  }
}
