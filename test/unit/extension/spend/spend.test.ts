import { describe, expect, it } from "vitest";
import { CommandRegistry } from "../../../../src/extension/platform/commandRegistry.ts";
import { spendLines } from "../../../../src/extension/spend/spendLines.ts";
import { daysOf, eachDay } from "../../../../src/extension/spend/spendPeriods.ts";
import { firstChoice, loadingSpend, readSpend } from "../../../../src/extension/spend/spendReader.ts";
import { SpendView } from "../../../../src/extension/spend/spendView.ts";
import type { SpendItem } from "../../../../src/protocol/fleetLedger.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { settle } from "../../../support/fakeClock.ts";
import { fakeVscode, Uri } from "../../../support/fakeVscode.ts";

const nowMs = Date.UTC(2026, 2, 3, 23, 59);
const item = (key: string, costUsd?: number, wallMs?: number): SpendItem => ({
  key,
  coordination: { turns: 1, ...(costUsd !== undefined && { costUsd }) },
  infrastructure: { ...(wallMs !== undefined && { wallMs }) },
});

describe("the days of a period", () => {
  it.each([
    ["month", "2026-03-01", "2026-03-03"],
    ["lastMonth", "2026-02-01", "2026-02-28"],
    ["week", "2026-02-25", "2026-03-03"],
    ["days30", "2026-02-02", "2026-03-03"],
    ["days90", "2025-12-04", "2026-03-03"],
  ] as const)("%s are those of hosts, in UTC", (period, from, to) => {
    expect(daysOf(period, nowMs)).toEqual({ from, to });
  });

  it("are all there are, also over the end of a month", () => {
    expect(eachDay({ from: "2026-02-27", to: "2026-03-02" })).toEqual([
      "2026-02-27",
      "2026-02-28",
      "2026-03-01",
      "2026-03-02",
    ]);
  });
});

describe("spending of several hosts", () => {
  const days = { from: "2026-03-01", to: "2026-03-03" };
  const spends = [
    { hostId: "a", items: [item("2026-03-01", 1.5, 60_000), item("2026-03-03")], total: item("", 1.5, 60_000) },
    { hostId: "b", items: [item("2026-03-01", 0.5)], total: item("", 0.5) },
  ];

  it("is added up by key, with what each host has in it, and a day without spending is there", () => {
    const { lines, total } = spendLines(spends, { ...days, by: "day" }, (key) => key);
    expect(lines).toEqual([
      {
        key: "2026-03-01",
        label: "2026-03-01",
        coordination: { turns: 2, costUsd: 2 },
        infrastructure: { wallMs: 60_000 },
        parts: [
          { hostId: "a", costUsd: 1.5, wallMs: 60_000 },
          { hostId: "b", costUsd: 0.5 },
        ],
      },
      { key: "2026-03-02", label: "2026-03-02", coordination: {}, infrastructure: {}, parts: [] },
      // Nobody knows what it cost: that is not nothing.
      {
        key: "2026-03-03",
        label: "2026-03-03",
        coordination: { turns: 1 },
        infrastructure: {},
        parts: [{ hostId: "a" }],
      },
    ]);
    expect(total).toEqual({ coordination: { turns: 2, costUsd: 2 }, infrastructure: { wallMs: 60_000 } });
  });

  it("has the dearest first, where it is not by day", () => {
    const items = [item("x", 1), item("y"), item("z", 3)];
    const { lines } = spendLines([{ hostId: "a", items, total: item("") }], { ...days, by: "model" }, (key) => key);
    expect(lines.map(({ key }) => key)).toEqual(["z", "x", "y"]);
  });
});

