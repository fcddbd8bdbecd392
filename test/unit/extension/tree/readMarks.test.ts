import { describe, expect, it } from "vitest";
import { Emitter } from "../../../../src/base/emitter.ts";
import type { FleetAgent, FleetChange } from "../../../../src/extension/fleet/fleetAgent.ts";
import { markWatchedAsRead } from "../../../../src/extension/tree/readMarks.ts";
import { aFleetAgent } from "../../../support/aFleetAgent.ts";

function aWatch() {
  const marked: string[] = [];
  const changed = new Emitter<FleetChange>((error) => {
    throw error;
  });
  let agent = aFleetAgent({ attention: "working", isRead: false });
  const watching = markWatchedAsRead({
    fleet: {
      get: (key) => (key === agent.key ? agent : undefined),
      markRead: async (key) => void marked.push(key),
      onDidChange: changed.event,
    },
    active: () => agent,
  });
  const becomes = (changes: Partial<FleetAgent>) => {
    agent = { ...agent, ...changes };
    changed.fire({ added: [], changed: [agent.key], removed: [] });
  };
  return { marked, becomes, watching, key: agent.key };
}

describe("read marks", () => {
  it("are set when an agent comes to rest before the person's eyes", () => {
    const { marked, becomes, key } = aWatch();
    becomes({ activity: "Testing" });
    becomes({ attention: "review" });
    expect(marked).toEqual([key]);
  });

  it("are not set against the person who marks an agent as unread", () => {
    const { marked, becomes } = aWatch();
    becomes({ attention: "review", isRead: true });
    becomes({ isRead: false });
    expect(marked).toEqual([]);
  });

  it("are not set for what is only remembered of a host out of sight", () => {
    const { marked, becomes } = aWatch();
    becomes({ activity: "Testing" });
    becomes({ attention: "review", freshness: { live: false, heardAt: 1 } });
    expect(marked).toEqual([]);
  });
});
