import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SessionRefs } from "../../../../src/host/sessions/sessionRefs.ts";
import type { SpendItem } from "../../../../src/protocol/fleetLedger.ts";
import type { Coordination, Infrastructure } from "../../../../src/protocol/fleetSpend.ts";
import { FakeClock, settle } from "../../../support/fakeClock.ts";
import { HostThatSpends } from "./aHostThatSpends.ts";

const dayMs = 86_400_000;
const price = { model: "small", input: 1, output: 2 };

interface Step {
  readonly kind: "tell" | "price" | "work" | "end" | "day" | "restart" | "kill";
  readonly session: number;
  readonly amount: number;
}
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("tell", "tell", "price", "work", "work", "end", "day", "restart", "kill"),
  session: fc.nat(2),
  amount: fc.integer({ min: 1, max: 1_000 }),
});

/** Sessions of two users on two repositories at work, over days, restarts and crashes. */
async function play(steps: readonly Step[]): Promise<{ host: HostThatSpends; sessions: SessionRefs[] }> {
  let nowMs = Date.UTC(2026, 0, 30);
  const clock = { now: () => (nowMs += 10), elapsed: () => nowMs, setTimeout: () => ({ dispose: () => undefined }) };
  const host = await new HostThatSpends({ prices: [price] }, clock).start();
  const sessions = [
    host.session("session-0", "ann", "https://git.example/a.git"),
    host.session("session-1", "bob", "https://git.example/a"),
    host.session("session-2", "bob", "https://git.example/b"),
  ];
  await settle();
  let turns = 0;
  for (const { kind, session, amount } of steps) {
    const refs = sessions[session];
    if (!refs) continue;
    const isBegun = host.chat(refs).activeTurn !== undefined;
    if (!isBegun && (kind === "tell" || kind === "price" || kind === "work")) {
      host.spend.turnBegins(refs, host.startTurn(refs, `t${(turns += 1)}`));
    }
    const turnId = host.chat(refs).activeTurn?.id;
    if (kind === "tell" && turnId) host.spend.used(refs, { turnId, model: "big", costUsd: amount / 1_000 });
    if (kind === "price" && turnId)
      host.spend.used(refs, { turnId, model: "small", inputTokens: amount * 1_000, outputTokens: 0 });
    if (kind === "work") {
      const marker = `program ${(turns += 1)}`;
      const program = host.spend.programsOf(refs)({ marker });
      host.machine.work(marker, amount);
      await program.ending();
    }
    if (kind === "end" && turnId) {
      host.spend.turnEnds(refs, true);
      host.endTurn(refs, turnId);
    }
    if (kind === "day") nowMs += dayMs * (amount % 3);
    if (kind === "restart") {
      await settle();
      host.channels.saveSnapshots();
      await settle();
    }
    if (kind === "restart" || kind === "kill") await host.restart(sessions);
    if (kind !== "kill" && amount % 2 === 0) await settle();
  }
  await settle();
  return { host, sessions };
}

function sum(parts: readonly (Coordination & Infrastructure)[], key: keyof (Coordination & Infrastructure)): number {
  return parts.reduce((total, part) => total + (Number(part[key]) || 0), 0);
}

const flat = ({ coordination, infrastructure }: SpendItem) => ({ ...coordination, ...infrastructure });