describe("reading what agents cost", () => {
  const advertise = () => ({
    result: {
      protocolVersion: "0.9.0",
      serverSeq: 0,
      snapshots: [
        {
          resource: "ahp-root://",
          state: { agents: [{ provider: "claude", displayName: "Claude", description: "", models: [] }] },
          fromSeq: 0,
        },
      ],
      _meta: { muster: { version: 1, epoch: "e", methods: ["x-fleet/spend"], channels: [], isolation: "none" } },
    },
  });

  it("asks every host for the same days, page after page, and names what it is told", async () => {
    const { connections, clock, hosts } = await aFleet(
      (host, id) => {
        host.answers["initialize"] = advertise;
        host.answers["x-fleet/spend"] = ({ cursor, from, to }) => ({
          result:
            cursor === undefined
              ? { from, to, items: [item("claude", id === "a" ? 2 : 1)], total: item("", 4), nextCursor: "1" }
              : { from, to, items: [item("", 0.5)], total: item("", 4) },
        });
      },
      ["a", "b"],
    );
    const options = { connections, clock, titleOf: () => undefined };
    const state = await readSpend(options, { ...firstChoice, by: "agent" });
    expect(state.lines.map(({ label, coordination }) => [label, coordination.costUsd])).toEqual([
      ["Claude", 3],
      ["unknown agent", 1],
    ]);
    expect(state).toMatchObject({ isLoading: false, notes: [], total: { coordination: { costUsd: 8 } } });
    expect(state.hosts.map(({ id }) => id)).toEqual(["a", "b"]);
    const asked = hosts.get("b")!.heard.filter(({ method }) => method === "x-fleet/spend");
    expect(asked.map(({ params }) => [params["by"], params["from"], params["cursor"]])).toEqual([
      ["agent", "2026-01-01", undefined],
      ["agent", "2026-01-01", "1"],
    ]);
    const ofB = await readSpend(options, { ...firstChoice, by: "agent", hostId: "b" });
    expect(ofB.total.coordination.costUsd).toBe(4);
  });

  it("says which host is missing in the sums, and why", async () => {
    const { connections, clock, hosts } = await aFleet(
      (host, id) => {
        if (id !== "c") host.answers["initialize"] = advertise;
        host.answers["x-fleet/spend"] = () => ({ error: { code: -32603, message: "The ledger is damaged." } });
      },
      ["a", "b", "c"],
    );
    hosts.get("b")!.dropAll();
    await settle();
    const options = { connections, clock, titleOf: () => undefined };
    const { notes, hosts: named } = await readSpend(options, firstChoice);
    expect(notes).toEqual([
      { text: expect.stringMatching(/^a did not tell what its agents cost: /) },
      { text: "b is not connected: what its agents cost is not counted.", hostId: "b" },
      { text: "c keeps no accounts." },
    ]);
    // A host that is out of sight for a moment stays a choice.
    expect(named.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(loadingSpend(options, firstChoice)).toMatchObject({ isLoading: true, lines: [] });
  });
});

describe("the tab of what agents cost", () => {
  it("comes back with the window, says which host is away, and is the one that is shown then", async () => {
    fakeVscode.reset();
    const { connections, clock, host } = await aFleet();
    host.dropAll();
    await settle();
    const view = new SpendView({
      extensionUri: new Uri("file", "/") as never,
      connections,
      commands: new CommandRegistry({ present: async () => undefined }),
      clock,
      fleet: { get: () => undefined, onDidChange: () => ({ dispose: () => undefined }) },
      state: { get: () => undefined, update: async () => undefined },
    });
    const panel = await fakeVscode.webviews.restore("muster.spend", "Spend");
    panel.say({ kind: "ready" });
    await settle();
    const notes = [{ text: "a is not connected: what its agents cost is not counted.", hostId: "a" }];
    expect(panel.last).toMatchObject({ state: { view: "spend", isLoading: false, notes } });
    await fakeVscode.commands.get("muster.spend.show")?.();
    expect([fakeVscode.webviews.panels.length, panel.revealed]).toEqual([1, 1]);
    view.dispose();
    expect(panel.isClosed).toBe(true);
  });
});
