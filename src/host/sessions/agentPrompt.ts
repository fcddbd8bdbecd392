import { toLine } from "../../base/visibleText.ts";
import type { ActiveTurn, ChatState, Message, Turn } from "../../protocol/chatState.ts";
import { wasInterrupted } from "./turnEnds.ts";
import { interruptedPrompt } from "./wording.ts";

export interface PromptFacts {
  /** What happened to the files while the agent did not look. */
  readonly untold: readonly string[];
  /** Earlier turns that the agent was told to take up and could not. */
  readonly forgotten: readonly Turn[];
}

/** The turn's message as the agent gets it: the person's own words first, since an agent may read a command in them. */
export function agentPrompt(turn: ActiveTurn, { untold, forgotten }: PromptFacts): Message {
  const { message } = turn;
  const own = wasInterrupted(turn) ? interruptedPrompt(message.text) : message.text;
  const notes = untold.map((note) => `(${note})`);
  const earlier = forgotten.length > 0 ? [transcriptNote(forgotten)] : [];
  return notes.length + earlier.length === 0 && own === message.text
    ? message
    : { ...message, text: [own, ...notes, ...earlier].join("\n\n") };
}

/** The turns of a chat that an agent which starts anew does not know; those that the host wrote itself tell it nothing. */
export function turnsBefore(chat: ChatState | undefined, turnId: string): readonly Turn[] {
  return (chat?.turns ?? []).filter(({ id, message }) => id !== turnId && message.origin.kind !== "systemNotification");
}

export function restoredNote(checkpoint: string, when: string | undefined): string {
  const what = when === undefined ? "the state in which this work began" : `the state of ${when}`;
  return `The files of this workspace were put back to checkpoint ${checkpoint}, ${what}. What was changed after it is no longer there, whatever this conversation says. Look at the files before you rely on what you remember of them.`;
}

/** @param conflicts files that git could not merge */
export function baseNote(baseBranch: string, baseCommit: string, conflicts: readonly string[]): string {
  const left =
    conflicts.length === 0
      ? ""
      : ` Git could not merge ${conflictNames(conflicts)}: where they are text, both sides stand in them between lines that begin with <<<<<<< and >>>>>>>. Put the two together and leave none of these lines.`;
  return `The files of this workspace stand on commit ${baseCommit.slice(0, 12)} of ${baseBranch}, another one than before: what differs between the two was merged into them. What you have not written may be from there: look at the files before you rely on what you remember of them.${left}`;
}

export function appliedNote(): string {
  return "A person changed files of this workspace. What they changed is part of the work: keep it, and look at the files before you rely on what you remember of them.";
}

const maxNamed = 20;

/** Of files that two sides changed. */
export function conflictNames(files: readonly string[]): string {
  const named = files.slice(0, maxNamed).map((file) => toLine(file, 200));
  const left = files.length - named.length;
  return left > 0 ? `${named.join(", ")} and ${left} more` : named.join(", ");
}

export function combinedNote(sources: number): string {
  return `The files of this workspace were put together from the work of ${sources} other ${sources === 1 ? "agent" : "agents"}, picked by a person. Look at them before you change anything.`;
}

const maxTranscript = 24_000;
const maxMessage = 4_000;

/** The end of what was said, as far as it is worth its tokens. */
function transcriptNote(turns: readonly Turn[]): string {
  const entries: string[] = [];
  let length = 0;
  for (const turn of turns.toReversed()) {
    const entry = transcriptOf(turn);
    if (length + entry.length > maxTranscript) break;
    entries.unshift(entry);
    length += entry.length;
  }
  const left = turns.length - entries.length;
  const missing = left > 0 ? ` (the first ${left} are left out)` : "";
  return `(You have worked here before and do not remember it. The files are as that work left them. What was said${missing}:\n\n${entries.join("\n\n")}\n\nEnd of what was said. Go on with the request at the top.)`;
}

function transcriptOf({ message, responseParts, state }: Turn): string {
  const said = responseParts.flatMap((part) => (part.kind === "markdown" ? [part.content] : [])).join("\n");
  const tools = responseParts.flatMap((part) => (part.kind === "toolCall" ? [part.toolCall.displayName] : []));
  const used = tools.length > 0 ? `\n[${tools.slice(0, 20).join("; ")}${tools.length > 20 ? "; ..." : ""}]` : "";
  const end = state === "complete" ? "" : "\n[not finished]";
  return `Person: ${shorten(message.text)}\nYou: ${shorten(said)}${used}${end}`;
}

function shorten(text: string): string {
  return text.length <= maxMessage ? text : `${text.slice(0, maxMessage)} [...]`;
}
