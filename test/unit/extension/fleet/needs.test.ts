import { describe, expect, it } from "vitest";
import { maxRead, NeedsReader } from "../../../../src/extension/fleet/needsReader.ts";
import type { ChatState } from "../../../../src/protocol/chatState.ts";
import { STATUS } from "../../../../src/protocol/status.ts";
import { chatUri } from "../../../../src/protocol/uris.ts";
import { aChat, anActiveTurn, aSession } from "../../../support/aChat.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { aSummary } from "../../../support/clientOnFakeHost.ts";
import { settle } from "../../../support/fakeClock.ts";
import type { FakeHost } from "../../../support/fakeHost.ts";

const one = "ahp-session:/one";
const key = `a|${one}`;

const asking = anActiveTurn("turn", [
  {
    kind: "toolCall",
    toolCall: {
      toolCallId: "call",
      toolName: "run",
      displayName: "Run",
      status: "pending-confirmation",
      invocationMessage: "Run the tests",
    },
  },
]);

/** A session on a host that does not gather what its chats wait for. */
function put(host: FakeHost, session: string, chats: readonly Partial<ChatState>[]): void {
  host.sessions.set(session, aSummary(session, { status: STATUS.inputNeeded }));
  const states = chats.map((chat, i) => aChat({ resource: chatUri(session, `c${i}`), ...chat }));
  host.put(
    session,
    aSession({ chats: states.map(({ turns: _turns, activeTurn: _activeTurn, ...summary }) => summary) }),
  );
  for (const state of states) host.put(state.resource, state);
}

const followed = (host: FakeHost, scheme: string) =>
  host.heard
    .filter(({ method, params }) => method === "subscribe" && String(params["channel"]).startsWith(scheme))
    .map(({ params }) => params["channel"]);

describe("an agent on a host that does not gather what agents wait for", () => {
  it("tells what it waits for by its chats, those that wait", async () => {
    const { fleet, host } = await aFleet((host) =>
      put(host, one, [{ status: STATUS.idle }, { status: STATUS.inputNeeded, activeTurn: asking }]),
    );
    expect(fleet.get(key)).toMatchObject({
      need: "approval",
      requests: [{ kind: "toolConfirmation", turnId: "turn" }],
    });
    expect(followed(host, "ahp-chat:")).toEqual([chatUri(one, "c1")]);
    await fleet.approve(key, fleet.get(key)!.requests[0]!);
    const dispatches = host.heard.filter(({ method }) => method === "dispatchAction");
    expect(dispatches.map(({ params }) => params["channel"])).toEqual([chatUri(one, "c1")]);
  });

  it("tells another when the chat goes on to another", async () => {
    const { fleet, host, changes } = await aFleet((host) =>
      put(host, one, [{ status: STATUS.inputNeeded, activeTurn: asking }]),
    );
    changes.length = 0;
    host.act(chatUri(one, "c0"), { type: "chat/delta", turnId: "turn", partId: "none", content: "x" });
    await settle();
    expect(changes).toEqual([]);
    host.act(chatUri(one, "c0"), { type: "chat/turnCancelled", turnId: "turn", duration: 1 });
    await settle();
    expect(fleet.get(key)).toMatchObject({ need: "unknown", requests: [] });
  });

  it("follows few chats of many", async () => {
    const waiting = { status: STATUS.inputNeeded, activeTurn: asking };
    const { host } = await aFleet((host) =>
      put(
        host,
        one,
        Array.from({ length: 9 }, () => waiting),
      ),
    );
    expect(followed(host, "ahp-chat:")).toHaveLength(3);
  });
});

describe("agents beyond those that are read ahead", () => {
  const waiting = (host: FakeHost) => {
    for (let i = 0; i < maxRead + 10; i++) put(host, `ahp-session:/s${i}`, [{ status: STATUS.idle }]);
  };

  it("go with their host, and leave the others alone", async () => {
    const { fleet, hosts, registry } = await aFleet(waiting, ["a", "b"]);
    await registry.remove("a");
    await settle();
    expect(fleet.agents.size).toBe(maxRead + 10);
    expect(new Set(followed(hosts.get("b")!, "ahp-session:")).size).toBe(maxRead);
  });

  it("take the place of the one that nobody has turned to for longest", () => {
    const open = new Set<string>();
    const told: string[] = [];
    const needs = new NeedsReader({
      follow: (key) => {
        open.add(key);
        return { requests: [], seenSeq: () => undefined, dispose: () => open.delete(key) };
      },
      needsChanged: (key) => told.push(key),
    });
    for (let i = 0; i <= maxRead; i++) needs.want(`k${i}`, true);
    needs.use("k0");
    needs.use(`k${maxRead}`);
    expect(open.size).toBe(maxRead);
    expect([open.has("k0"), open.has("k1"), open.has(`k${maxRead}`)]).toEqual([true, false, true]);
    expect(told).toEqual(["k1", `k${maxRead}`]);
    // The one that had to go is the next to come back.
    needs.want("k7", false);
    expect(open.has("k1")).toBe(true);
    needs.use("unknown");
    expect(open.size).toBe(maxRead);
  });
});
