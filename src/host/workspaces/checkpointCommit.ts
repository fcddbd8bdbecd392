import type { CheckpointKind } from "../../protocol/fleetCheckpoints.ts";
import type { Checkpoint } from "./workspace.ts";

/** Where in a session's story a checkpoint stands. */
export interface CheckpointPlace {
  readonly kind: CheckpointKind;
  /** The latest turn that began before; empty for none. */
  readonly turnId: string;
  /** How many turns there were, that one included. */
  readonly turns: number;
  /** The agent's own id for the conversation, if it had begun one. */
  readonly agentSessionId?: string | undefined;
  /** The checkpoint whose files these are. */
  readonly restoredFrom?: string | undefined;
}

/** What a checkpoint's commit tells of it: enough to find its place again without the log. */
export interface CheckpointFacts extends Omit<Checkpoint, "commit" | "tree" | "base"> {
  /** What it is made of, where it was picked from other sessions: each part's session, commit, file and hunks. */
  readonly parts?: readonly string[];
}

const prefix = "Muster-";

/** One line for people, then a trailer for each fact. */
export function checkpointMessage(sessionId: string, title: string, facts: CheckpointFacts): string {
  const { place, nestedRepositories } = facts;
  const trailers: readonly (readonly [string, string | undefined])[] = [
    ["Session", sessionId],
    ["Checkpoint", facts.id],
    ["Created", facts.createdAt],
    ["Parent", facts.parent],
    ["Changes", `${facts.files} ${facts.additions} ${facts.deletions}`],
    ["Kind", place?.kind],
    ["Turn", place?.turnId],
    ["Turns", place && String(place.turns)],
    ["Agent-Session", place?.agentSessionId],
    ["Restored", place?.restoredFrom],
    ...nestedRepositories.map((directory) => ["Nested", quoted(directory)] as const),
    ...(facts.parts ?? []).map((part) => ["Part", quoted(part)] as const),
  ];
  const lines = trailers.flatMap(([key, value]) => (value ? [`${prefix}${key}: ${oneLine(value)}`] : []));
  return `${oneLine(title) || "Checkpoint"}\n\n${lines.join("\n")}\n`;
}

/** The facts of a commit that `checkpointMessage` wrote; undefined for any other. */
export function parseCheckpointMessage(message: string): CheckpointFacts | undefined {
  // Titles are one line, so nothing in them can pass for a trailer.
  const [, ...lines] = message.split("\n");
  const values = new Map<string, string>();
  const nestedRepositories: string[] = [];
  const parts: string[] = [];
  for (const line of lines) {
    const [, key = "", value = ""] = /^Muster-([A-Za-z-]+): (.*)$/.exec(line) ?? [];
    if (key === "Nested") nestedRepositories.push(unquoted(value));
    else if (key === "Part") parts.push(unquoted(value));
    else if (key !== "") values.set(key, value);
  }
  const id = values.get("Checkpoint");
  const createdAt = values.get("Created");
  const parent = values.get("Parent");
  const [files = 0, additions = 0, deletions = 0] = (values.get("Changes") ?? "").split(" ").map(Number);
  if (id === undefined || createdAt === undefined || parent === undefined) return undefined;
  const place = placeOf(values);
  const counts = { files, additions, deletions };
  const optional = { ...(place && { place }), ...(parts.length > 0 && { parts }) };
  return { id, createdAt, parent, ...counts, nestedRepositories, ...optional };
}

function placeOf(values: ReadonlyMap<string, string>): CheckpointPlace | undefined {
  const kind = values.get("Kind");
  if (kind === undefined) return undefined;
  const agentSessionId = values.get("Agent-Session");
  const restoredFrom = values.get("Restored");
  return {
    kind: kind as CheckpointKind,
    turnId: values.get("Turn") ?? "",
    turns: Number(values.get("Turns") ?? 0),
    ...(agentSessionId !== undefined && { agentSessionId }),
    ...(restoredFrom !== undefined && { restoredFrom }),
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

/** JSON in one line: it leaves some line ends as they are. */
function quoted(text: string): string {
  const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(text).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, escape);
}

function unquoted(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : text;
  } catch {
    return text;
  }
}
