import { describe, expect, it } from "vitest";
import type { SessionRefs } from "../../../../src/host/sessions/sessionRefs.ts";
import { answerRefusal, decisionOf } from "../../../../src/host/spend/budgetQuestion.ts";
import type { InputRequest } from "../../../../src/protocol/input.ts";
import { STATUS } from "../../../../src/protocol/status.ts";
import { settle } from "../../../support/fakeClock.ts";
import { HostThatSpends } from "./aHostThatSpends.ts";

const cancelled = { stopReason: "cancelled" } as const;
const complete = { stopReason: "complete" } as const;

async function aHost(budgets: object) {
  return new HostThatSpends({ budgets }).start();
}

function begin(host: HostThatSpends, refs: SessionRefs, turnId = "t1"): boolean {
  return host.budgets.begin(refs, host.startTurn(refs, turnId));
}

function openQuestion(host: HostThatSpends, refs: SessionRefs): InputRequest | undefined {
  const part = host.chat(refs).activeTurn?.responseParts.at(-1);
  return part?.kind === "inputRequest" && part.response === undefined ? part.request : undefined;
}

async function answer(host: HostThatSpends, refs: SessionRefs, decision: string, usd?: number) {
  const request = openQuestion(host, refs);
  if (!request) throw new Error("Nothing is asked");
  await settle();
  const answers = {
    decision: { state: "submitted" as const, value: { kind: "selected" as const, value: decision } },
    ...(usd !== undefined && { usd: { state: "submitted" as const, value: { kind: "number" as const, value: usd } } }),
  };
  const completed = {
    type: "chat/inputCompleted" as const,
    requestId: request.id,
    response: "accept" as const,
    answers,
  };
  expect(await host.act(host.chat(refs).resource, completed)).toBeUndefined();
}

function notices(host: HostThatSpends, refs: SessionRefs): string[] {
  const { activeTurn, turns } = host.chat(refs);
  return [...turns, ...(activeTurn ? [activeTurn] : [])].flatMap(({ responseParts }) =>
    responseParts.flatMap((part) =>
      part.kind === "systemNotification" && typeof part.content === "object" ? [part.content.markdown] : [],
    ),
  );
}

/** A session that has used up its budget of $1 within its first turn. */
async function aPausedSession(budgets: object = { session: { usd: 1 } }) {
  const host = await aHost(budgets);
  const refs = host.session("session-0");
  expect(begin(host, refs)).toBe(true);
  host.spend.used(refs, { turnId: "t1", costUsd: 1.25 });
  expect(host.told).toEqual(["session-0 stops"]);
  expect(await host.budgets.end(refs, Promise.resolve(), cancelled)).toBe(false);
  return { host, refs };
}

