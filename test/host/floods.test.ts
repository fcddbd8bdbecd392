import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { agentLogUri } from "../../src/host/sessions/agentLogChannel.ts";
import { useHostStage } from "./hostStage.ts";
import { createSession, finished, hostConfig, prompt } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

/** 100 for the whole thing. */
const megabytes = Number(process.env["MUSTER_FLOOD_MEGABYTES"] ?? 20);
const mebibyte = 1024 * 1024;

describe("an agent that writes without end", () => {
  const stage = useHostStage(hostConfig);

  function logBytes(): number {
    const data = path.join(stage.directory.path, "data");
    const files = readdirSync(data).filter((name) => name.startsWith("log.db"));
    return files.reduce((sum, name) => sum + statSync(path.join(data, name)).size, 0);
  }

  /** The 99th percentile of what a request of somebody else takes, in milliseconds, until it is over. */
  async function othersP99(isOver: () => boolean): Promise<number> {
    const other = await WireClient.connect(stage.host.url, stage.host.token, "somebody-else");
    const took: number[] = [];
    while (!isOver()) {
      const before = performance.now();
      await other.request("listSessions", { channel: "ahp-root://" });
      took.push(performance.now() - before);
      await new Promise((resolve) => setImmediate(resolve));
    }
    other.close();
    return took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? 0;
  }

  /** Lines shown and lines that were left out, of a flood. */
  function countLines(parts: readonly object[]): { readonly shown: number; readonly leftOut: number } {
    let shown = 0;
    let leftOut = 0;
    for (const part of parts) {
      const { kind, content } = part as { kind: string; content?: string | { markdown: string } };
      const text = typeof content === "string" ? content : (content?.markdown ?? "");
      const told = kind === "systemNotification" ? /^… ([\d,]+) lines left out$/.exec(text)?.[1] : undefined;
      if (told !== undefined) leftOut += Number(told.replaceAll(",", ""));
      else shown += text.split("\n").length - 1;
    }
    return { shown, leftOut };
  }

  it.each(["text", "thought"])(
    "NET-11, NET-17: fills neither the log nor the others' time with %s; every line is counted",
    async (what) => {
      const all = await createSession(stage.client, `${what}-0000-flood`, "scripted", stage.repository.remote);
      prompt(stage.client, all, "t0", "burst");
      await finished(stage.client, all, "t0");
      let asked = 0;
      const quietMs = await othersP99(() => (asked += 1) > 300);
      const before = logBytes();
      const startedAt = performance.now();
      prompt(stage.client, all, "t1", `flood ${megabytes} MB of ${what}`);
      const isOver = () => stage.client.state("chat", all.chat).turns.some(({ id }) => id === "t1");
      const floodMs = await othersP99(isOver);
      const seconds = (performance.now() - startedAt) / 1_000;
      const turn = await finished(stage.client, all, "t1");
      expect(turn.state).toBe("complete");
      const { shown, leftOut } = countLines(turn.responseParts);
      expect(shown + leftOut).toBe((megabytes * 1_000_000) / 80);
      expect(JSON.stringify(turn.responseParts.at(-1))).toContain("That was all.");
      const grown = logBytes() - before;
      process.stdout.write(
        `${megabytes} MB of ${what} in ${seconds.toFixed(1)} s: ${leftOut} lines left out, log +${(grown / mebibyte).toFixed(1)} MiB, p99 of others ${floodMs.toFixed(0)} ms (${quietMs.toFixed(0)} ms in quiet)\n`,
      );
      expect(grown).toBeLessThan(12 * mebibyte);
      expect(floodMs).toBeLessThan(Math.max(150, 6 * quietMs));
    },
  );

  it("is no match for a tool's terminal or a program's log either", async () => {
    const all = await createSession(stage.client, "tool-0000-flood", "scripted", stage.repository.remote);
    const before = logBytes();
    prompt(stage.client, all, "t1", `flood ${megabytes} MB of tool`);
    const turn = await finished(stage.client, all, "t1");
    expect(turn.state).toBe("complete");
    expect(countLines(turn.responseParts).leftOut).toBeGreaterThan(0);
    prompt(stage.client, all, "t2", "flood 8 MB of stderr");
    expect((await finished(stage.client, all, "t2")).state).toBe("complete");
    const log = await stage.client.subscribe("terminal", agentLogUri("tool-0000-flood"));
    expect(JSON.stringify(log.content)).toContain("the rest of this log is not kept");
    expect(logBytes() - before).toBeLessThan(12 * mebibyte);
  });
});
