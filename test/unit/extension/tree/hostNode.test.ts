import { describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import type { HostInfo } from "../../../../src/client/client.ts";
import type { ConnectionState } from "../../../../src/client/connectionState.ts";
import { statusText } from "../../../../src/extension/tree/fleetStatus.ts";
import {
  type HostFacts,
  hostDetailsOf,
  hostNodeOf,
  hostTooltipLines,
} from "../../../../src/extension/tree/hostNode.ts";

const nowMs = Date.UTC(2026, 0, 1);
const ours: HostInfo = {
  protocolVersion: "0.9.0",
  name: "muster-host",
  version: "1.2.3",
  defaultDirectory: undefined,
  fleet: {
    version: 1,
    epoch: "e",
    methods: ["x-fleet/fork", "x-fleet/spend", "x-fleet/other"],
    channels: [],
    isolation: "bubblewrap",
    limits: { concurrentSessions: 4 },
  },
};
const facts = (state: ConnectionState): HostFacts => ({
  name: "farm",
  url: "wss://farm.example",
  state,
  software: undefined,
  version: "1.2.3",
  info: ours,
  runners: ["Sample agent"],
  agents: 1,
  running: 0,
  queued: 0,
  isCut: false,
  spendToday: undefined,
  needsSignIn: false,
  certificate: undefined,
  heardAtMs: nowMs - 90_000,
});
const refused = new AppError("host.unauthorized", "farm.example did not accept the token.");

describe("a host's row", () => {
  it("tells its connection in words, icon and menu", () => {
    const table: [ConnectionState, string, string][] = [
      [{ kind: "live", attempt: 0, sinceMs: nowMs }, "connected · 1 agent", "host.connected"],
      [{ kind: "opening", attempt: 1 }, "connecting · seen 1m ago", "host.connecting"],
      [{ kind: "handshaking", attempt: 1 }, "connecting · seen 1m ago", "host.connecting"],
      [{ kind: "resuming", attempt: 1 }, "connecting · seen 1m ago", "host.connecting"],
      [
        { kind: "waiting", attempt: 2, retryAtMs: 0, error: refused },
        "not reachable, trying again · seen 1m ago",
        "host.connecting",
      ],
      [{ kind: "refused", error: refused }, "token refused · seen 1m ago", "host.tokenRefused"],
      [{ kind: "offline" }, "not connected · seen 1m ago", "host.failed"],
    ];
    for (const [state, description, contextValue] of table) {
      expect(hostNodeOf(facts(state), nowMs), state.kind).toMatchObject({ label: "farm", description, contextValue });
    }
  });

  it("tells that its agents lack an account, and offers to sign in, while it is connected", () => {
    const live = { kind: "live", attempt: 0, sinceMs: nowMs } as const;
    expect(hostNodeOf({ ...facts(live), needsSignIn: true }, nowMs)).toMatchObject({
      description: "connected · sign-in needed · 1 agent",
      contextValue: "host.connected.signIn",
    });
    expect(hostNodeOf({ ...facts({ kind: "offline" }), needsSignIn: true }, nowMs).contextValue).toBe("host.failed");
  });

  it("says in its tooltip that it has more agents than are shown", () => {
    const live = { kind: "live", attempt: 0, sinceMs: nowMs } as const;
    const lines = Object.fromEntries(hostTooltipLines({ ...facts(live), agents: 50_000, isCut: true }));
    expect(lines["Agents"]).toBe("shows the first 50,000 of its sessions");
  });

  it("tells what the host is, what it does and what it has cost today", () => {
    const live = { kind: "live", attempt: 0, sinceMs: nowMs } as const;
    const busy = { ...facts(live), running: 3, queued: 5, spendToday: { usd: 4.2, unpricedTurns: 1 } };
    expect(hostNodeOf(busy, nowMs).description).toBe("connected · 1 agent · $4.20 and 1 turn of unknown cost today");
    expect(hostDetailsOf(busy).map(({ name, value }) => [name, value])).toEqual([
      ["Version", "1.2.3 · AHP 0.9.0"],
      ["Queue", "3 running · 5 queued · at most 4 at a time"],
      ["Spend today", "$4.20 and 1 turn of unknown cost"],
      ["Runs", "Sample agent"],
      ["Isolation", "bubblewrap"],
      ["Offers", "forks, spending"],
    ]);
    const unpriced = { ...busy, spendToday: { usd: undefined, unpricedTurns: 2 } };
    expect(hostNodeOf(unpriced, nowMs).description).toBe("connected · 1 agent · 2 turns of unknown cost today");
  });

  it("marks a host of VS Code's own and tells nothing that it lacks", () => {
    const live = { kind: "live", attempt: 0, sinceMs: nowMs } as const;
    const info = { ...ours, protocolVersion: "1.1.0", fleet: undefined };
    const theirs = { ...facts(live), software: "VS Code agent host", version: "1.139.0", info };
    expect(hostNodeOf(theirs, nowMs).description).toBe("connected · VS Code agent host · 1 agent");
    expect(hostDetailsOf(theirs).map(({ name, value }) => [name, value])).toEqual([
      ["Version", "VS Code agent host 1.139.0 · AHP 1.1.0"],
      ["Runs", "Sample agent"],
    ]);
  });

  it("says in its tooltip why it is not connected", () => {
    expect(Object.fromEntries(hostTooltipLines(facts({ kind: "refused", error: refused })))).toEqual({
      Address: "wss://farm.example",
      Version: "1.2.3 · AHP 0.9.0",
      Reason: "farm.example did not accept the token.",
    });
  });
});

describe("the status bar", () => {
  const none = { needsYou: 0, failed: 0, review: 0, working: 0, queued: 0, pullRequest: 0, done: 0 };

  it("counts who works and who needs somebody", () => {
    const { text, tooltip } = statusText({ ...none, working: 3, queued: 1 }, 2);
    expect(text).toBe("$(rocket) 4 $(bell-dot) 2");
    expect(tooltip).toBe("Muster: 4 agents work. 2 agents need you. Click to go to the next.");
    expect(statusText({ ...none, working: 1 }, 0).tooltip).toBe("Muster: 1 agent works. None needs you.");
  });
});
