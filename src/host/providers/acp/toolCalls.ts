import path from "node:path";
import type { ChatAction } from "../../../protocol/chatActions.ts";
import type { ToolContent } from "../../../protocol/toolCall.ts";
import { terminalUri } from "../../../protocol/uris.ts";
import type { AgentEvent } from "../provider.ts";
import type { AcpPermissionOption, AcpToolCall } from "./acpMessages.ts";
import {
  type CallTerminal,
  type CommandResult,
  feedTerminal,
  finishTerminal,
  openTerminal,
  type Told,
} from "./callTerminal.ts";
import { commandOf, explanationIn, inlineContent, inputText, oneLine } from "./toolOutput.ts";

/**
 *  announced ─permission asked→ waiting ─answered→ running | done
 *      └────── in progress ──────────────────────→ running ─completed, failed, turn over→ done
 *
 * One call of a turn, upserted by the agent's id: agents send its parts in any order, and a status never goes back.
 */
export type CallPhase = "announced" | "waiting" | "running" | "done";

export interface CallState {
  /** Ours: unique among the session's turns, where agents count from one again. */
  readonly id: string;
  readonly phase: CallPhase;
  readonly merged: AcpToolCall;
  readonly confirmed: "not-needed" | "user-action";
  /** What was said yes to; what it becomes later, nobody has approved. */
  readonly approvedInput?: string | undefined;
  /** What the last `toolCallReady` showed; a change is shown again. */
  readonly shown: string;
  readonly shownContent: string;
  readonly terminal: CallTerminal | undefined;
}

export interface CallContext {
  readonly sessionId: string;
  /** The checkout. */
  readonly root: string;
  readonly turnId: string;
  readonly nowMs: number;
}

export interface CallResult {
  readonly call: CallState;
  readonly events: readonly AgentEvent[];
}

/** An update of any kind, first mention or not. */
export function upsertCall(previous: CallState | undefined, update: AcpToolCall, context: CallContext): CallResult {
  const draft = new CallDraft(previous, update, context);
  draft.advance();
  return draft.result();
}

/** A permission request is an update that also asks. */
export function askPermission(
  previous: CallState | undefined,
  update: AcpToolCall,
  options: readonly AcpPermissionOption[],
  context: CallContext,
): CallResult {
  // What goes with a question explains it; only a proposed edit is part of the call.
  const content = update.content?.filter(({ type }) => type === "diff");
  const draft = new CallDraft(previous, { ...update, status: undefined, content }, context);
  draft.ask(options, explanationIn(update));
  return draft.result();
}

/** What the agent does after the answer is told by its next updates; a refused call is over. */
export function permissionAnswered(call: CallState, approved: boolean): CallState {
  if (call.phase !== "waiting") return call;
  const approvedInput = inputOf(call.merged);
  return { ...call, phase: approved ? "running" : "done", confirmed: "user-action", approvedInput };
}

/** The turn is over: what still runs gets an end, what never began is left to the end of the turn. */
export function closeCall(call: CallState, isComplete: boolean, context: CallContext): CallResult {
  if (call.phase !== "running") return { call: { ...call, phase: "done" }, events: [] };
  const draft = new CallDraft(call, { toolCallId: call.merged.toolCallId }, context);
  draft.complete(isComplete, isComplete ? undefined : "The turn ended before this was finished.");
  return draft.result();
}

class CallDraft {
  #call: CallState;
  readonly #update: AcpToolCall;
  readonly #context: CallContext;
  readonly #events: AgentEvent[] = [];

