import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Emitter } from "../../../../src/base/emitter.ts";
import type { ChannelChange, ChannelHandle } from "../../../../src/client/client.ts";
import { WHOLE_LOG } from "../../../../src/protocol/panelLog.ts";
import { reduceTerminal, type TerminalState } from "../../../../src/protocol/terminal.ts";
import { session } from "../../../support/aChat.ts";
import { aPanel } from "../../../support/aPanel.ts";

const lines = 1_000_000;
const blockedMs = 10_000;
const frameMs = 33;

/** A terminal as the client mirrors it, which holds its own copy of what was printed. */
function aTerminal(uri: string) {
  const changed = new Emitter<ChannelChange<TerminalState>>((error) => {
    throw error;
  });
  const handle = {
    uri,
    status: "live" as const,
    error: undefined,
    state: { title: "flood", content: [], claim: { kind: "session", session } } as TerminalState,
    asOf: 0,
    seq: 0,
    ready: Promise.withResolvers<TerminalState>().promise,
    onDidChange: changed.event,
    dispose: () => undefined,
  };
  const print = (data: string) => {
    const action = { type: "terminal/data", data } as const;
    handle.state = reduceTerminal(handle.state, action);
    changed.fire({ state: handle.state, status: "live", applied: [action] });
  };
  return { handle: handle satisfies ChannelHandle<TerminalState>, print };
}

function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

describe("NET-12: a page that draws nothing for 10 s while a million lines are printed", () => {
  it(
    "costs at most 50 MB, is told once of all of it, and has the newest line within 3 s",
    { timeout: 60_000 },
    async () => {
      const { ask, source, clock, posted, items, renderer, unblock } = await aPanel();
      const { handle, print } = aTerminal("x");
      source.openTerminal = () => handle;
      await ask("ready");
      await ask("followLog", { log: WHOLE_LOG });
      const before = heapBytes();
      const told = posted.length;
      renderer.isBlocked = true;
      let printed = 0;
      for (let passed = 0; passed < blockedMs; passed += frameMs) {
        const until = Math.min(lines, Math.ceil((lines * (passed + frameMs)) / blockedMs));
        let text = "";
        while (printed < until) text += `line ${String(++printed).padStart(7, "0")}\n`;
        print(text);
        await clock.advance(frameMs);
      }
      expect(printed).toBe(lines);
      const grown = heapBytes() - before;
      expect(grown).toBeLessThan(50_000_000);
      // The one that is not acknowledged; nothing is queued behind it.
      expect(posted.length - told).toBe(1);

      const since = items().length;
      const [startedAt, startedMs] = [clock.now(), performance.now()];
      unblock();
      await clock.advance(100);
      const changes = items()
        .slice(since)
        .filter((item) => item.type === "log");
      expect(changes).toHaveLength(1);
      const rows = changes[0]?.rows ?? 0;
      const read = await ask("readLog", { log: WHOLE_LOG, from: rows - 2, to: rows });
      expect(JSON.stringify(read)).toContain("line 1000000");
      expect(rows).toBeGreaterThanOrEqual(lines);
      expect(clock.now() - startedAt).toBeLessThanOrEqual(3_000);
      expect(performance.now() - startedMs).toBeLessThanOrEqual(3_000);
      // No push was larger than the few numbers that it takes to say so.
      expect(JSON.stringify(posted.slice(told)).length).toBeLessThan(10_000);
    },
  );
});
