import * as z from "zod/mini";
import { assertNever } from "../base/appError.ts";
import { type ActionOf, defineActions, loose, openEnum, opt, set } from "./schema.ts";

/** When a session may work, for how long, and whether its agent's process runs. */

export const priorities = ["low", "normal", "high"] as const;
export const FleetPriority = openEnum(priorities);
export type FleetPriority = z.infer<typeof FleetPriority>;

/** Its place among the sessions that wait. */
export const FleetQueue = loose({
  /** From 1 for the next in line. */
  position: z.number(),
  /** There are at least so many before it, less one; the exact place is told when it comes nearer. */
  isAtLeast: opt(z.boolean()),
  /** What it waits for, as a part of a sentence: "4 agents work, the limit of this host". */
  reason: opt(z.string()),
  /** Grows with every session that begins to wait: the order in which they asked. */
  ticket: opt(z.number()),
});
export type FleetQueue = z.infer<typeof FleetQueue>;

const FleetTime = loose({
  /** How long its agent has worked, in milliseconds; waiting for a person is not counted. */
  workedMs: z.number(),
  /** How long it may work in all, where a person has said so; else the host's configuration decides. */
  limitMinutes: opt(z.number()),
});

/** Members of `FleetSessionState`. */
export const queueMembers = {
  /** Absent means `normal`. */
  priority: opt(FleetPriority),
  time: opt(FleetTime),
  /** `asleep`: no process of the agent runs, the next message starts one. Absent before the first turn. */
  agent: opt(openEnum(["awake", "asleep"])),
};

export const queueActions = defineActions({
  "x-fleet/priorityChanged": { priority: FleetPriority },
  /** To be added to what the session has worked. */
  "x-fleet/timeUsed": { ms: z.number() },
  /** Without `minutes` the host's configuration decides again. */
  "x-fleet/timeLimitChanged": { minutes: opt(z.number()) },
  "x-fleet/agentChanged": { agent: openEnum(["awake", "asleep"]) },
});
export type QueueAction = ActionOf<typeof queueActions>;

type QueueState = { [K in keyof typeof queueMembers]?: z.infer<(typeof queueMembers)[K]> };

export function reduceQueue<S extends QueueState>(state: S, action: QueueAction): S {
  return set<QueueState>(state, changes(state, action)) as S;
}

function changes(state: QueueState, action: QueueAction): QueueState {
  const time = state.time ?? { workedMs: 0 };
  switch (action.type) {
    case "x-fleet/priorityChanged":
      return { priority: action.priority };
    case "x-fleet/timeUsed":
      return { time: set(time, { workedMs: time.workedMs + action.ms }) };
    case "x-fleet/timeLimitChanged":
      return { time: set(time, { limitMinutes: action.minutes }) };
    case "x-fleet/agentChanged":
      return { agent: action.agent };
    default:
      return assertNever(action);
  }
}
