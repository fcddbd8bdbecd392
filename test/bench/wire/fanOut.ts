import { connect } from "node:net";
import { Child } from "../child.ts";
import { compare, interleave } from "../measure.ts";
import { RawAhp } from "../rawAhp.ts";
import { at, type Part } from "../suite.ts";
import type { GatewayCalls } from "./gatewayChild.ts";

/**
 * What it costs the host to bring an action to its readers, beside writing the same bytes to raw sockets one by one. Under
 * load our side includes all that is done once an action (policy, log on disk, framing); where each action comes alone,
 * what the same action costs without a reader is taken off, because that is the price of the disk.
 */
export const fanOut: Part = async (options) => {
  const readers = at(options, 100, 20, 3);
  const rounds = at(options, 5, 3, 1);
  const [many, few] = at(options, [800, 200], [300, 100], [20, 5]);
  const child = new Child<GatewayCalls>(new URL("gatewayChild.ts", import.meta.url));
  const { url, rawPort, terminal, session } = await child.call("start");
  const clients: RawAhp[] = [];
  for (let index = 0; index < readers; index++) {
    const client = await RawAhp.connect(url, `reader-${index}`);
    await client.request("subscribe", { channel: terminal });
    clients.push(client);
  }
  const raw = await Promise.all(Array.from({ length: readers }, () => rawReader(rawPort)));

  const perDelivery = (count: number, { cpuUs }: { cpuUs: number }) => cpuUs / (count * readers);
  const ours = (count: number, perTick: number) => async () => {
    // The last one is what ends a publication: the terminal is cleared.
    const done = Promise.all(clients.map((client) => untilHeard(client, client.messages + count + 1)));
    const told = await child.call("publish", { terminal, count, perTick });
    await done;
    return perDelivery(count, told);
  };
  const unheard = { terminal: session.terminal, count: few };
  try {
    const before = await child.call("counts");
    const busy = await interleave(
      {
        ours: ours(many, 50),
        raw: async () => perDelivery(many, await child.call("publishRaw", { count: many, perTick: 50 })),
      },
      rounds,
    );
    const after = await child.call("counts");
    const single = await interleave(
      {
        ours: ours(few, 1),
        raw: async () => perDelivery(few, await child.call("publishBeside", unheard)),
        disk: async () => perDelivery(few, await child.call("publish", { ...unheard, perTick: 1 })),
      },
      rounds,
    );
    const withoutDisk = (costs: readonly number[]) => costs.map((cost, round) => cost - (single.disk[round] ?? 0));
    return [
      compare(`fan-out to ${readers}, saturated / raw TCP writes, us CPU a delivery`, busy.ours, busy.raw, {
        atMost: 0.25,
      }),
      compare(
        `fan-out to ${readers}, actions one at a time / raw TCP writes, us CPU a delivery`,
        withoutDisk(single.ours),
        withoutDisk(single.raw),
        { atMost: 1.15 },
      ),
      compare(
        `framings for ${readers} readers / actions`,
        after.framed - before.framed,
        after.actions - before.actions,
        { atMost: 1 },
      ),
    ];
  } finally {
    for (const client of clients) client.close();
    for (const socket of raw) socket.destroy();
    await child.call("stop");
    await child.stop();
  }
};

async function rawReader(port: number) {
  const socket = connect(port, "127.0.0.1");
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  socket.resume();
  return socket;
}

function untilHeard(client: RawAhp, messages: number): Promise<void> {
  return new Promise((resolve) => {
    client.onMessage = () => {
      if (client.messages >= messages) resolve();
    };
  });
}
