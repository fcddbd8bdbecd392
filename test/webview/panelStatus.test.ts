import { describe, expect, it } from "vitest";
import type { FleetSessionState } from "../../src/protocol/fleet.ts";
import { STATUS } from "../../src/protocol/status.ts";
import { formatDuration, formatElapsed } from "../../src/webview/kit/format.ts";
import { type PanelStates, type StatusKind, toPanelStatus } from "../../src/webview/header/panelStatus.ts";
import { aChat, anActiveTurn, aSession, aTurn, pendingCall, toolPart } from "../support/aChat.ts";

const none = { session: undefined, chat: undefined, changeset: undefined, fleet: undefined };
const fleet = {
  session: "s",
  provider: "sample",
  createdAt: "",
  repository: "",
  isolation: "none" as const,
  checkpoints: [],
  usage: { inputTokens: 0, outputTokens: 0 },
} satisfies Partial<FleetSessionState>;
const paused = {
  ...fleet,
  spend: {
    turns: [],
    budgets: [],
    paused: { scope: "session" as const, spentUsd: 2, limitUsd: 1, turnId: "1", requestId: "q", at: "" },
  },
};
const file = { id: "1", edit: {} };

describe("what an agent does, in the header", () => {
  it("is the first of these that holds", () => {
    const ready = { ...none, session: aSession({ activity: "Reading" }), chat: aChat() };
    const active = aChat({ activeTurn: anActiveTurn("1") });
    const asking = aChat({ activeTurn: anActiveTurn("1", [toolPart(pendingCall("x"))]) });
    const question = aChat({ activeTurn: anActiveTurn("1", [{ kind: "inputRequest", request: { id: "q" } }]) });
    const failedSession = aSession({
      lifecycle: "failed",
      creationError: { errorType: "x", message: "No clone." },
      status: STATUS.error,
    });
    const table = [
      [none, "loading", "Loading"],
      [{ ...ready, session: failedSession }, "failed", "Could not start"],
      [{ ...ready, chat: asking }, "needsYou", "Needs your approval"],
      [{ ...ready, chat: question }, "needsYou", "Asks you a question"],
      [{ ...ready, chat: question, fleet: { ...paused, phase: "working" as const } }, "needsYou", "Reached its budget"],
      [{ ...ready, chat: active, fleet: { ...fleet, phase: "queued" as const } }, "queued", "Queued"],
      [{ ...ready, chat: active, fleet: { ...fleet, phase: "provisioning" as const } }, "starting", "Starting"],
      [{ ...ready, session: aSession({ lifecycle: "creating" }), chat: active }, "starting", "Starting"],
      // A host may call a session so until its first message.
      [{ ...ready, session: aSession({ lifecycle: "creating" }) }, "idle", "Waiting for a prompt"],
      [{ ...ready, chat: active }, "working", "Working"],
      [{ ...ready, chat: aChat({ turns: [aTurn("1", [], { state: "error" })] }) }, "failed", "Failed"],
      [{ ...ready, changeset: { status: "ready" as const, files: [file] } }, "review", "Ready for review"],
      [{ ...ready, chat: aChat({ turns: [aTurn("1")] }) }, "idle", "Done"],
      [ready, "idle", "Waiting for a prompt"],
    ] satisfies [PanelStates, StatusKind, string][];
    for (const [states, kind, label] of table) expect(toPanelStatus(states), label).toMatchObject({ kind, label });
    expect(toPanelStatus({ ...ready, session: failedSession }).detail).toBe("No clone.");
  });
});

describe("times", () => {
  it("are short", () => {
    expect([800, 12_400, 185_000, 7_440_000].map(formatDuration)).toEqual(["0.8s", "12s", "3m 05s", "2h 04m"]);
    expect([800, 12_400, 185_000].map(formatElapsed)).toEqual(["0s", "12s", "3m 05s"]);
  });
});