  constructor(previous: CallState | undefined, update: AcpToolCall, context: CallContext) {
    this.#update = update;
    this.#context = context;
    if (previous) {
      this.#call = { ...previous, merged: merge(previous.merged, update) };
      return;
    }
    this.#call = {
      id: `${context.turnId.slice(0, 8)}-${update.toolCallId}`,
      phase: "announced",
      merged: update,
      confirmed: "not-needed",
      shown: "",
      shownContent: "",
      terminal: undefined,
    };
    const { name, kind } = update;
    this.#chat({
      type: "chat/toolCallStart",
      ...this.#ids,
      toolName: oneLine(name ?? kind ?? "tool", 100) || "tool",
      displayName: displayName(kind, name),
      _meta: this.#meta,
    });
  }

  /** An action's `_meta` replaces the call's, so it is always whole. */
  get #meta(): Record<string, unknown> {
    const { kind, locations } = this.#call.merged;
    const places = placesOf(locations, this.#context.root);
    const changed = this.#call.confirmed === "user-action" && this.#input !== this.#call.approvedInput;
    const facts = { ...(places.length > 0 && { locations: places }), ...(changed && { changedAfterApproval: true }) };
    return { ...toolKind(kind), muster: { kind: kind ?? "other", ...facts } };
  }

  get #ids(): { turnId: string; toolCallId: string } {
    return { turnId: this.#context.turnId, toolCallId: this.#call.id };
  }

  get #title(): string {
    const { title, kind, name, rawInput } = this.#call.merged;
    return oneLine(title ?? commandOf(rawInput) ?? displayName(kind, name)) || "Tool";
  }

  get #input(): string | undefined {
    return inputOf(this.#call.merged);
  }

  result(): CallResult {
    return { call: this.#call, events: this.#events };
  }

  /** Moves the call on as far as the update says; `done` ignores everything. */
  advance(): void {
    const { status } = this.#update;
    const isFinal = status === "completed" || status === "failed";
    if (this.#call.phase === "done") return;
    if (this.#call.phase === "announced") {
      if (isFinal || status === "in_progress") this.#run();
      else this.#announce();
    }
    // Between question and answer an end withdraws the question, and a change asks another one.
    if (this.#call.phase === "waiting" && !isFinal) return this.#askAnew();
    if (this.#call.phase === "running") {
      this.#run();
      this.#output();
    }
    if (isFinal) this.complete(status === "completed", undefined);
  }

  ask(options: readonly AcpPermissionOption[], intention: string | undefined): void {
    if (this.#call.phase === "done") return;
    this.#question({
      ...(intention !== undefined && { intention }),
      options: options.map(({ optionId, name, kind }) => ({
        id: optionId,
        label: oneLine(name ?? optionId, 100),
        kind: kind.startsWith("allow") ? "approve" : "deny",
      })),
    });
  }

  /** What is asked is what is shown: whoever had said yes to the former has said yes to something else. */
  #askAnew(): void {
    if (this.#shown() !== this.#call.shown) this.#question();
  }

  #question(also: Partial<Extract<ChatAction, { type: "chat/toolCallReady" }>> = {}): void {
    const toolInput = this.#input;
    this.#chat({
      type: "chat/toolCallReady",
      ...this.#ids,
      invocationMessage: this.#title,
      _meta: this.#meta,
      confirmationTitle: this.#title,
      ...(toolInput !== undefined && { toolInput }),
      ...also,
    });
    this.#call = { ...this.#call, phase: "waiting", shown: this.#shown() };
  }

  complete(success: boolean, note: string | undefined): void {
    const content = this.#finalContent();
    const text = content.find((item) => item.type === "text");
    const reason = note ?? (text?.type === "text" ? oneLine(text.text, 300) : "The tool reported a failure.");
    this.#chat({
      type: "chat/toolCallComplete",
      ...this.#ids,
      result: {
        success,
        pastTenseMessage: this.#title,
        ...(content.length > 0 && { content }),
        ...(!success && { error: { message: reason } }),
      },
    });
    this.#call = { ...this.#call, phase: "done" };
    if (!["read", "search", "think", "fetch"].includes(this.#call.merged.kind ?? "")) {
      this.#events.push({ channel: "filesTouched" });
    }
  }

  #announce(): void {
    const shown = this.#shown();
    if (shown === this.#call.shown) return;
    this.#chat({ type: "chat/toolCallDelta", ...this.#ids, invocationMessage: this.#title, _meta: this.#meta });
    this.#call = { ...this.#call, shown };
  }

  #run(): void {
    const shown = this.#shown();
    if (this.#call.phase === "running" && shown === this.#call.shown) return;
    const toolInput = this.#input;
    this.#chat({
      type: "chat/toolCallReady",
      ...this.#ids,
      invocationMessage: this.#title,
      _meta: this.#meta,
      ...(toolInput !== undefined && { toolInput }),
      confirmed: this.#call.confirmed,
    });
    this.#call = { ...this.#call, phase: "running", shown };
  }

  #shown(): string {
    return [this.#title, this.#input ?? "", JSON.stringify(this.#meta)].join("\n");
  }

  #output(): void {
    if (this.#call.merged.kind === "execute") {
      this.#openTerminal();
      this.#feedTerminal();
      return;
    }
    if (this.#update.status === "completed" || this.#update.status === "failed") return;
    const content = inlineContent(this.#call.merged);
    const shownContent = JSON.stringify(content);
    if (content.length === 0 || shownContent === this.#call.shownContent) return;
    this.#call = { ...this.#call, shownContent };
    this.#chat({ type: "chat/toolCallContentChanged", ...this.#ids, content });
  }

  #openTerminal(): void {
    if (this.#call.terminal) return;
    const commandLine = commandOf(this.#call.merged.rawInput) ?? this.#title;
    this.#tell(openTerminal(this.#call.id, this.#title, commandLine, this.#context.nowMs));
    this.#chat({ type: "chat/toolCallContentChanged", ...this.#ids, content: [this.#terminalContent(undefined)] });
  }

  #feedTerminal(): void {
    if (this.#call.terminal) this.#tell(feedTerminal(this.#call.terminal, this.#update));
  }

  #tell({ terminal, actions }: Told): void {
    this.#call = { ...this.#call, terminal };
    for (const action of actions) this.#terminal(action);
  }

  #finalContent(): ToolContent[] {
    const { id, merged, terminal } = this.#call;
    if (!terminal) return inlineContent(merged);
    const { actions, result } = finishTerminal(terminal, merged, id, this.#context.nowMs);
    for (const action of actions) this.#terminal(action);
    return [this.#terminalContent(result)];
  }

  #terminalContent(result: CommandResult | undefined): ToolContent {
    const resource = terminalUri(this.#context.sessionId, this.#call.id);
    return { type: "terminal", resource, title: this.#title, isPty: false, ...(result && { result }) };
  }

  #chat(action: (AgentEvent & { channel: "chat" })["action"]): void {
    this.#events.push({ channel: "chat", action });
  }

  #terminal(action: (AgentEvent & { channel: "terminal" })["action"]): void {
    this.#events.push({ channel: "terminal", toolCallId: this.#call.id, action });
  }
}

/** An agent that gives no input for a command names it in the title. */
function inputOf(merged: AcpToolCall): string | undefined {
  return inputText(merged) ?? (merged.kind === "execute" ? (merged.title ?? undefined) : undefined);
}

const maxPlaces = 20;

/** Where in the checkout the call is at work: relative paths with `/`, lines as the agent counts them (from 1). */
function placesOf(locations: AcpToolCall["locations"], root: string): { path: string; line?: number }[] {
  return (locations ?? []).slice(0, maxPlaces).flatMap(({ path: file, line }) => {
    const relative = path.relative(root, path.resolve(root, file));
    if (relative === "" || relative.startsWith("..") || path.isAbsolute(relative)) return [];
    return [{ path: relative.split(path.sep).join("/"), ...(line != null && { line }) }];
  });
}

/** Only what the update names replaces what is known. */
function merge(known: AcpToolCall, update: AcpToolCall): AcpToolCall {
  const given = Object.entries(update).filter(([, value]) => value !== undefined && value !== null);
  return { ...known, ...Object.fromEntries(given), toolCallId: known.toolCallId };
}

const displayNames: Readonly<Record<string, string>> = {
  read: "Read",
  edit: "Edit",
  delete: "Delete",
  move: "Move",
  search: "Search",
  execute: "Run",
  think: "Think",
  fetch: "Fetch",
  switch_mode: "Switch mode",
};

function displayName(kind: string | null | undefined, name: string | null | undefined): string {
  return displayNames[kind ?? ""] ?? (oneLine(name ?? "", 100) || "Tool");
}

/** VS Code's own hint for the icon. */
function toolKind(kind: string | null | undefined): { toolKind?: string } {
  if (kind === "execute") return { toolKind: "terminal" };
  if (kind === "search" || kind === "read") return { toolKind: kind };
  return {};
}
