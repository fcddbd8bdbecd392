import * as z from "zod/mini";
import { assertNever } from "../base/appError.ts";
import { type ActionOf, defineActions, loose, openEnum, opt, set, Timestamp } from "./schema.ts";

/** Where the programs of a session wanted to connect to and were not let, and what people have said about it. */

/** `session` and `repository` last; `once` is for the connection that waits, or else for the next; `never` is not asked about again. */
export const egressDecisions = ["once", "session", "repository", "never"] as const;
export const EgressDecision = openEnum(egressDecisions);
export type EgressDecision = z.infer<typeof EgressDecision>;

const RefusedConnection = loose({
  /** `host`, or `host:port` where the port is neither 443 nor 80. */
  server: z.string(),
  /** Connections that were refused so far. */
  count: z.number(),
  /** Of the last one that is counted. */
  at: Timestamp,
});

const DecidedServer = loose({ server: z.string(), decision: EgressDecision, at: opt(Timestamp) });

const FleetEgress = loose({
  /** The most recent ones, last refused last. */
  refused: z.array(RefusedConnection),
  /** What holds, by server. */
  decided: z.array(DecidedServer),
});
export type FleetEgress = z.infer<typeof FleetEgress>;

/** Members of `FleetSessionState`. Absent while nothing was refused or decided. */
export const egressMembers = { egress: opt(FleetEgress) };

export const egressActions = defineActions({
  /** `count` is to be added: a program that tries again and again is told of now and then. */
  "x-fleet/egressRefused": { server: z.string(), count: z.number(), at: Timestamp },
  "x-fleet/egressDecided": { server: z.string(), decision: EgressDecision, at: opt(Timestamp) },
  /** Takes back what was decided, for the repository too: the next connection is asked about again. */
  "x-fleet/egressRevoked": { server: z.string() },
});
export type EgressAction = ActionOf<typeof egressActions>;

const maxRefused = 50;
const maxDecided = 200;

type EgressState = { egress?: FleetEgress | undefined };

export function reduceEgress<S extends EgressState>(state: S, action: EgressAction): S {
  return set<EgressState>(state, { egress: changed(state.egress ?? { refused: [], decided: [] }, action) }) as S;
}

function changed(egress: FleetEgress, action: EgressAction): FleetEgress {
  const { server } = action;
  const refused = egress.refused.filter((each) => each.server !== server);
  switch (action.type) {
    case "x-fleet/egressRefused": {
      const before = egress.refused.find((each) => each.server === server);
      const added = { ...before, server, count: (before?.count ?? 0) + action.count, at: action.at };
      return set(egress, { refused: [...refused, added].slice(-maxRefused) });
    }
    case "x-fleet/egressDecided": {
      const decided = egress.decided.filter((each) => each.server !== server);
      const { decision, at } = action;
      const lasts = decision !== "once" && decision !== "(unknown)";
      const kept = lasts
        ? [...decided, { server, decision, ...(at !== undefined && { at }) }].slice(-maxDecided)
        : decided;
      return { ...egress, refused, decided: kept };
    }
    case "x-fleet/egressRevoked":
      return set(egress, { decided: egress.decided.filter((each) => each.server !== server) });
    default:
      return assertNever(action);
  }
}
