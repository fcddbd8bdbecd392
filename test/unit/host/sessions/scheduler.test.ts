import { array, assert, constantFrom, integer, oneof, option, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { heldBackBy, Load, type QueueLimits } from "../../../../src/host/sessions/queueLimits.ts";
import { type Job, type Priority, Scheduler } from "../../../../src/host/sessions/scheduler.ts";

function job(id: string, its: Partial<Job> = {}): Job {
  return { id, user: "ada", repository: "r", agent: "codex", priority: "normal", ...its };
}

/** Lets everybody work who may. */
function grantAll(scheduler: Scheduler): string[] {
  const granted: string[] = [];
  for (let next = scheduler.grant(); next; next = scheduler.grant()) granted.push(next.id);
  return granted;
}

/** Ends the one that works longest until nobody waits; the order of the turns. */
function runDry(scheduler: Scheduler): string[] {
  const order = grantAll(scheduler);
  while (scheduler.waitingCount > 0) {
    scheduler.leave(scheduler.running[0] ?? "");
    order.push(...grantAll(scheduler));
  }
  return order;
}

function asked(limits: QueueLimits, jobs: readonly Job[]): Scheduler {
  const scheduler = new Scheduler(limits);
  for (const each of jobs) scheduler.ask(each);
  return scheduler;
}

describe("the order of the queue", () => {
  it("is the order in which they asked, among equals", () => {
    expect(
      runDry(
        asked(
          { host: 2 },
          ["a", "b", "c", "d"].map((id) => job(id)),
        ),
      ),
    ).toEqual(["a", "b", "c", "d"]);
  });

  it("takes turns between users, however many sessions one of them has", () => {
    const flood = Array.from({ length: 100 }, (_, index) => job(`flood${index}`));
    const scheduler = asked({ host: 1 }, flood);
    grantAll(scheduler);
    scheduler.ask(job("guest1", { user: "bob" }));
    scheduler.ask(job("guest2", { user: "bob" }));
    expect(scheduler.forecast(4)).toEqual(["flood1", "guest1", "flood2", "guest2"]);
  });

  it("prefers the user with fewer sessions at work", () => {
    const scheduler = asked({ host: 3 }, [job("a1"), job("a2"), job("a3"), job("a4")]);
    grantAll(scheduler);
    scheduler.ask(job("b1", { user: "bob" }));
    scheduler.ask(job("b2", { user: "bob" }));
    scheduler.leave("a1");
    expect(grantAll(scheduler)).toEqual(["b1"]);
    scheduler.leave("a2");
    expect(grantAll(scheduler)).toEqual(["a4"]);
  });

  it("takes turns between the repositories of a user", () => {
    const jobs = [job("r1"), job("r2"), job("r3"), job("s1", { repository: "s" }), job("s2", { repository: "s" })];
    expect(runDry(asked({ host: 1 }, jobs))).toEqual(["r1", "s1", "r2", "s2", "r3"]);
  });

  it("lets higher priorities go first, and lower ones not wait for ever", () => {
    const high = Array.from({ length: 40 }, (_, index) => job(`high${index}`, { priority: "high" }));
    const low = job("low", { priority: "low" });
    const normal = [job("normal1"), job("normal2")];
    const order = runDry(asked({ host: 1 }, [low, ...normal, ...high]));
    expect(order.slice(0, 5)).toEqual(["high0", "high1", "high2", "high3", "normal1"]);
    expect(order.indexOf("normal2")).toBe(9);
    expect(order.indexOf("low")).toBe(16);
  });

  it("changes with the priority, and keeps the place among equals", () => {
    const scheduler = asked(
      { host: 1 },
      ["a", "b", "c", "d"].map((id) => job(id)),
    );
    grantAll(scheduler);
    scheduler.prioritize("d", "high");
    scheduler.prioritize("b", "high");
    scheduler.prioritize("a", "high");
    expect(scheduler.forecast(10)).toEqual(["b", "d", "c"]);
  });

  it("is kept over a restart, whatever is asked later", () => {
    const jobs = [job("r1"), job("r2"), job("b1", { user: "bob" }), job("s1", { repository: "s" })];
    const before = asked({ host: 1 }, [job("first"), ...jobs]);
    grantAll(before);
    const order = before.forecast(10);
    const after = new Scheduler({ host: 1 });
    for (const [index, id] of order.entries()) {
      const found = jobs.find((each) => each.id === id);
      if (found) after.ask(found, { index, ticket: before.ticketOf(id) });
    }
    after.ask(job("late", { user: "eve" }));
    expect(after.ticketOf("late")).toBe(6);
    expect(runDry(after)).toEqual([...order.slice(0, 2), "late", ...order.slice(2)]);
  });
});

describe("limits", () => {
  it("hold back one repository, user or kind of agent, and let others pass", () => {
    const limits = { host: 4, perRepository: 1, perUser: 2, agents: { gemini: 1 } };
    const scheduler = asked(limits, [
      job("a"),
      job("same repository"),
      job("b", { repository: "s" }),
      job("third of the user", { repository: "t" }),
      job("c", { user: "bob", repository: "u", agent: "gemini" }),
      job("second of the agent", { user: "eve", repository: "v", agent: "gemini" }),
    ]);
    expect(grantAll(scheduler)).toEqual(["a", "c", "b"]);
    expect(scheduler.reasonFor("same repository")).toBe("the limit for this repository is 1");
    expect(scheduler.reasonFor("third of the user")).toBe("the limit for one user is 2");
    expect(scheduler.reasonFor("second of the agent")).toBe("the limit for this kind of agent is 1");
    scheduler.ask(job("d", { user: "zoe", repository: "z" }));
    scheduler.ask(job("e", { user: "zoe", repository: "y" }));
    expect(grantAll(scheduler)).toEqual(["d"]);
    expect(scheduler.reasonFor("e")).toBe("4 agents work, the limit of this host");
  });
});

const someJob = record({
  user: constantFrom("ada", "bob", "eve"),
  repository: constantFrom("r", "s", "t"),
  agent: constantFrom("codex", "gemini"),
  priority: constantFrom<Priority>("low", "normal", "high"),
});
const someLimit = option(integer({ min: 1, max: 3 }), { nil: undefined });
const someLimits = record({
  host: integer({ min: 1, max: 5 }),
  perRepository: someLimit,
  perUser: someLimit,
  perAgent: someLimit,
});
const someStep = oneof(
  { weight: 3, arbitrary: record({ do: constantFrom("ask" as const), job: someJob }) },
  { weight: 2, arbitrary: record({ do: constantFrom("leave" as const), nth: integer({ min: 0, max: 30 }) }) },
  {
    weight: 1,
    arbitrary: record({
      do: constantFrom("prioritize" as const),
      nth: integer({ min: 0, max: 30 }),
      priority: constantFrom<Priority>("low", "normal", "high"),
    }),
  },
);
type Step = typeof someStep extends { generate(...given: never[]): { value: infer T } } ? T : never;

/** Plays the steps and hands every state to `look`. */
function play(
  limits: QueueLimits,
  steps: readonly Step[],
  look: (scheduler: Scheduler, known: ReadonlyMap<string, Job>) => void,
): string[] {
  const scheduler = new Scheduler(limits);
  const known = new Map<string, Job>();
  const granted: string[] = [];
  for (const [index, step] of steps.entries()) {
    const ids = Array.from(known.keys());
    if (step.do === "ask") {
      const next = { id: `${index}`, ...step.job };
      known.set(next.id, next);
      scheduler.ask(next);
    } else {
      const id = ids[step.nth % Math.max(1, ids.length)] ?? "";
      if (step.do === "leave") {
        known.delete(id);
        scheduler.leave(id);
      } else {
        const present = known.get(id);
        if (present && scheduler.isWaiting(id)) known.set(id, { ...present, priority: step.priority });
        scheduler.prioritize(id, step.priority);
      }
    }
    granted.push(...grantAll(scheduler));
    look(scheduler, known);
  }
  return granted;
}

describe("whatever happens", () => {
  it("no limit is passed, nobody is lost, and nobody waits who may work", () => {
    assert(
      property(someLimits, array(someStep, { maxLength: 60 }), (limits, steps) => {
        play(limits, steps, (scheduler, known) => {
          const working = scheduler.running.map((id) => known.get(id) as Job);
          const count = (matches: (each: Job) => boolean) => working.filter(matches).length;
          expect(working.length).toBeLessThanOrEqual(limits.host);
          for (const each of working) {
            expect(count(({ user }) => user === each.user)).toBeLessThanOrEqual(limits.perUser ?? limits.host);
            expect(count(({ agent }) => agent === each.agent)).toBeLessThanOrEqual(limits.perAgent ?? limits.host);
            const ofRepository = count(({ repository }) => repository === each.repository);
            expect(ofRepository).toBeLessThanOrEqual(limits.perRepository ?? limits.host);
          }
          const waiting = Array.from(known.values()).filter(({ id }) => scheduler.isWaiting(id));
          expect(waiting.length + working.length).toBe(known.size);
          expect(waiting.length).toBe(scheduler.waitingCount);
          const load = new Load();
          for (const each of working) load.add(each, 1);
          if (working.length === limits.host) return;
          for (const each of waiting) expect(heldBackBy(limits, load, each)).toBeDefined();
        });
      }),
    );
  });

  it("the same steps give the same turns", () => {
    assert(
      property(someLimits, array(someStep, { maxLength: 60 }), (limits, steps) => {
        expect(play(limits, steps, () => {})).toEqual(play(limits, steps, () => {}));
      }),
    );
  });

  it("the places that are told are the order in which they come to work", () => {
    assert(
      property(someLimits, array(someStep, { maxLength: 60 }), (limits, steps) => {
        let last: Scheduler | undefined;
        play(limits, steps, (scheduler) => {
          last = scheduler;
          const order = scheduler.forecast(1_000);
          expect(order.length).toBe(scheduler.waitingCount);
          expect(scheduler.forecast(3)).toEqual(order.slice(0, 3));
        });
        const order = last?.forecast(1_000);
        expect(last && runDry(last)).toEqual(order);
      }),
    );
  });

  it("nobody waits for ever, however many come", () => {
    const users = ["ada", "bob", "eve"];
    assert(
      property(someJob, integer({ min: 1, max: 3 }), array(someJob, { minLength: 5 }), (patient, host, crowd) => {
        const scheduler = new Scheduler({ host });
        for (const [index, each] of crowd.entries()) scheduler.ask({ id: `before${index}`, ...each });
        scheduler.ask({ id: "patient", ...patient });
        grantAll(scheduler);
        let turns = 0;
        // Two more arrive for every turn that is given, most of them more urgent.
        for (; scheduler.isWaiting("patient"); turns += 1) {
          for (const half of [0, 1]) {
            const each = crowd[(turns + half) % crowd.length] ?? patient;
            scheduler.ask({ id: `after${turns}-${half}`, ...each, priority: half === 0 ? "high" : each.priority });
          }
          scheduler.leave(scheduler.running[0] ?? "");
          grantAll(scheduler);
          // At worst: every 17th turn is of its priority, and of those a third its user's, and of those a third its repository's.
          expect(turns).toBeLessThan(17 * users.length * 3 * (crowd.length + 2));
        }
      }),
      { numRuns: 50 },
    );
  });
});
