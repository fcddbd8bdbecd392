import * as z from "zod/mini";
import { AutomationRunSummary } from "./automationRun.ts";
import { Message } from "./chatState.ts";
import { ConfigSchema, ConfigValues } from "./content.ts";
import {
  type ActionOf,
  defineActions,
  loose,
  Meta,
  openEnum,
  openUnion,
  opt,
  set,
  Timestamp,
  type UnknownAction,
  upsert,
  Uri,
} from "./schema.ts";

/** What a host does by itself: the channel `ahp-automations://` of hosts that advertise `automations`. */

export const AutomationEvent = loose({ id: z.string(), title: z.string(), description: opt(z.string()) });
export type AutomationEvent = z.infer<typeof AutomationEvent>;

/** What `listAutomationTriggerDefinitions` offers for triggers of kind event. */
export const AutomationTriggerDefinition = loose({
  type: z.string(),
  title: z.string(),
  description: opt(z.string()),
  events: z.array(AutomationEvent),
  configSchema: opt(ConfigSchema),
});
export type AutomationTriggerDefinition = z.infer<typeof AutomationTriggerDefinition>;

export const AutomationTrigger = openUnion(
  "kind",
  [
    loose({
      kind: z.literal("schedule"),
      id: z.string(),
      /** The five fields of cron, in a time zone of the IANA database. */
      schedule: loose({ expression: z.string(), timeZone: z.string() }),
      /** What becomes of times at which the host was not there. */
      misfirePolicy: opt(openEnum(["skip", "runOnce"])),
    }),
    loose({
      kind: z.literal("event"),
      id: z.string(),
      /** That of the trigger's definition, as are the events. */
      type: z.string(),
      title: z.string(),
      description: opt(z.string()),
      events: z.array(z.union([AutomationEvent, z.string()])),
      config: opt(ConfigValues),
    }),
  ],
  {},
);
export type AutomationTrigger = z.infer<typeof AutomationTrigger>;

export const AutomationDefinition = loose({
  title: z.string(),
  /** Its origin is of kind automation. */
  message: Message,
  /** What each run's sessions are created with. */
  session: loose({
    provider: opt(z.string()),
    model: opt(loose({ id: z.string(), config: opt(ConfigValues) })),
    agent: opt(loose({ uri: Uri })),
    workingDirectories: opt(z.array(Uri)),
    config: opt(ConfigValues),
  }),
  /** Of the triggers; a person may run it all the same. */
  enabled: z.boolean(),
  triggers: z.array(AutomationTrigger),
  _meta: opt(Meta),
});
export type AutomationDefinition = z.infer<typeof AutomationDefinition>;

export const Automation = loose({
  /** `ahp-automation:/<id>`. */
  resource: Uri,
  definition: AutomationDefinition,
  nextRunAt: opt(Timestamp),
  /** Newest first. */
  runs: z.array(AutomationRunSummary),
  /** Present while the host holds older runs: `fetchAutomationRuns` brings them. */
  runsNextCursor: opt(z.string()),
  /** What a client may ask for at present: update, remove, run. */
  operations: z.array(z.string()),
  createdAt: Timestamp,
  modifiedAt: Timestamp,
  _meta: opt(Meta),
});
export type Automation = z.infer<typeof Automation>;

export const AutomationsState = loose({ entries: z.array(Automation), _meta: opt(Meta) });
export type AutomationsState = z.infer<typeof AutomationsState>;

export const automationActions = defineActions({
  /** The client mints the URI. */
  "automation/createRequested": { resource: Uri, definition: AutomationDefinition },
  "automation/updateRequested": { resource: Uri, changes: z.partial(AutomationDefinition) },
  "automation/set": { automation: Automation },
  "automation/removed": { resource: Uri },
});
export type AutomationAction = ActionOf<typeof automationActions>;

/** A request changes nothing: what the host made of it comes as `automation/set`. */
export function reduceAutomations(state: AutomationsState, action: AutomationAction | UnknownAction): AutomationsState {
  switch (action.type) {
    case "automation/set":
      return set(state, { entries: upsert(state.entries, action.automation, (automation) => automation.resource) });
    case "automation/removed":
      return set(state, { entries: state.entries.filter((automation) => automation.resource !== action.resource) });
    case "automation/createRequested":
    case "automation/updateRequested":
    case "(unknown)":
    default:
      return state;
  }
}
