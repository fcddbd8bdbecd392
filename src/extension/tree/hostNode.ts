import * as vscode from "vscode";
import { formatAgo } from "../../base/formatAge.ts";
import { formatUsd } from "../../base/formatUsd.ts";
import { toLine } from "../../base/visibleText.ts";
import type { HostInfo } from "../../client/client.ts";
import type { ConnectionState } from "../../client/connectionState.ts";
import type { TerminalInfo } from "../../protocol/root.ts";
import { terminalName } from "../fleet/hostTerminals.ts";
import type { DaySpend } from "../hosts/spendToday.ts";
import { toLabel } from "../platform/plainText.ts";
import type { NodeView } from "./agentNode.ts";

/** What a row of the Hosts tree is made of. */
export interface HostFacts {
  readonly name: string;
  readonly url: string;
  readonly state: ConnectionState;
  /** What runs there, where it is not a host of ours. */
  readonly software: string | undefined;
  /** Version of the host's software, while known. */
  readonly version: string | undefined;
  /** What it said of itself in the handshake. */
  readonly info: HostInfo | undefined;
  /** Display names of the kinds of agents that it runs. */
  readonly runners: readonly string[];
  readonly agents: number;
  /** Those that have a place at work: one that waits for a person keeps it. */
  readonly running: number;
  readonly queued: number;
  /** The host has more agents than are listed here. */
  readonly isCut: boolean;
  readonly spendToday: DaySpend | undefined;
  /** Its agents lack an account that the person may give them. */
  readonly needsSignIn: boolean;
  /** Fingerprint of the one certificate that the person trusts for it. */
  readonly certificate: string | undefined;
  /** ms since the epoch. */
  readonly heardAtMs: number | undefined;
}

/** How one host's row looks at `nowMs`. */
export function hostNodeOf(facts: HostFacts, nowMs: number): NodeView {
  const { words, icon, iconColor, contextValue } = lookOf(facts.state);
  const asks = contextValue === "host.connected" && facts.needsSignIn;
  const isLive = facts.state.kind === "live";
  const seen =
    isLive || facts.heardAtMs === undefined
      ? ""
      : vscode.l10n.t("seen {0}", formatAgo(nowMs - facts.heardAtMs, vscode.l10n.t));
  const agents = isLive ? `${facts.agents} ${facts.agents === 1 ? "agent" : "agents"}` : "";
  const spent = spentOf(facts);
  const label = toLabel(facts.name, 80);
  const software = facts.software === undefined ? "" : toLabel(facts.software, 40);
  const parts = [
    words,
    asks ? "sign-in needed" : "",
    software,
    agents,
    isLive && spent !== "" ? `${spent} today` : "",
    seen,
  ].filter((part) => part !== "");
  return {
    label,
    description: parts.join(" · "),
    icon,
    iconColor,
    contextValue: asks ? "host.connected.signIn" : contextValue,
    spoken: [label, ...parts].join(", "),
  };
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
    case "refused": {
      const contextValue = state.error.code === "host.unauthorized" ? "host.tokenRefused" : "host.failed";
      return { words: refusal(state), icon: "error", iconColor: "errorForeground", contextValue };
    }
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
    case "host.untrustedCertificate":
      return "certificate not trusted";
    default:
      return "refused";
  }
}

/** What is told of a host beneath its row and in its tooltip. */
export interface HostDetail {
  readonly name: string;
  readonly value: string;
  /** Codicon. */
  readonly icon: string;
}

/** What is known at present. Of a host that is out of sight that is little, and why. */
export function hostDetailsOf(facts: HostFacts): readonly HostDetail[] {
  const { state, info } = facts;
  const isLive = state.kind === "live";
  const reason = state.kind === "refused" || state.kind === "waiting" ? state.error.message : undefined;
  const details: (readonly [string, string | undefined, string])[] = [
    ["Reason", reason, "warning"],
    ["Version", versionOf(facts), "versions"],
    ["Queue", isLive && info?.fleet ? queueOf(facts) : undefined, "layers"],
    ["Spend today", isLive ? spentOf(facts) || undefined : undefined, "credit-card"],
    ["Runs", isLive && facts.runners.length > 0 ? facts.runners.join(", ") : undefined, "server-process"],
    ["Isolation", isLive ? isolationOf(info) : undefined, "shield"],
    ["Offers", isLive ? offersOf(info) : undefined, "checklist"],
    [
      "Agents",
      facts.isCut ? `shows the first ${facts.agents.toLocaleString("en")} of its sessions` : undefined,
      "info",
    ],
    ["Certificate", facts.certificate && `only ${facts.certificate}`, "lock"],
  ];
  return details.flatMap(([name, value, icon]) =>
    value === undefined ? [] : [{ name, value: toLine(value, 400), icon }],
  );
}

export function hostTooltipLines(facts: HostFacts): readonly (readonly [string, string])[] {
  const details = hostDetailsOf(facts).map(({ name, value }) => [name, value] as const);
  return [["Address", toLine(facts.url, 400)], ...details];
}

export function detailNodeOf({ name, value, icon }: HostDetail): NodeView {
  const description = toLabel(value, 200);
  return {
    label: name,
    description,
    icon,
    iconColor: undefined,
    contextValue: "host.detail",
    spoken: `${name}: ${description}`,
  };
}

function versionOf({ software, version, info }: HostFacts): string | undefined {
  const own = [software, version].filter((part) => part !== undefined).join(" ");
  const protocol = info === undefined ? "" : `AHP ${info.protocolVersion}`;
  return [own, protocol].filter((part) => part !== "").join(" · ") || undefined;
}

function queueOf({ running, queued, info }: HostFacts): string {
  const limit = info?.fleet?.limits?.concurrentSessions;
  const most = limit === undefined ? "" : ` · at most ${limit} at a time`;
  return `${running} running · ${queued} queued${most}`;
}

/** What is not known is not made up: a sum that lacks turns says so. */
function spentOf({ spendToday }: HostFacts): string {
  if (spendToday === undefined) return "";
  const { usd, unpricedTurns } = spendToday;
  const lacks = unpricedTurns === 0 ? "" : ` and ${turns(unpricedTurns, "unpriced ")}`;
  if (usd === undefined) return unpricedTurns === 0 ? formatUsd(0) : `cost unknown of ${turns(unpricedTurns)}`;
  return `${formatUsd(usd)}${lacks}`;
}

function turns(count: number, kind = ""): string {
  return `${count} ${kind}${count === 1 ? "turn" : "turns"}`;
}

function isolationOf(info: HostInfo | undefined): string | undefined {
  if (info?.fleet === undefined || info.fleet.isolation === "(unknown)") return undefined;
  return info.fleet.isolation === "none" ? "none: agents can do whatever the host's user can" : info.fleet.isolation;
}

const offers: Readonly<Record<string, string>> = {
  "x-fleet/checkpoint": "checkpoints",
  "x-fleet/restore": "restore",
  "x-fleet/fork": "forks",
  "x-fleet/compare": "comparison",
  "x-fleet/spend": "spending",
};

function offersOf(info: HostInfo | undefined): string | undefined {
  const known = info?.fleet?.methods.flatMap((method) => (Object.hasOwn(offers, method) ? [offers[method]] : []));
  return known === undefined || known.length === 0 ? undefined : known.join(", ");
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
