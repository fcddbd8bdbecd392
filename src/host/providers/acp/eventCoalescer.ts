import type { Clock } from "../../../base/clock.ts";
import type { Disposable } from "../../../base/disposables.ts";
import type { AgentEvent } from "../provider.ts";

const maxHeldText = 16 * 1024;

/**
 * Joins bursts of text before they become numbered actions: a model streams a word at a time, and each action costs a log
 * record and a frame for every reader. Order is kept; anything that cannot be joined goes out at once, after what is held.
 */
export class EventCoalescer {
  readonly #emit: (event: AgentEvent) => void;
  readonly #clock: Clock;
  readonly #delayMs: number;
  #held: AgentEvent | undefined;
  #timer: Disposable | undefined;

  constructor(emit: (event: AgentEvent) => void, clock: Clock, delayMs = 40) {
    this.#emit = emit;
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  push(event: AgentEvent): void {
    const joined = this.#held && join(this.#held, event);
    if (joined) {
      this.#held = joined;
    } else {
      this.flush();
      if (!isText(event)) {
        this.#emit(event);
        return;
      }
      this.#held = event;
    }
    if (textLength(this.#held) >= maxHeldText) this.flush();
    else this.#timer ??= this.#clock.setTimeout(() => this.flush(), this.#delayMs);
  }

  /** Call before anything that must come after all text so far (the end of a turn). */
  flush(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    const held = this.#held;
    this.#held = undefined;
    if (held) this.#emit(held);
  }
}

function isText(event: AgentEvent): boolean {
  return textLength(event) > 0;
}

function textLength(event: AgentEvent): number {
  if (event.channel !== "chat" && event.channel !== "terminal") return 0;
  const { action } = event;
  if (action.type === "chat/delta" || action.type === "chat/reasoning") return action.content.length;
  if (action.type === "terminal/data") return action.data.length;
  if (action.type === "chat/responsePart") {
    const { part } = action;
    return part.kind === "markdown" || part.kind === "reasoning" ? part.content.length : 0;
  }
  return 0;
}

/** One event for two, or undefined when they must stay apart. */
function join(first: AgentEvent, second: AgentEvent): AgentEvent | undefined {
  if (first.channel === "terminal" && second.channel === "terminal") {
    if (first.toolCallId !== second.toolCallId) return undefined;
    if (first.action.type !== "terminal/data" || second.action.type !== "terminal/data") return undefined;
    return { ...first, action: { ...first.action, data: first.action.data + second.action.data } };
  }
  if (first.channel !== "chat" || second.channel !== "chat") return undefined;
  const { action } = first;
  const next = second.action;
  if (next.type !== "chat/delta" && next.type !== "chat/reasoning") return undefined;
  if (action.type === "chat/responsePart") {
    const { part } = action;
    if ((part.kind !== "markdown" && part.kind !== "reasoning") || part.id !== next.partId) return undefined;
    return { ...first, action: { ...action, part: { ...part, content: part.content + next.content } } };
  }
  if (action.type !== next.type || action.partId !== next.partId) return undefined;
  return { ...first, action: { ...action, content: action.content + next.content } };
}
