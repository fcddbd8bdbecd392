import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { silentLogger } from "../../../src/base/logger.ts";
import { dialWebSocket } from "../../../src/extension/hosts/wsTransport.ts";
import { anAgentOrder } from "../../support/anAgentOrder.ts";
import { ROOT_URI } from "../../../src/protocol/uris.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { serve } from "../child.ts";
import { RawAhp } from "../rawAhp.ts";
import { fleetOf } from "./fleetOf.ts";

/** A process that lists a host's sessions and holds them, and says what that took. */
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** What is held, so that no garbage collection takes it. */
let held: unknown;

const calls = {
  /** As the extension holds them: the client's table, the fleet's rows with their counts, the order of the tree. */
  extension: ({ url }: { url: string }) =>
    holding(async () => {
      const dial = (attempt: Parameters<typeof dialWebSocket>[2]) =>
        dialWebSocket(url, undefined, attempt, silentLogger);
      const { fleet } = await fleetOf([dial], new FakeClock());
      const order = anAgentOrder();
      order.update(fleet.agents.keys(), (key) => fleet.get(key));
      held = { fleet, order };
      return fleet.agents.size;
    }),

  /** The plainest way: the parsed objects, by name. */
  objects: ({ url }: { url: string }) =>
    holding(async () => {
      const sessions = new Map<string, object>();
      const client = await RawAhp.connect(url, "bench");
      let cursor: string | undefined;
      do {
        const params = { channel: ROOT_URI, limit: 500, ...(cursor !== undefined && { cursor }) };
        const page = (await client.request("listSessions", params)) as {
          items: { resource: string }[];
          nextCursor?: string;
        };
        for (const item of page.items) sessions.set(item.resource, item);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      held = { client, sessions };
      return sessions.size;
    }),
};

async function holding(work: () => Promise<number>) {
  collectGarbage();
  const heapBefore = process.memoryUsage().heapUsed;
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const count = await work();
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  collectGarbage();
  const bytes = process.memoryUsage().heapUsed - heapBefore;
  return { count, ms, cpuMs: (user + system) / 1000, bytes, isHeld: held !== undefined };
}

export type HoldCalls = typeof calls;

serve(calls);
