import { redactText } from "../../base/redactText.ts";
import type { ConnectionState } from "../../client/connectionState.ts";

/** All that a report may hold. Nothing here names a person, and none of it is a prompt, a title, a path or a file. */
export interface DiagnosticFacts {
  readonly versions: Readonly<Record<string, string>>;
  readonly hosts: readonly HostFacts[];
  /** Agents in each group, of all hosts. */
  readonly counts: Readonly<Record<string, number>>;
  /** Those that differ from their defaults. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The latest warnings and errors of the log, oldest first. */
  readonly problems: readonly string[];
}

export interface HostFacts {
  readonly url: string;
  readonly software: string;
  readonly state: ConnectionState;
  readonly protocolVersion: string | undefined;
  /** Absent on hosts without the fleet plane. */
  readonly fleetVersion: number | undefined;
  readonly agents: number;
}

/** The report as markdown, for an issue. Whatever looks like a credential is left out wherever it stands. */
export function renderDiagnostics(facts: DiagnosticFacts): string {
  const lines = [
    "## Muster diagnostics",
    "",
    ...list(facts.versions),
    "",
    "### Hosts",
    "",
    ...(facts.hosts.length === 0 ? ["None."] : facts.hosts.map(renderHost)),
    "",
    "### Agents",
    "",
    ...list(facts.counts),
    "",
    "### Settings that differ from their defaults",
    "",
    ...(Object.keys(facts.settings).length === 0 ? ["None."] : list(facts.settings)),
    "",
    "### Latest problems",
    "",
    ...(facts.problems.length === 0 ? ["None."] : ["```text", ...facts.problems, "```"]),
    "",
  ];
  // Each by itself: a key whose end is missing would take the rest of the report with it.
  return lines.map((line) => redactText(line, "(redacted)")).join("\n");
}

function renderHost({ url, software, state, protocolVersion, fleetVersion, agents }: HostFacts): string {
  const spoken = [
    `AHP ${protocolVersion ?? "not agreed"}`,
    fleetVersion === undefined ? "no fleet plane" : `fleet ${fleetVersion}`,
    `${agents} ${agents === 1 ? "agent" : "agents"}`,
  ];
  return `- ${addressOf(url)} (${software}): ${stateOf(state)}; ${spoken.join(", ")}`;
}

/** Who it is, without path, query and account. */
function addressOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? "(an address that cannot be read)" : `${parsed.protocol}//${parsed.host}`;
}

function stateOf(state: ConnectionState): string {
  return "error" in state ? `${state.kind} (${state.error.code}: ${state.error.message})` : state.kind;
}

function list(entries: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(entries).map(
    ([name, value]) => `- ${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
}
