import { describe, expect, it } from "vitest";
import { agentKey } from "../../../../src/extension/fleet/fleetAgent.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { aSummary } from "../../../support/clientOnFakeHost.ts";
import { settle } from "../../../support/fakeClock.ts";

const hostIds = Array.from({ length: 30 }, (_, i) => `h${i}`);
const sessionsEach = 2000;
const uriOf = (i: number) => `ahp-session:/s${i}`;

async function thirtyHosts() {
  const scene = await aFleet((host) => {
    host.pageSize = 500;
    for (let i = 0; i < sessionsEach; i++) host.sessions.set(uriOf(i), aSummary(uriOf(i)));
  }, hostIds);
  for (let i = 0; i < 20; i++) await settle();
  scene.changes.length = 0;
  return scene;
}

describe("thirty hosts with two thousand sessions each", async () => {
  const { fleet, hosts, changes, clock } = await thirtyHosts();
  const rows = () => new Map(fleet.agents);
  const touched = (before: ReadonlyMap<string, object>) =>
    Array.from(fleet.agents)
      .filter(([key, row]) => before.get(key) !== row)
      .map(([key]) => key);

  it("are all there", () => {
    expect(fleet.agents.size).toBe(hostIds.length * sessionsEach);
    expect(fleet.get(agentKey("h29", uriOf(1999)))).toMatchObject({ freshness: { live: true } });
  });

  it("an update touches its own row only, in one event, in the same table", async () => {
    const before = rows();
    const table = fleet.agents;
    const session = uriOf(77);
    hosts.get("h7")!.notify("root/sessionSummaryChanged", { channel: "ahp-root://", session, changes: { title: "x" } });
    await settle();
    const key = agentKey("h7", session);
    expect(changes.splice(0)).toEqual([{ added: [], changed: [key], removed: [] }]);
    expect(touched(before)).toEqual([key]);
    expect(fleet.agents).toBe(table);
  });

  it("the loss of one host leaves the others alone, and ages its rows in one event", async () => {
    const before = rows();
    const seenAt = clock.now();
    hosts.get("h3")!.dropAll();
    await settle();
    expect(changes).toHaveLength(1);
    expect(changes[0]?.changed).toHaveLength(sessionsEach);
    expect(new Set(touched(before).map((key) => key.split("|")[0]))).toEqual(new Set(["h3"]));
    expect(fleet.get(agentKey("h3", uriOf(0)))?.freshness).toEqual({ live: false, heardAt: seenAt });
    changes.length = 0;
  });

  it("its return tells what changed meanwhile, and brings the rest back to life", async () => {
    const host = hosts.get("h3")!;
    host.sessions.delete(uriOf(5));
    host.sessions.set(uriOf(6), aSummary(uriOf(6), { title: "renamed" }));
    await clock.advance(2000);
    for (let i = 0; i < 20; i++) await settle();
    expect(changes.flatMap(({ added }) => added)).toEqual([]);
    expect(changes.flatMap(({ removed }) => removed)).toEqual([agentKey("h3", uriOf(5))]);
    expect(fleet.get(agentKey("h3", uriOf(6)))).toMatchObject({ title: "renamed", freshness: { live: true } });
    expect(fleet.agents.size).toBe(hostIds.length * sessionsEach - 1);
  });
});
