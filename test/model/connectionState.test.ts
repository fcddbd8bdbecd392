import { describe, expect, it } from "vitest";
import { AppError } from "../../src/base/appError.ts";
import { type ConnectionEvent, type ConnectionState, reduceConnection } from "../../src/client/connectionState.ts";

type StateKind = ConnectionState["kind"];
/** `lost` and `refused` with their outcome; `opened` and `tick` in both of their meanings. */
type EventName =
  | Exclude<ConnectionEvent["kind"], "opened" | "tick">
  | "opened"
  | "openedToResume"
  | "tickEarly"
  | "tickDue";

const error = new AppError("host.unreachable", "Nothing listens there.");
const now = 1000;

const states: { readonly [K in StateKind]: Extract<ConnectionState, { kind: K }> } = {
  offline: { kind: "offline" },
  opening: { kind: "opening", attempt: 3 },
  handshaking: { kind: "handshaking", attempt: 3 },
  resuming: { kind: "resuming", attempt: 3 },
  live: { kind: "live", attempt: 3, sinceMs: now - 60_000 },
  waiting: { kind: "waiting", attempt: 3, retryAtMs: 2000, error },
  refused: { kind: "refused", error },
};

const events: Record<EventName, { event: ConnectionEvent; at: number }> = {
  connect: { event: { kind: "connect" }, at: now },
  opened: { event: { kind: "opened", resume: false }, at: now },
  openedToResume: { event: { kind: "opened", resume: true }, at: now },
  unknownClient: { event: { kind: "unknownClient" }, at: now },
  established: { event: { kind: "established" }, at: now },
  lost: { event: { kind: "lost", delayMs: 500, error }, at: now },
  refused: { event: { kind: "refused", error }, at: now },
  tickEarly: { event: { kind: "tick" }, at: 1999 },
  tickDue: { event: { kind: "tick" }, at: 2000 },
  stop: { event: { kind: "stop" }, at: now },
};

const same = "same";
const nothingButStop = {
  connect: same,
  opened: same,
  openedToResume: same,
  unknownClient: same,
  established: same,
  lost: same,
  refused: same,
  tickEarly: same,
  tickDue: same,
  stop: "offline",
} as const;

const expected: Record<StateKind, Record<EventName, StateKind | "same">> = {
  offline: { ...nothingButStop, connect: "opening", stop: same },
  opening: {
    ...nothingButStop,
    opened: "handshaking",
    openedToResume: "resuming",
    lost: "waiting",
    refused: "refused",
  },
  handshaking: { ...nothingButStop, established: "live", lost: "waiting", refused: "refused" },
  resuming: {
    ...nothingButStop,
    unknownClient: "handshaking",
    established: "live",
    lost: "waiting",
    refused: "refused",
  },
  live: { ...nothingButStop, lost: "waiting", refused: "refused" },
  waiting: { ...nothingButStop, connect: "opening", tickDue: "opening" },
  refused: { ...nothingButStop, connect: "opening" },
};

const cells = Object.values(states).flatMap((state) =>
  Object.entries(events).map(([name, { event, at }]) => ({ state, name: name as EventName, event, at })),
);

describe("reduceConnection", () => {
  it.each(cells)("$state.kind on $name", ({ state, name, event, at }) => {
    const next = reduceConnection(state, event, at);
    const outcome = expected[state.kind][name];
    if (outcome === same) expect(next).toBe(state);
    else expect(next.kind).toBe(outcome);
  });

  it("waits as long as it was told, from the time of the loss", () => {
    const next = reduceConnection(states.live, events.lost.event, now);
    expect(next).toMatchObject({ kind: "waiting", retryAtMs: 1500, attempt: 0 });
  });

  it("counts attempts over failures and starts over after a connection that lasted", () => {
    const failed = reduceConnection(states.resuming, events.lost.event, now);
    expect(failed).toMatchObject({ attempt: 3 });
    expect(reduceConnection(failed, { kind: "tick" }, 1500)).toEqual({ kind: "opening", attempt: 4 });
    const dropped = reduceConnection(states.live, events.lost.event, now);
    expect(reduceConnection(dropped, { kind: "tick" }, 1500)).toEqual({ kind: "opening", attempt: 1 });
  });

  it("goes on counting when the connection was live for a moment only", () => {
    const brief = { ...states.live, sinceMs: now - 9999 };
    expect(reduceConnection(brief, events.lost.event, now)).toMatchObject({ kind: "waiting", attempt: 3 });
  });
});
