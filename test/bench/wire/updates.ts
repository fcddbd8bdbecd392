import { FakeClock } from "../../support/fakeClock.ts";
import { anAgentOrder } from "../../support/anAgentOrder.ts";
import { type Arm, compare, cpuOf, interleave } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { fleetOf } from "./fleetOf.ts";
import { manySessions, summaryChanged } from "./manySessions.ts";
import { MemoryHost } from "./memoryHost.ts";
import { seeded } from "./traffic.ts";

/** CPU to apply one update, from the frame to the fleet and the order of the tree, by the size of the fleet. */
export const updates: Part = async (options) => {
  const count = at(options, 400, 200, 10);
  const perHost = at(options, 2_000, 200, 10);
  const costs = await interleave(
    {
      ten: await updating(1, 10, count),
      thousand: await updating(1, at(options, 1_000, 1_000, 20), count),
      tenThousand: await updating(1, at(options, 10_000, 10_000, 30), count),
      thirtyHosts: await updating(30, perHost, count),
    },
    at(options, 41, 11, 1),
  );
  const { ten, thousand, tenThousand, thirtyHosts } = costs;
  return [
    compare("one update among 1,000 sessions / among 10, us CPU", thousand, ten, { atMost: 1.3 }),
    compare("one update among 10,000 sessions / among 10, us CPU", tenThousand, ten, { atMost: 1.3 }),
    compare(`one update among 30 hosts x ${perHost} sessions / among 10, us CPU`, thirtyHosts, ten, { atMost: 2 }),
  ];
};

/** An arm that applies `count` updates to a fleet of that size. */
async function updating(hosts: number, perHost: number, count: number): Promise<Arm<number>> {
  const clock = new FakeClock();
  const all = Array.from({ length: hosts }, (_, index) => new MemoryHost(manySessions(perHost, index)));
  const { fleet } = await fleetOf(
    all.map((host) => async () => host),
    clock,
  );
  if (fleet.agents.size !== hosts * perHost) throw new Error("The fleet does not hold what its hosts list.");
  const order = anAgentOrder();
  order.update(fleet.agents.keys(), (key) => fleet.get(key));
  fleet.onDidChange(({ added, changed, removed }) => {
    order.update([...added, ...changed, ...removed], (key) => fleet.get(key));
  });
  const random = seeded(1);
  let update = 0;
  return async () => {
    const frames = Array.from({ length: count }, () => {
      const host = all[Math.floor(random() * all.length)] ?? all[0];
      const session = host?.sessions[Math.floor(random() * perHost)];
      if (host === undefined || session === undefined) throw new Error("There is nobody to update.");
      return { host, frame: summaryChanged(session, ++update) };
    });
    return (await cpuOf(() => frames.forEach(({ host, frame }) => host.say(frame)))) / count;
  };
}
