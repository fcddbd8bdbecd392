import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import { HostMetrics } from "../../../../src/host/operations/hostMetrics.ts";
import { Metrics } from "../../../../src/host/operations/metrics.ts";
import { initialFleetSession } from "../../../../src/protocol/fleet.ts";
import { aChat } from "../../../support/aChat.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { MemoryLog } from "../../../support/memoryLog.ts";

describe("metrics", () => {
  it("are told in Prometheus's text format, whatever a label holds", () => {
    const metrics = new Metrics();
    const refused = metrics.counter("refused_total", "Refused,\nby why \\ how.");
    refused.add(2, { why: 'a "quoted"\nline \\ more' });
    metrics.gauge("depth", "How deep.", () => 3.5);
    metrics.gauge("unknown", "Cannot be told.", () => undefined);
    const times = metrics.histogram("seconds", "How long.", [0.1, 1]);
    for (const value of [0.05, 0.5, 5]) times.observe(value);
    expect(metrics.text().split("\n")).toEqual([
      String.raw`# HELP refused_total Refused,\nby why \\ how.`,
      "# TYPE refused_total counter",
      String.raw`refused_total{why="a \"quoted\"\nline \\ more"} 2`,
      "# HELP depth How deep.",
      "# TYPE depth gauge",
      "depth 3.5",
      "# HELP unknown Cannot be told.",
      "# TYPE unknown gauge",
      "# HELP seconds How long.",
      "# TYPE seconds histogram",
      'seconds_bucket{le="0.1"} 1',
      'seconds_bucket{le="1"} 2',
      'seconds_bucket{le="+Inf"} 3',
      "seconds_sum 5.55",
      "seconds_count 3",
      "",
    ]);
  });
});

describe("the host's metrics", () => {
  it("are all in the documentation", () => {
    const metrics = new HostMetrics(new FakeClock());
    const clock = new FakeClock();
    const log = new MemoryLog(clock);
    const channels = new Channels({ log, logger: silentLogger });
    metrics.follow(log, channels);
    metrics.watch({
      sessions: () => [],
      agentProcesses: () => [],
      connections: () => 0,
      fanOut: { framed: 0, delivered: 0, readers: new Set() },
      freeDiskBytes: () => 1,
      logLines: { error: 1 },
      version: "1.2.3",
      isolation: "none",
    });
    const names = Array.from(metrics.text().matchAll(/^# TYPE (\S+)/gm), ([, name = ""]) => name);
    const documented = readFileSync(new URL("../../../../docs/operations.md", import.meta.url), "utf8");
    expect(names.length).toBeGreaterThan(25);
    expect(names.filter((name) => !documented.includes(name))).toEqual([]);
    const told = Array.from(documented.matchAll(/\bmuster_\w+/g), ([name]) => name);
    expect(told.filter((name) => !names.includes(name))).toEqual([]);
    metrics.dispose();
  });

  it("count turns, waits and what was refused, off the actions that are on disk", async () => {
    const clock = new FakeClock();
    const log = new MemoryLog(clock);
    const channels = new Channels({ log, logger: silentLogger });
    const metrics = new HostMetrics(clock);
    metrics.follow(log, channels);
    const [chat, fleet] = ["ahp-chat://default/YQ", "x-fleet-session:/a"];
    channels.create(chat, "chat", aChat({ resource: chat }));
    const made = { session: "ahp-session:/a", provider: "p", createdAt: "2026-01-01T00:00:00Z", repository: "/r" };
    const first = { type: "x-fleet/created", ...made, isolation: "none", phase: "ready" } as const;
    channels.create(fleet, "fleetSession", initialFleetSession(first));
    channels.dispatch(fleet, { type: "x-fleet/phaseChanged", phase: "queued" });
    const message = { text: "x", origin: { kind: "user" } } as const;
    channels.dispatch(chat, { type: "chat/turnStarted", turnId: "t", startedAt: "2026-01-01T00:00:00Z", message });
    await log.flush();
    await clock.advance(20_000);
    channels.dispatch(fleet, { type: "x-fleet/phaseChanged", phase: "working" });
    channels.dispatch(fleet, { type: "x-fleet/usageAdded", inputTokens: 100, outputTokens: 7, costUsd: 0.25 });
    channels.dispatch(chat, { type: "chat/turnComplete", turnId: "t", duration: 2_000 });
    const origin = { principal: "p", clientId: "c", clientSeq: 1 };
    channels.dispatch("ahp-session:/none", { type: "session/titleChanged", title: "x" }, origin);
    await log.flush();
    for (const line of [
      "muster_turns_started_total 1",
      'muster_turns_ended_total{outcome="complete"} 1',
      'muster_turn_seconds_bucket{le="1"} 0',
      'muster_turn_seconds_bucket{le="5"} 1',
      'muster_queue_wait_seconds_bucket{le="15"} 0',
      'muster_queue_wait_seconds_bucket{le="60"} 1',
      'muster_tokens_total{kind="input"} 100',
      "muster_cost_usd_total 0.25",
      'muster_actions_total{by="client",outcome="refused"} 1',
      'muster_actions_total{by="host",outcome="accepted"} 5',
      "muster_log_records_total 8",
      "muster_log_pending 0",
    ]) {
      expect(metrics.text().split("\n")).toContain(line);
    }
    metrics.dispose();
  });
});