describe("a session and its budget", () => {
  it("tells at 50 and 80 %, in the transcript, as activity and as a notification, once each", async () => {
    const host = await aHost({ session: { usd: 10 } });
    const refs = host.session("session-0");
    begin(host, refs);
    for (const costUsd of [4, 1, 1, 2.5, 0.5]) host.spend.used(refs, { turnId: "t1", costUsd });
    expect(notices(host, refs)).toEqual([
      "This session has spent $5.00, 50 % of its budget of $10.00.",
      "This session has spent $8.50, 80 % of its budget of $10.00.",
    ]);
    expect(host.chat(refs).activity).toBe("80 % of its budget is used");
    expect(host.announced.map(({ method, owner }) => [method, owner])).toEqual([
      ["x-fleet/budgetReached", "ann"],
      ["x-fleet/budgetReached", "ann"],
    ]);
    expect(host.told).toEqual([]);
    expect(await host.budgets.end(refs, Promise.resolve(), complete)).toBe(true);
    expect(host.chat(refs).activity).toBeUndefined();
  });

  it("pauses with a question in the running turn, which a restart leaves as it is", async () => {
    const { host, refs } = await aPausedSession();
    const request = openQuestion(host, refs);
    expect(request?.message).toMatch(
      /^This session has spent \$1\.25; its budget is \$1\.00\. The agent was stopped; its files/,
    );
    expect(host.chat(refs).status & STATUS.inputNeeded).toBe(STATUS.inputNeeded);
    expect(host.fleet(refs).spend?.paused).toMatchObject({
      scope: "session",
      limitUsd: 1,
      spentUsd: 1.25,
      turnId: "t1",
    });
    await settle();
    await host.restart([refs]);
    expect(host.budgets.admits(refs)).toBe(false);
    expect(openQuestion(host, refs)).toEqual(request);
    await answer(host, refs, "raise", 5);
    expect(host.fleet(refs).spend).toMatchObject({ budgetUsd: 6 });
    expect(host.fleet(refs).spend?.paused).toBeUndefined();
    expect(host.told.at(-1)).toBe("session-0 wakes");
    expect(host.budgets.admits(refs)).toBe(true);
  });

  it("asks again when it was raised by too little", async () => {
    const { host, refs } = await aPausedSession();
    await answer(host, refs, "raise", 0.1);
    expect(host.budgets.admits(refs)).toBe(false);
    expect(openQuestion(host, refs)?.id).toMatch(/-2$/);
  });

  it("goes on once more to the end of the turn, and asks before the next", async () => {
    const { host, refs } = await aPausedSession();
    await answer(host, refs, "once");
    expect(host.budgets.admits(refs)).toBe(true);
    host.spend.used(refs, { turnId: "t1", costUsd: 50 });
    expect(host.told.filter((what) => what.endsWith("stops"))).toHaveLength(1);
    expect(await host.budgets.end(refs, Promise.resolve(), complete)).toBe(true);
    host.endTurn(refs, "t1");
    expect(begin(host, refs, "t2")).toBe(false);
    expect(openQuestion(host, refs)?.id).toContain("t2");
  });

  it("stops, for whoever says so, declines or ends the turn otherwise", async () => {
    const first = await aPausedSession();
    await answer(first.host, first.refs, "stop");
    expect(first.host.chat(first.refs).turns).toMatchObject([{ id: "t1", state: "cancelled" }]);

    const second = await aPausedSession();
    await settle();
    const ended = { type: "chat/turnCancelled" as const, turnId: "t1", duration: 1 };
    expect(await second.host.act(second.refs.chat, ended)).toBeUndefined();
    expect(second.host.fleet(second.refs).spend?.paused).toBeUndefined();
  });

  it("goes on when somebody sets another budget", async () => {
    const { host, refs } = await aPausedSession();
    await settle();
    expect(await host.act(refs.fleet, { type: "x-fleet/budgetSet", usd: 0 })).toMatch(/more than \$0/);
    expect(await host.act(refs.fleet, { type: "x-fleet/budgetSet", usd: 2 })).toBeUndefined();
    expect(openQuestion(host, refs)).toBeUndefined();
    expect(host.told.at(-1)).toBe("session-0 wakes");
  });

  it("says once that a budget cannot hold an agent of which nobody knows the cost", async () => {
    const host = await aHost({ session: { usd: 1 } });
    const refs = host.session("session-0");
    for (const turnId of ["t1", "t2"]) {
      begin(host, refs, turnId);
      await host.budgets.end(refs, Promise.resolve(), complete);
      host.endTurn(refs, turnId);
    }
    expect(notices(host, refs)).toMatchObject([expect.stringContaining("Nobody knows")]);
    const free = await aHost({});
    const other = free.session("session-0");
    begin(free, other);
    await free.budgets.end(other, Promise.resolve(), complete);
    expect(notices(free, other)).toEqual([]);
  });

  it("that ended its turn by itself is asked about at the next one only", async () => {
    const host = await aHost({ session: { usd: 1 } });
    const refs = host.session("session-0");
    begin(host, refs);
    host.spend.used(refs, { turnId: "t1", costUsd: 2 });
    expect(await host.budgets.end(refs, Promise.resolve(), complete)).toBe(true);
    expect(openQuestion(host, refs)).toBeUndefined();
    host.endTurn(refs, "t1");
    expect(begin(host, refs, "t2")).toBe(false);
  });
});

