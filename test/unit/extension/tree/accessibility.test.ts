import { readFileSync } from "node:fs";
import * as z from "zod/mini";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import type { ConnectionState } from "../../../../src/client/connectionState.ts";
import { ATTENTIONS, type FleetAgent, type Need } from "../../../../src/extension/fleet/fleetAgent.ts";
import { nodeOf, type NodeView } from "../../../../src/extension/tree/agentNode.ts";
import { type HostFacts, hostNodeOf } from "../../../../src/extension/tree/hostNode.ts";
import { aFleetAgent, nowMs } from "../../../support/aFleetAgent.ts";

const needs: readonly Need[] = ["approval", "question", "signIn", "budget", "unknown"];

/** Agents in every state that a row can show. */
const agents: readonly FleetAgent[] = ATTENTIONS.flatMap((attention) =>
  (attention === "needsYou" ? needs : [undefined]).map((need) => aFleetAgent({ attention, need, phase: "ready" })),
).concat(aFleetAgent({ attention: "done", isArchived: true, phase: "ready" }));

const error = new AppError("host.unreachable", "farm does not answer.");
const states: readonly ConnectionState[] = [
  { kind: "opening", attempt: 1 },
  { kind: "live", attempt: 1, sinceMs: 0 },
  { kind: "waiting", attempt: 2, retryAtMs: nowMs + 5_000, error },
  { kind: "refused", error: new AppError("host.unauthorized", "farm did not accept the token.") },
];

/** A row says in words what it shows, and nothing that only eyes can make sense of. */
function expectSpoken({ label, spoken }: NodeView): void {
  expect(spoken.startsWith(label), spoken).toBe(true);
  expect(spoken, spoken).toMatch(/^[^,]+, \w/);
  expect(spoken, spoken).not.toMatch(/\$\(|·|undefined|null|\[object|, ,|,\s*$/);
}

/** Rows that look different also sound different. */
function expectDistinct(nodes: readonly NodeView[]): void {
  const words = new Map<string, Set<string>>();
  for (const { icon, iconColor, label, spoken } of nodes) {
    const said = spoken.slice(label.length);
    words.set(said, (words.get(said) ?? new Set()).add(`${icon} ${iconColor}`));
  }
  for (const [said, looks] of words) expect(Array.from(looks), said).toHaveLength(1);
}

describe("rows for a screen reader", () => {
  it("say the state of an agent in words, whatever icon and colour show", () => {
    const nodes = agents.map((agent) => nodeOf(agent, nowMs));
    nodes.forEach(expectSpoken);
    expectDistinct(nodes);
  });

  it("say that an agent's host is out of sight, and how old the row is", () => {
    for (const agent of agents) {
      const node = nodeOf({ ...agent, freshness: { live: false, heardAt: nowMs - 120_000 } }, nowMs);
      expectSpoken(node);
      expect(node.spoken).toMatch(/not connected/);
      expect(node.spoken).toMatch(/2m/);
    }
  });

  it("say what a person marked, and read no icon out of a title", () => {
    const title = "$(trash) Tidy up\nthe build";
    const { spoken } = nodeOf(aFleetAgent({ title, isRead: false, attention: "review", phase: "ready" }), nowMs, {
      grouping: "attention",
      isPinned: true,
    });
    expect(spoken).toContain("unread");
    expect(spoken).toContain("pinned");
    expect(spoken).not.toMatch(/\$\(|\n/);
  });

  it("say how the connection to a host is", () => {
    const nodes = states.map((state) => hostNodeOf(hostFacts(state), nowMs));
    nodes.forEach(expectSpoken);
    expectDistinct(nodes);
  });
});

describe("keys", () => {
  const Keybinding = z.object({ command: z.string(), key: z.string(), when: z.string() });
  const { contributes } = z
    .object({ contributes: z.object({ keybindings: z.array(Keybinding) }) })
    .parse(JSON.parse(readFileSync(new URL("../../../../package.json", import.meta.url), "utf8")));

  it("take nothing from the editor: each has a modifier, or holds in a list of ours alone", () => {
    for (const { command, key, when } of contributes.keybindings) {
      const isOurs = /focusedView == muster\./.test(when) && /!inputFocus/.test(when);
      expect(/^(ctrl|alt|cmd)\+/.test(key) || isOurs, `${command}: ${key}`).toBe(true);
    }
  });
});

function hostFacts(state: ConnectionState): HostFacts {
  return {
    name: "farm",
    url: "wss://farm.example",
    state,
    software: undefined,
    version: "1.2.3",
    info: undefined,
    runners: ["Sample agent"],
    agents: 3,
    running: 1,
    queued: 2,
    isCut: false,
    spendToday: undefined,
    needsSignIn: false,
    certificate: undefined,
    heardAtMs: nowMs - 90_000,
  };
}
