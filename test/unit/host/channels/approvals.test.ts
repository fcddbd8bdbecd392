import { beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import type { ClientOrigin } from "../../../../src/host/channels/storedRecord.ts";
import type { ChatActionOf } from "../../../../src/protocol/chatActions.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { MemoryLog } from "../../../support/memoryLog.ts";

const CHAT = "ahp-chat://default/Y2hhdA";
const turnId = "turn-1";
const toolCallId = "call-1";
type Ready = ChatActionOf<"chat/toolCallReady">;

let channels: Channels;
let clientSeq: number;

const input = '{"command":"rm -r build","host":"a.example"}';

/** What is asked; each test changes one byte of it. */
const asked: Ready = {
  type: "chat/toolCallReady",
  turnId,
  toolCallId,
  invocationMessage: "rm -r build",
  toolInput: input,
  edits: { items: [] },
  options: [
    { id: "once", label: "Yes", kind: "approve" },
    { id: "no", label: "No", kind: "deny" },
  ],
};

beforeEach(() => {
  channels = new Channels({ log: new MemoryLog(new FakeClock()), logger: silentLogger });
  clientSeq = 0;
  channels.create(CHAT, "chat", {
    resource: CHAT,
    title: "",
    status: 1,
    modifiedAt: "2026-01-01T00:00:00Z",
    turns: [],
  });
  const message = { text: "go", origin: { kind: "user" } } as const;
  channels.dispatch(CHAT, { type: "chat/turnStarted", turnId, startedAt: "2026-01-01T00:00:00Z", message });
  channels.dispatch(CHAT, { type: "chat/toolCallStart", turnId, toolCallId, toolName: "bash", displayName: "Run" });
});

function by(clientId: string, seenSeq?: number): ClientOrigin {
  clientSeq += 1;
  return { principal: "ada", clientId, clientSeq, ...(seenSeq !== undefined && { seenSeq }) };
}

function approve(origin: ClientOrigin, change: object = {}): string | undefined {
  const ids = { type: "chat/toolCallConfirmed", turnId, toolCallId } as const;
  const action = { ...ids, approved: true, confirmed: "user-action", ...change } as const;
  return channels.dispatch(CHAT, action, origin).refused;
}

function status(): string | undefined {
  const part = channels.state("chat", CHAT)?.activeTurn?.responseParts.at(-1);
  return part?.kind === "toolCall" ? part.toolCall.status : undefined;
}

const changes: readonly (readonly [string, Partial<Ready>])[] = [
  ["the command", { toolInput: input.replace("build", "built") }],
  ["the host", { toolInput: input.replace("a.example", "b.example") }],
  ["what is said of it", { invocationMessage: "rm -r Build" }],
  ["the diff", { edits: { items: [{ after: { uri: "file:///a", content: { uri: "x-fleet-blob:/1/2" } } }] } }],
  ["the choices", { options: [{ id: "once", label: "Yes!", kind: "approve" }] }],
];

describe("AUTH-10: an approval is void when one byte was changed after it was shown:", () => {
  it.each(changes)("%s", (_what, change) => {
    const shown = channels.dispatch(CHAT, asked).seq;
    channels.dispatch(CHAT, { ...asked, ...change });
    expect(approve(by("laptop", shown))).toMatch(/changed after it was shown/);
    expect(status()).toBe("pending-confirmation");
    // Seen and answered again, it counts.
    expect(approve(by("laptop", channels.lastSeq))).toBeUndefined();
    expect(status()).toBe("running");
  });

  it("whatever happens beside it voids nothing", () => {
    const shown = channels.dispatch(CHAT, asked).seq;
    channels.dispatch(CHAT, { type: "chat/activityChanged", activity: "still waiting" });
    channels.dispatch(CHAT, asked);
    expect(approve(by("laptop", shown))).toBeUndefined();
  });

  it("a client that does not say what it had shown is told once of each change", () => {
    channels.dispatch(CHAT, asked);
    channels.dispatch(CHAT, { ...asked, invocationMessage: "rm -r /" });
    expect(approve(by("laptop"))).toMatch(/changed after it was shown/);
    // The other client has not been told.
    expect(approve(by("phone"))).toMatch(/changed after it was shown/);
    channels.dispatch(CHAT, { ...asked, invocationMessage: "rm -r /tmp" });
    expect(approve(by("laptop"))).toMatch(/changed after it was shown/);
    expect(approve(by("laptop"))).toBeUndefined();
  });

  it("saying no is always an answer", () => {
    const shown = channels.dispatch(CHAT, asked).seq;
    channels.dispatch(CHAT, { ...asked, invocationMessage: "rm -r /" });
    const ids = { type: "chat/toolCallConfirmed", turnId, toolCallId } as const;
    const no = { ...ids, approved: false, reason: "denied" } as const;
    expect(channels.dispatch(CHAT, no, by("laptop", shown)).refused).toBeUndefined();
    expect(status()).toBe("cancelled");
  });

  it("what was not offered, or what says the opposite, is no answer; nor can the input be changed on the way", () => {
    channels.dispatch(CHAT, asked);
    expect(approve(by("laptop"), { selectedOptionId: "always" })).toMatch(/not one of those/);
    expect(approve(by("laptop"), { selectedOptionId: "no" })).toMatch(/opposite/);
    expect(approve(by("laptop"), { editedToolInput: "ls" })).toMatch(/only be approved as it is/);
    expect(approve(by("laptop"), { selectedOptionId: "once", editedToolInput: asked.toolInput })).toBeUndefined();
  });
});

describe("AUTH-7: of two clients that answer at the same time", () => {
  it("exactly one wins, and what is stale or was never asked is refused", () => {
    channels.dispatch(CHAT, asked);
    expect(approve(by("laptop"))).toBeUndefined();
    expect(approve(by("phone"))).toMatch(/does not wait for an approval/);
    expect(approve(by("laptop"), { toolCallId: "call-2" })).toMatch(/does not wait/);
    expect(approve(by("laptop"), { turnId: "turn-0" })).toMatch(/does not wait/);
    channels.dispatch(CHAT, { type: "chat/turnCancelled", turnId, duration: 1 });
    expect(approve(by("laptop"))).toMatch(/does not wait/);
  });

  it("an answer that is sent again is the same answer, not another one", () => {
    channels.dispatch(CHAT, asked);
    const once = by("laptop");
    expect(approve(once)).toBeUndefined();
    expect(approve(once)).toBeUndefined();
    expect(status()).toBe("running");
  });
});
