import { readdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { type Disposable, toDisposable } from "../../base/disposables.ts";
import type { Metrics } from "./metrics.ts";

/** How often the event loop is asked; the histogram counts from one time to the next. */
const sampleMs = 20;

/** The process itself, under the names that every Prometheus exporter uses. */
export function measureProcess(metrics: Metrics): Disposable {
  const delay = monitorEventLoopDelay({ resolution: sampleMs });
  delay.enable();
  const startedAt = Date.now() / 1_000 - process.uptime();
  metrics.gauge("process_start_time_seconds", "When the process began, since the Unix epoch.", () => startedAt);
  metrics.gauge("process_resident_memory_bytes", "Resident memory.", () => process.memoryUsage.rss());
  metrics.gauge("nodejs_heap_used_bytes", "JavaScript heap in use.", () => process.memoryUsage().heapUsed);
  metrics.gauge(
    "process_cpu_seconds_total",
    "Processor time.",
    () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
    "counter",
  );
  metrics.gauge("process_open_fds", "Open file descriptors.", openDescriptors);
  metrics.gauge(
    "muster_event_loop_delay_seconds",
    "How late the event loop was since the last time this was read.",
    () => {
      const quantiles = [50, 99, 100].map(
        (percent) =>
          [{ quantile: String(percent / 100) }, Math.max(0, delay.percentile(percent) / 1e9 - sampleMs / 1e3)] as const,
      );
      delay.reset();
      return quantiles;
    },
  );
  return toDisposable(() => delay.disable());
}

function openDescriptors(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return undefined;
  }
}
