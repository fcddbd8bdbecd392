import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { setImmediate as nextTick } from "node:timers/promises";
import { FakeClock } from "../../support/fakeClock.ts";
import { anAgentOrder } from "../../support/anAgentOrder.ts";
import { compare } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { fleetOf } from "../wire/fleetOf.ts";
import { manySessions, summaryChanged } from "../wire/manySessions.ts";
import { ROOT_URI } from "../../../src/protocol/uris.ts";
import { MemoryHost } from "../wire/memoryHost.ts";
import { seeded } from "../wire/traffic.ts";

/** Agents of one hour, and how often each of them tells of something. */
const agents = 200;
const updatesPerSecond = 50;

/**
 * An hour of a fleet at work in the client, the rows and the order of the tree, with the clock going on as fast as it can:
 * what is held at its end beside what was held after its first minute. Every minute some agents are deleted and as many
 * are launched.
 */
export const memory: Part = async (options) => {
  const minutes = at(options, 60, 20, 2);
  const clock = new FakeClock();
  const host = new MemoryHost(manySessions(agents));
  const { fleet, dispose } = await fleetOf([async () => host], clock);
  const order = anAgentOrder();
  order.update(fleet.agents.keys(), (key) => fleet.get(key));
  fleet.onDidChange(({ added, changed, removed }) =>
    order.update([...added, ...changed, ...removed], (key) => fleet.get(key)),
  );
  const random = seeded(3);
  let listed = [...host.sessions];
  let updates = 0;
  const minute = async (index: number) => {
    for (let second = 0; second < 60; second++) {
      for (let update = 0; update < updatesPerSecond; update++) {
        const session = listed[Math.floor(random() * listed.length)];
        if (session) host.say(summaryChanged(session, ++updates));
      }
      await clock.advance(1000);
      await nextTick();
    }
    const [gone, ...rest] = listed;
    const [launched] = manySessions(1, index + 1);
    if (!gone || !launched) return;
    host.say(rootNotice("root/sessionRemoved", { session: gone.resource }));
    host.say(rootNotice("root/sessionAdded", { summary: launched }));
    listed = [...rest, launched];
  };
  await minute(0);
  const atFirst = heldBytes();
  for (let index = 1; index < minutes; index++) await minute(index);
  const atLast = heldBytes();
  const held = fleet.agents.size;
  dispose();
  if (held !== agents) throw new Error(`${held} agents are listed instead of ${agents}.`);
  const what = `heap after ${minutes} min of ${agents} agents, ${updates} updates / after the first, bytes`;
  return [compare(what, atLast, atFirst, { atMost: 1.05 })];
};

function rootNotice(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: "2.0", method, params: { channel: ROOT_URI, ...params } });
}

function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 3; round++) collect();
  return process.memoryUsage().heapUsed;
}