describe("a budget of many sessions", () => {
  it("stops them all, and its raise lets them all go on", async () => {
    const host = await aHost({ repositories: { "https://git.example/a": { usd: 1 } } });
    const [one, two] = [host.session("session-1"), host.session("session-2", "bob")];
    const other = host.session("session-3", "bob", "https://git.example/b");
    for (const refs of [one, two, other]) begin(host, refs);
    host.spend.used(one, { turnId: "t1", costUsd: 1 });
    expect(host.told).toEqual(["session-1 stops", "session-2 stops"]);
    expect(host.announced.map(({ owner }) => owner)).toEqual(["ann", "bob"]);
    for (const refs of [one, two]) expect(await host.budgets.end(refs, Promise.resolve(), cancelled)).toBe(false);
    expect(notices(host, two)).toEqual([
      "The agents on git.example/a have spent $1.00; their budget for 2026-01 is $1.00.",
    ]);
    await answer(host, two, "raise", 3);
    expect(openQuestion(host, one)).toBeUndefined();
    expect(host.told.slice(2).toSorted()).toEqual(["session-1 wakes", "session-2 wakes"]);
    expect(host.budgets.admits(one)).toBe(true);
    await settle();
    await host.restart([one, two, other]);
    expect(host.budgets.admits(two)).toBe(true);
  });

  it("is another one in the next period", async () => {
    const host = await aHost({ fleet: { usd: 1, per: "day" } });
    const refs = host.session("session-1");
    begin(host, refs);
    host.spend.used(refs, { turnId: "t1", costUsd: 1 });
    await host.budgets.end(refs, Promise.resolve(), complete);
    host.endTurn(refs, "t1");
    host.startTurn(refs, "t2");
    const late = await aHost({ fleet: { usd: 1, per: "day" } });
    expect(late.budgets.admits(late.session("session-9"))).toBe(true);
    expect(host.budgets.admits(refs)).toBe(false);
  });
});

describe("an answer", () => {
  const accept = (scope: string, decision?: string) => ({
    type: "chat/inputCompleted" as const,
    requestId: `budget-${scope}-t1-1`,
    response: "accept" as const,
    ...(decision !== undefined && {
      answers: { decision: { state: "submitted" as const, value: { kind: "selected" as const, value: decision } } },
    }),
  });

  it("costs many people money from an admin alone, and one session from an approver on; anybody may stop", () => {
    expect(answerRefusal("operator", accept("session", "raise"))).toMatch(/Only an approver/);
    expect(answerRefusal("approver", accept("session", "once"))).toBeUndefined();
    expect(answerRefusal("approver", accept("fleet", "once"))).toMatch(/Only an admin/);
    expect(answerRefusal("admin", accept("user", "raise"))).toBeUndefined();
    expect(answerRefusal("operator", accept("fleet", "stop"))).toBeUndefined();
    // Drafts of others may say anything.
    expect(answerRefusal("operator", accept("fleet"))).toMatch(/Only an admin/);
    expect(answerRefusal("operator", { ...accept("fleet"), response: "decline" })).toBeUndefined();
    expect(answerRefusal("operator", { ...accept("x"), requestId: "q1" })).toBeUndefined();
  });

  it("that says nothing usable stops", () => {
    expect(decisionOf("decline", undefined)).toEqual({ kind: "stop" });
    expect(decisionOf("accept", {})).toEqual({ kind: "stop" });
    expect(decisionOf("accept", accept("session", "raise").answers)).toEqual({ kind: "raise" });
  });
});
