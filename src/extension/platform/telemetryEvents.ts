/**
 * Every event that Muster may send, and all that it may say: enums and numbers. Nothing that names a person, a host, a
 * repository, a path or a session, and no text that somebody typed.
 */
export const TELEMETRY_EVENTS = {
  /** The extension started. */
  "extension.activated": { hosts: "number" },
  /** A person added a host and it answered. */
  "host.added": { outcome: ["connected", "failed"] },
  /** An agent was launched from this window. */
  "agent.launched": { outcome: ["created", "failed"] },
  /** A person answered a permission request. */
  "agent.answered": { answer: ["approved", "denied"], from: ["inbox", "panel"] },
  /** The changes of an agent were opened for review. */
  "review.opened": { files: "number" },
  /** A pull request was asked for. */
  "pullRequest.created": { outcome: ["created", "found", "failed"] },
} as const satisfies Record<string, Record<string, "number" | readonly string[]>>;

type Events = typeof TELEMETRY_EVENTS;
export type TelemetryEvent = keyof Events;
type Value<T> = T extends readonly string[] ? T[number] : number;
export type TelemetryFacts<E extends TelemetryEvent> = { readonly [K in keyof Events[E]]: Value<Events[E][K]> };
