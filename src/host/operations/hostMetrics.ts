import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Clock } from "../../base/clock.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import type { Channels, CommittedAction } from "../channels/channels.ts";
import type { FanOut } from "../gateway/fanOut.ts";
import type { EventLog } from "../log/log.ts";
import { Metrics } from "./metrics.ts";
import { measureProcess } from "./processMetrics.ts";

/** Where the gauges are read. */
export interface HostGauges {
  readonly sessions: () => Iterable<Pick<FleetSessionState, "phase">>;
  /** Running agent programs, by the id of the agent. */
  readonly agentProcesses: () => Iterable<readonly [agent: string, count: number]>;
  readonly connections: () => number;
  /** Actions framed, and frames handed to readers. */
  readonly fanOut: Pick<FanOut, "framed" | "delivered" | "readers">;
  readonly freeDiskBytes: () => number;
  /** Lines of the host's own log, by level. */
  readonly logLines: Readonly<Record<string, number>>;
  readonly version: string;
  readonly isolation: string;
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const minutes = [1, 5, 15, 60, 300, 900, 3_600, 14_400];

/** What an operator watches. Most of it is counted off the actions that become durable: what people see is what is counted. */
export class HostMetrics implements Disposable {
  readonly #metrics = new Metrics();
  readonly #owned = new Disposables();
  readonly #clock: Clock;
  readonly #queuedAt = new Map<string, number>();
  readonly #commits = this.#metrics.histogram("muster_log_commit_seconds", "Time of one commit to disk.", seconds);
  readonly #records = this.#metrics.counter("muster_log_records_total", "Records that became durable.");
  readonly #actions = this.#metrics.counter("muster_actions_total", "Actions, by who acted and what became of it.");
  readonly #started = this.#metrics.counter("muster_turns_started_total", "Turns begun or resumed.");
  readonly #ended = this.#metrics.counter("muster_turns_ended_total", "Turns ended, by how.");
  readonly #turns = this.#metrics.histogram("muster_turn_seconds", "How long turns took.", minutes);
  readonly #waits = this.#metrics.histogram(
    "muster_queue_wait_seconds",
    "How long sessions waited for a place.",
    minutes,
  );
  readonly #tokens = this.#metrics.counter("muster_tokens_total", "Tokens that agents reported.");
  readonly #cost = this.#metrics.counter("muster_cost_usd_total", "US dollars that agents reported.");
  readonly #machine = this.#metrics.counter(
    "muster_machine_seconds_total",
    "Machine time of agents: wall clock and processor.",
  );
  readonly #paused = this.#metrics.counter("muster_budget_pauses_total", "Sessions paused by a budget, by its scope.");
  readonly #refusals = this.#metrics.counter("muster_upgrades_refused_total", "Connections refused, by HTTP status.");
  readonly #cut = this.#metrics.counter("muster_readers_cut_total", "Connections closed because they did not keep up.");

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#owned.add(measureProcess(this.#metrics));
  }

  follow(log: EventLog, channels: Channels): void {
    const metrics = this.#metrics;
    metrics.gauge("muster_log_sequence", "Number of the last record.", () => log.lastSeq);
    metrics.gauge("muster_log_pending", "Records that are not on disk yet.", () => log.lastSeq - log.durableSeq);
    metrics.gauge("muster_log_full", "1 while the disk has no room for the log.", () => Number(log.isFull));
    this.#owned.add(log.onCommitted((records) => this.#records.add(records.length)));
    this.#owned.add(
      channels.onCommitted((batch) => {
        for (const committed of batch) this.#count(committed);
      }),
    );
  }

  /** For the log. */
  committed(seconds: number): void {
    this.#commits.observe(seconds);
  }

  /** For the gateway. */
  readonly gateway = {
    refused: (status: number) => this.#refusals.add(1, { status: String(status) }),
    cutOff: () => this.#cut.add(),
  };

  /** What is read at the moment of asking; called once everything is there. */
  watch(gauges: HostGauges): void {
    const metrics = this.#metrics;
    const { version, isolation } = gauges;
    metrics.gauge("muster_host_info", "The host, as labels.", () => [[{ version, isolation }, 1]]);
    metrics.gauge("muster_sessions", "Sessions, by phase.", () =>
      Array.from(
        countBy(gauges.sessions(), ({ phase }) => phase),
        ([phase, count]) => [{ phase }, count] as const,
      ),
    );
    metrics.gauge("muster_agent_processes", "Running programs of agents.", () =>
      Array.from(gauges.agentProcesses(), ([agent, count]) => [{ agent }, count] as const),
    );
    metrics.gauge("muster_connections", "Open connections.", gauges.connections);
    metrics.gauge("muster_frames_made_total", "Messages framed.", () => gauges.fanOut.framed, "counter");
    metrics.gauge("muster_frames_sent_total", "Messages handed to readers.", () => gauges.fanOut.delivered, "counter");
    metrics.gauge("muster_frames_queued_bytes", "Bytes that readers have not taken yet.", () =>
      Array.from(gauges.fanOut.readers).reduce((sum, reader) => sum + reader.queuedBytes, 0),
    );
    metrics.gauge("muster_disk_free_bytes", "Free space where the log is.", gauges.freeDiskBytes);
    metrics.gauge(
      "muster_log_lines_total",
      "Lines of the host's own log, by level.",
      () => Object.entries(gauges.logLines).map(([level, count]) => [{ level }, count] as const),
      "counter",
    );
  }

  text(): string {
    return this.#metrics.text();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #count({ action, channel, origin, refused }: CommittedAction): void {
    this.#actions.add(1, {
      by: origin === undefined ? "host" : "client",
      outcome: refused === undefined ? "accepted" : "refused",
    });
    if (refused !== undefined) return;
    switch (action.type) {
      case "chat/turnStarted":
      case "chat/turnResume":
        return this.#started.add();
      case "chat/turnComplete":
        return this.#end("complete", action.duration);
      case "chat/turnCancelled":
        return this.#end("cancelled", action.duration);
      case "chat/error":
        return this.#end("error", action.duration);
      case "x-fleet/phaseChanged":
        return this.#phase(channel, action.phase);
      case "x-fleet/usageAdded":
        this.#tokens.add(action.inputTokens ?? 0, { kind: "input" });
        this.#tokens.add(action.outputTokens ?? 0, { kind: "output" });
        return this.#cost.add(action.costUsd ?? 0);
      case "x-fleet/machineUsed":
        this.#machine.add((action.wallMs ?? 0) / 1_000, { kind: "wall" });
        return this.#machine.add((action.cpuMs ?? 0) / 1_000, { kind: "cpu" });
      case "x-fleet/paused":
        return this.#paused.add(1, { scope: action.scope });
      default:
        return;
    }
  }

  #end(outcome: string, durationMs: number | undefined): void {
    this.#ended.add(1, { outcome });
    this.#turns.observe(Math.max(0, durationMs ?? 0) / 1_000);
  }

  #phase(channel: string, phase: string): void {
    const now = this.#clock.elapsed();
    const since = this.#queuedAt.get(channel);
    if (phase === "queued") return void (since === undefined && this.#queuedAt.set(channel, now));
    this.#queuedAt.delete(channel);
    if (since !== undefined) this.#waits.observe(Math.max(0, now - since) / 1_000);
  }
}

function countBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}