describe("the ledger", () => {
  it("agrees with every turn and session, by whatever it is added up, over restarts and crashes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { host, sessions } = await play(steps);
        const states = sessions.map((refs) => host.fleet(refs));
        const totals = states.map(({ usage, spend }) => ({ ...usage, ...spend?.machine }));
        const turns = states.flatMap(({ spend }) => spend?.turns ?? []);
        for (const key of ["costUsd", "inputTokens", "cpuMs", "wallMs"] as const) {
          const whole = sum(totals, key);
          // Of the time between turns no turn knows.
          if (key === "costUsd" || key === "inputTokens") expect(sum(turns, key)).toBeCloseTo(whole, 6);
          else expect(sum(turns, key)).toBeLessThanOrEqual(whole + 1e-6);
          for (const by of ["session", "repository", "user", "day", "model"] as const) {
            const { items, total } = await host.report(by);
            expect(sum(items.map(flat), key)).toBeCloseTo(whole, 6);
            expect(sum([flat(total)], key)).toBeCloseTo(whole, 6);
          }
        }
        for (const { session, usage } of states) {
          const { items } = await host.report("session", { session });
          expect(items[0]?.coordination.costUsd ?? 0).toBeCloseTo(usage.costUsd ?? 0, 6);
          expect(items[0]?.coordination.unpricedTurns ?? 0).toBe(usage.unpricedTurns ?? 0);
        }
        for (const { usage } of states) expect(usage.unpricedTurns ?? 0).toBeGreaterThanOrEqual(0);
        const days = (await host.report("day")).items.map(({ key }) => key);
        expect(days).toEqual(days.toSorted());
      }),
      { numRuns: Number(process.env["MUSTER_PROPERTY_RUNS"] ?? 60) },
    );
  });

  it("knows after a restart what budgets have been used, and what was added to them", async () => {
    const host = await new HostThatSpends().start();
    const refs = host.session("session-0");
    host.spend.turnBegins(refs, host.startTurn(refs, "t1"));
    host.spend.used(refs, { turnId: "t1", costUsd: 3 });
    const month = { scope: "fleet" as const, key: "", limitUsd: 5, period: "2026-01" };
    host.ledger.raise(month, 2);
    await settle();
    await host.restart([refs]);
    expect(host.ledger.spentUsd(month)).toBe(3);
    expect(host.ledger.spentUsd({ ...month, scope: "repository", key: "git.example/a", period: "2026-01-01" })).toBe(3);
    expect(host.ledger.raisedBy(month)).toBe(2);
    expect(host.ledger.raisedBy({ ...month, period: "2026-02" })).toBe(0);
  });

  it("shows users their own, and pages", async () => {
    const host = await new HostThatSpends().start();
    for (const [index, owner] of ["ann", "bob", "ann"].entries()) {
      const refs = host.session(`session-${index}`, owner);
      host.spend.turnBegins(refs, host.startTurn(refs, "t1"));
      host.spend.used(refs, { turnId: "t1", costUsd: index + 1 });
    }
    const own = await host.report("session", {}, "ann");
    expect(own.items.map(({ key }) => key)).toEqual(["ahp-session:/session-2", "ahp-session:/session-0"]);
    expect(own.total.coordination.costUsd).toBe(4);
    const first = await host.report("session", { limit: 2 });
    const second = await host.report("session", { limit: 2, cursor: first.nextCursor });
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([2, 1, undefined]);
    expect(second.total.coordination.costUsd).toBe(6);
    await expect(host.report("session", { from: "yesterday" })).rejects.toMatchObject({ code: "request.invalid" });
    await expect(host.report("session", { cursor: "x" })).rejects.toMatchObject({ code: "request.invalid" });
  });

  it("never says 0 of what nobody knows", async () => {
    const clock = new FakeClock();
    const host = await new HostThatSpends({}, clock).start();
    const refs = host.session("session-0");
    host.spend.turnBegins(refs, host.startTurn(refs, "t1"));
    await clock.advance(1_000);
    host.spend.turnEnds(refs, true);
    const { coordination, infrastructure } = (await host.report("user")).total;
    expect(coordination).toEqual({ turns: 1, unpricedTurns: 1 });
    expect(infrastructure).toEqual({ wallMs: 1_000 });
  });

  it("has what a long turn used by the minute, so that a crash loses little", async () => {
    const clock = new FakeClock();
    const host = await new HostThatSpends({}, clock).start();
    const refs = host.session("session-0");
    host.spend.turnBegins(refs, host.startTurn(refs, "t1"));
    host.spend.programsOf(refs)({ marker: "a" });
    host.machine.work("a", 700);
    await clock.advance(150_000);
    await host.restart([refs]);
    expect(host.fleet(refs).spend?.turns).toMatchObject([{ turnId: "t1", cpuMs: 700, wallMs: 120_000 }]);
    expect((await host.report("session")).total.infrastructure).toMatchObject({ cpuMs: 700, wallMs: 120_000 });
  });

  it("puts a price on a turn that the host's end left without one", async () => {
    const host = await new HostThatSpends({ prices: [price] }).start();
    const refs = host.session("session-0");
    host.spend.turnBegins(refs, host.startTurn(refs, "t1"));
    host.spend.used(refs, { turnId: "t1", model: "small", inputTokens: 1_000_000, outputTokens: 0 });
    await settle();
    await host.restart([refs]);
    host.spend.settle(refs, "t1");
    host.spend.settle(refs, "t1");
    expect(host.fleet(refs).usage).toMatchObject({ costUsd: 1, computedUsd: 1 });
    expect(host.fleet(refs).usage.unpricedTurns ?? 0).toBe(0);
  });
});
