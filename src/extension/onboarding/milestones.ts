import type { ContextKey } from "../ids.ts";
import type { Contexts } from "../platform/contexts.ts";
import type { Telemetry } from "../platform/telemetry.ts";
import type { TelemetryEvent } from "../platform/telemetryEvents.ts";

/** What a step of the walkthrough waits for: that it was really done, not that its button was pressed. */
const milestones: readonly { readonly event: TelemetryEvent; readonly outcome?: string; readonly key: ContextKey }[] = [
  { event: "agent.launched", outcome: "created", key: "muster:hasLaunched" },
  { event: "agent.answered", key: "muster:hasAnswered" },
  { event: "review.opened", key: "muster:hasReviewed" },
];

/** Sees what people got done at the one place where all of it is reported, whether or not anything leaves the machine. */
export function withMilestones(telemetry: Telemetry, contexts: Pick<Contexts, "set">): Telemetry {
  return {
    send(event, facts) {
      for (const { event: awaited, outcome, key } of milestones) {
        if (event !== awaited) continue;
        if (outcome === undefined || Reflect.get(facts, "outcome") === outcome) contexts.set(key, true);
      }
      telemetry.send(event, facts);
    },
    dispose: () => telemetry.dispose(),
  };
}
