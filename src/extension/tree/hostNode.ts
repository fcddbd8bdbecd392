import { toLine } from "../../base/visibleText.ts";
import type { ConnectionState } from "../../client/connectionState.ts";
import type { TerminalInfo } from "../../protocol/root.ts";
import { terminalName } from "../fleet/hostTerminals.ts";
import { toLabel } from "../platform/plainText.ts";
import { formatAge, type NodeView } from "./agentNode.ts";

/** What a row of the Hosts tree is made of. */
export interface HostFacts {
  readonly name: string;
  readonly url: string;
  readonly state: ConnectionState;
  /** What runs there, where it is not a host of ours. */
  readonly software: string | undefined;
  /** Version of the host's software, while known. */
  readonly version: string | undefined;
  readonly agents: number;
  /** The host has more agents than are listed here. */
  readonly isCut: boolean;
  /** Its agents lack an account that the person may give them. */
  readonly needsSignIn: boolean;
  /** ms since the epoch. */
  readonly heardAtMs: number | undefined;
}

/** How one host's row looks at `nowMs`. */
export function hostNodeOf(facts: HostFacts, nowMs: number): NodeView {
  const { words, icon, iconColor, contextValue } = lookOf(facts.state);
  const asks = contextValue === "host.connected" && facts.needsSignIn;
  const seen =
    facts.state.kind === "live" || facts.heardAtMs === undefined
      ? ""
      : `seen ${formatAge(nowMs - facts.heardAtMs)} ago`;
  const agents = facts.state.kind === "live" ? `${facts.agents} ${facts.agents === 1 ? "agent" : "agents"}` : "";
  const label = toLabel(facts.name, 80);
  const software = facts.software === undefined ? "" : toLabel(facts.software, 40);
  const description = [words, asks ? "sign-in needed" : "", software, agents, seen]
    .filter((part) => part !== "")
    .join(" · ");
  const value = asks ? "host.connected.signIn" : contextValue;
  return { label, description, icon, iconColor, contextValue: value, spoken: `${label}, ${description}` };
}

function lookOf(state: ConnectionState): Pick<NodeView, "icon" | "iconColor" | "contextValue"> & { words: string } {
  switch (state.kind) {
    case "live":
      return { words: "connected", icon: "vm-active", iconColor: "charts.green", contextValue: "host.connected" };
    case "opening":
    case "handshaking":
    case "resuming":
      return { words: "connecting", icon: "loading~spin", iconColor: "charts.blue", contextValue: "host.connecting" };
    case "waiting":
      return {
        words: "not reachable, trying again",
        icon: "vm-outline",
        iconColor: "charts.yellow",
        contextValue: "host.connecting",
      };
    case "refused":
      return { words: refusal(state), icon: "error", iconColor: "errorForeground", contextValue: "host.failed" };
    case "offline":
    default:
      return {
        words: "not connected",
        icon: "vm-outline",
        iconColor: "disabledForeground",
        contextValue: "host.failed",
      };
  }
}

function refusal({ error }: Extract<ConnectionState, { kind: "refused" }>): string {
  switch (error.code) {
    case "host.unauthorized":
      return "token refused";
    case "host.incompatible":
      return "another protocol version";
    default:
      return "refused";
  }
}

export function hostTooltipLines(facts: HostFacts): readonly (readonly [string, string])[] {
  const reason =
    facts.state.kind === "refused" || facts.state.kind === "waiting" ? facts.state.error.message : undefined;
  const lines: (readonly [string, string | undefined])[] = [
    ["Address", facts.url],
    ["Software", facts.software],
    ["Version", facts.version],
    ["Agents", facts.isCut ? `shows the first ${facts.agents.toLocaleString("en")} of its sessions` : undefined],
    ["Reason", reason],
  ];
  return lines.flatMap(([name, value]) => (value === undefined ? [] : [[name, toLine(value, 400)] as const]));
}

/** How the row of one of a host's terminals looks. @param agent title of the agent that it belongs to. */
export function terminalNodeOf(info: TerminalInfo, agent: string | undefined): NodeView {
  const { lifecycle } = info;
  const hasExited = lifecycle?.status === "exited";
  const label = toLabel(terminalName(info), 80);
  const end = lifecycle?.exitCode === undefined ? "ended" : `ended with ${lifecycle.exitCode}`;
  const description = [agent === undefined ? "" : toLabel(agent, 60), hasExited ? end : ""]
    .filter((part) => part !== "")
    .join(" · ");
  return {
    label,
    description,
    icon: "terminal",
    iconColor: hasExited ? "disabledForeground" : undefined,
    contextValue: hasExited ? "terminal.exited" : "terminal.running",
    spoken: ["Terminal", label, description].filter((part) => part !== "").join(", "),
  };
}
