import { expect, it } from "vitest";
import { type EgressAction, type FleetEgress, reduceEgress } from "../../../src/protocol/fleetEgress.ts";

const at = "2026-01-01T00:00:00Z";

function after(...actions: EgressAction[]): FleetEgress | undefined {
  return actions.reduce<{ egress?: FleetEgress | undefined }>((state, action) => reduceEgress(state, action), {})
    .egress;
}
const refused = (server: string, count = 1): EgressAction => ({ type: "x-fleet/egressRefused", server, count, at });
const decided = (server: string, decision: "once" | "session" | "repository" | "never"): EgressAction => ({
  type: "x-fleet/egressDecided",
  server,
  decision,
  at,
});

it("counts refusals by server, the latest last, and keeps the most recent ones", () => {
  expect(
    after(refused("a"), refused("b"), refused("a", 4))?.refused.map(({ server, count }) => [server, count]),
  ).toEqual([
    ["b", 1],
    ["a", 5],
  ]);
  const many = Array.from({ length: 60 }, (_each, n) => refused(`s${n}`));
  expect(after(...many)?.refused).toHaveLength(50);
  expect(after(...many)?.refused.at(-1)?.server).toBe("s59");
});

it("keeps what was decided for longer than once, and forgets the refusals with it", () => {
  expect(after(refused("a"), decided("a", "session"))).toEqual({
    refused: [],
    decided: [{ server: "a", decision: "session", at }],
  });
  expect(after(refused("a"), decided("a", "once"))).toEqual({ refused: [], decided: [] });
  expect(after(decided("a", "session"), decided("a", "never"))?.decided).toEqual([
    { server: "a", decision: "never", at },
  ]);
  const revoked: EgressAction = { type: "x-fleet/egressRevoked", server: "a" };
  expect(after(decided("a", "never"), decided("b", "session"), revoked)?.decided).toEqual([
    { server: "b", decision: "session", at },
  ]);
});
