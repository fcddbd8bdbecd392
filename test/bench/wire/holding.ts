import { Child } from "../child.ts";
import { compare, interleave } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import type { GatewayCalls } from "./gatewayChild.ts";
import type { HoldCalls } from "./holdChild.ts";

/**
 * Ten thousand sessions from the gateway into the rows of the extension, beside a client that only parses and keeps them.
 * Each slice is a process of its own, so that memory can be told.
 */
export const holding: Part = async (options) => {
  const count = at(options, 10_000, 2_000, 600);
  const host = new Child<GatewayCalls>(new URL("gatewayChild.ts", import.meta.url));
  try {
    const { url } = await host.call("start", { sessions: count });
    const listing = async (how: keyof HoldCalls) => {
      const child = new Child<HoldCalls>(new URL("holdChild.ts", import.meta.url));
      const told = await child.call(how, { url });
      await child.stop();
      if (told.count !== count) throw new Error(`${told.count} of ${count} sessions were listed.`);
      return told;
    };
    // Each slice is a fresh process: there is nothing to warm up.
    const told = await interleave(
      { extension: () => listing("extension"), objects: () => listing("objects") },
      at(options, 3, 1, 1),
      0,
    );
    const cpuMs = (of: typeof told.extension) => of.map(({ cpuMs }) => cpuMs);
    const bytesEach = (of: typeof told.extension) => of.map(({ bytes }) => bytes / count);
    return [
      compare(
        `list ${count} sessions into the fleet / parse them, ms CPU`,
        cpuMs(told.extension),
        cpuMs(told.objects),
        { atMost: 5 },
      ),
      compare(
        "heap of one session: table + row + place / the parsed object, bytes",
        bytesEach(told.extension),
        bytesEach(told.objects),
        { atMost: 2.5 },
      ),
    ];
  } finally {
    await host.call("stop");
    await host.stop();
  }
};
