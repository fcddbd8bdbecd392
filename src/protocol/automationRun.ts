import * as z from "zod/mini";
import { ErrorInfo, UsageInfo } from "./content.ts";
import {
  type ActionOf,
  defineActions,
  loose,
  Meta,
  openUnion,
  opt,
  set,
  Timestamp,
  type UnknownAction,
  Uri,
} from "./schema.ts";

/** One run of an automation, on a channel of its own: `ahp-automation-run:/<id>`. */

export const AutomationRunOrigin = openUnion(
  "kind",
  [
    loose({ kind: z.literal("manual") }),
    loose({
      kind: z.literal("trigger"),
      triggerId: z.string(),
      scheduledFor: opt(Timestamp),
      /** The run makes up for times at which the host was not there. */
      catchUp: opt(z.boolean()),
      event: opt(z.record(z.string(), z.unknown())),
    }),
  ],
  {},
);
export type AutomationRunOrigin = z.infer<typeof AutomationRunOrigin>;

const begun = { createdAt: Timestamp, startedAt: opt(Timestamp) };
const ended = { ...begun, completedAt: Timestamp };

/** A run goes on while its sessions wait for somebody: that is theirs to tell. */
export const AutomationRunLifecycle = openUnion(
  "status",
  [
    loose({ ...begun, status: z.literal("pending") }),
    loose({ ...begun, status: z.literal("running") }),
    loose({ ...ended, status: z.literal("completed"), usage: opt(UsageInfo) }),
    loose({ ...ended, status: z.literal("failed"), error: ErrorInfo }),
    loose({ ...ended, status: z.literal("cancelled") }),
  ],
  {},
);
export type AutomationRunLifecycle = z.infer<typeof AutomationRunLifecycle>;

/** What a client may ask for at present: cancel. */
const operations = opt(z.array(z.string()));

/** A run in the history of its automation. */
export const AutomationRunSummary = loose({
  resource: Uri,
  automation: opt(Uri),
  origin: opt(AutomationRunOrigin),
  lifecycle: opt(AutomationRunLifecycle),
  primarySession: opt(Uri),
  sessionCount: opt(z.number()),
  operations,
  _meta: opt(Meta),
});
export type AutomationRunSummary = z.infer<typeof AutomationRunSummary>;

export const AutomationRunState = loose({
  resource: Uri,
  automation: Uri,
  origin: AutomationRunOrigin,
  lifecycle: AutomationRunLifecycle,
  /** In the order in which they joined; each once. */
  sessions: z.array(Uri),
  primarySession: opt(Uri),
  operations,
  _meta: opt(Meta),
});
export type AutomationRunState = z.infer<typeof AutomationRunState>;

export const automationRunActions = defineActions({
  /** Without `operations` the present ones stay. */
  "automationRun/lifecycleChanged": { lifecycle: AutomationRunLifecycle, operations },
  "automationRun/sessionSet": { session: Uri },
  "automationRun/sessionRemoved": { session: Uri },
  "automationRun/primarySessionChanged": { primarySession: opt(Uri) },
  "automationRun/cancelRequested": {},
});
export type AutomationRunAction = ActionOf<typeof automationRunActions>;

/** A request changes nothing: what the host made of it comes as `automationRun/lifecycleChanged`. */
export function reduceAutomationRun(
  state: AutomationRunState,
  action: AutomationRunAction | UnknownAction,
): AutomationRunState {
  switch (action.type) {
    case "automationRun/lifecycleChanged":
      return set(state, { lifecycle: action.lifecycle, operations: action.operations ?? state.operations });
    case "automationRun/sessionSet":
      if (state.sessions.includes(action.session)) return state;
      return { ...state, sessions: [...state.sessions, action.session] };
    case "automationRun/sessionRemoved": {
      const sessions = state.sessions.filter((session) => session !== action.session);
      const primarySession = state.primarySession === action.session ? undefined : state.primarySession;
      return set(state, { sessions, primarySession });
    }
    case "automationRun/primarySessionChanged":
      return set(state, { primarySession: action.primarySession });
    case "automationRun/cancelRequested":
    case "(unknown)":
    default:
      return state;
  }
}
