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
  const agents = isLive
    ? facts.agents === 1
      ? vscode.l10n.t("1 agent")
      : vscode.l10n.t("{0} agents", facts.agents)
    : "";
  const spent = spentOf(facts);
  const label = toLabel(facts.name, 80);
  const software = facts.software === undefined ? "" : toLabel(facts.software, 40);
  const parts = [
    words,
    asks ? vscode.l10n.t("sign-in needed") : "",
    software,
    agents,
    isLive && spent !== "" ? vscode.l10n.t("{0} today", spent) : "",
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
      return {
        words: vscode.l10n.t("connected"),
        icon: "vm-active",
        iconColor: "charts.green",
        contextValue: "host.connected",
      };
    case "opening":
    case "handshaking":
    case "resuming":
      return {
        words: vscode.l10n.t("connecting"),
        icon: "loading~spin",
        iconColor: "charts.blue",
        contextValue: "host.connecting",
      };
    case "waiting":
      return {
        words: vscode.l10n.t("not reachable, trying again"),
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
        words: vscode.l10n.t("not connected"),
        icon: "vm-outline",
        iconColor: "disabledForeground",
        contextValue: "host.failed",
      };
  }
}

function refusal({ error }: Extract<ConnectionState, { kind: "refused" }>): string {
  switch (error.code) {
    case "host.unauthorized":
      return vscode.l10n.t("token refused");
    case "host.incompatible":
      return vscode.l10n.t("another protocol version");
    case "host.untrustedCertificate":
      return vscode.l10n.t("certificate not trusted");
    default:
      return vscode.l10n.t("refused");
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
    [vscode.l10n.t("Reason"), reason, "warning"],
    [vscode.l10n.t("Version"), versionOf(facts), "versions"],
    [vscode.l10n.t("Queue"), isLive && info?.fleet ? queueOf(facts) : undefined, "layers"],
    [vscode.l10n.t("Spend today"), isLive ? spentOf(facts) || undefined : undefined, "credit-card"],
    [
      vscode.l10n.t("Runs"),
      isLive && facts.runners.length > 0 ? facts.runners.join(", ") : undefined,
      "server-process",
    ],
    [vscode.l10n.t("Isolation"), isLive ? isolationOf(info) : undefined, "shield"],
    [vscode.l10n.t("Offers"), isLive ? offersOf(info) : undefined, "checklist"],
    [
      vscode.l10n.t("Agents"),
      facts.isCut ? vscode.l10n.t("shows the first {0} of its sessions", facts.agents.toLocaleString("en")) : undefined,
      "info",
    ],
    [vscode.l10n.t("Certificate"), facts.certificate && vscode.l10n.t("only {0}", facts.certificate), "lock"],
  ];
  return details.flatMap(([name, value, icon]) =>
    value === undefined ? [] : [{ name, value: toLine(value, 400), icon }],
  );
}

export function hostTooltipLines(facts: HostFacts): readonly (readonly [string, string])[] {
  const details = hostDetailsOf(facts).map(({ name, value }) => [name, value] as const);
  return [[vscode.l10n.t("Address"), toLine(facts.url, 400)], ...details];
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
  const told = vscode.l10n.t("{0} running · {1} queued", running, queued);
  return limit === undefined ? told : `${told} · ${vscode.l10n.t("at most {0} at a time", limit)}`;
}

/** What is not known is not made up: a sum that lacks turns says so. */
function spentOf({ spendToday }: HostFacts): string {
  if (spendToday === undefined) return "";
  const { usd, unpricedTurns } = spendToday;
  if (unpricedTurns === 0) return formatUsd(usd ?? 0);
  const one = unpricedTurns === 1;
  if (usd === undefined) {
    return one ? vscode.l10n.t("1 turn of unknown cost") : vscode.l10n.t("{0} turns of unknown cost", unpricedTurns);
  }
  const cost = formatUsd(usd);
  return one
    ? vscode.l10n.t("{0} and 1 turn of unknown cost", cost)
    : vscode.l10n.t("{0} and {1} turns of unknown cost", cost, unpricedTurns);
}

function isolationOf(info: HostInfo | undefined): string | undefined {
  if (info?.fleet === undefined || info.fleet.isolation === "(unknown)") return undefined;
  return info.fleet.isolation === "none"
    ? vscode.l10n.t("none: agents can do whatever the host's user can")
    : info.fleet.isolation;
}

const offers: Readonly<Record<string, string>> = {
  "x-fleet/checkpoint": vscode.l10n.t("checkpoints"),
  "x-fleet/restore": vscode.l10n.t("restore"),
  "x-fleet/fork": vscode.l10n.t("forks"),
  "x-fleet/compare": vscode.l10n.t("comparison"),
  "x-fleet/spend": vscode.l10n.t("spending"),
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
  const end =
    lifecycle?.exitCode === undefined ? vscode.l10n.t("ended") : vscode.l10n.t("ended with {0}", lifecycle.exitCode);
  const description = [agent === undefined ? "" : toLabel(agent, 60), hasExited ? end : ""]
    .filter((part) => part !== "")
    .join(" · ");
  return {
    label,
    description,
    icon: "terminal",
    iconColor: hasExited ? "disabledForeground" : undefined,
    contextValue: hasExited ? "terminal.exited" : "terminal.running",
    spoken: [vscode.l10n.t("Terminal"), label, description].filter((part) => part !== "").join(", "),
  };
}
