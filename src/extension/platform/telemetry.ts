import type { Disposable } from "../../base/disposables.ts";
import { TELEMETRY_EVENTS, type TelemetryEvent, type TelemetryFacts } from "./telemetryEvents.ts";

export interface Telemetry extends Disposable {
  send<E extends TelemetryEvent>(event: E, facts: TelemetryFacts<E>): void;
}

/** What `@vscode/extension-telemetry`'s reporter does for us: it obeys the editor's telemetry setting, at any moment. */
export interface TelemetrySink extends Disposable {
  sendTelemetryEvent(name: string, properties?: Record<string, string>, measurements?: Record<string, number>): void;
}

/**
 * @param loadSink makes the reporter of a connection string. It is not called while there is none: then nothing is
 *   loaded and nothing leaves the machine. A reporter that cannot be loaded loses events and disturbs nobody.
 */
export function createTelemetry(
  connectionString: string | undefined,
  loadSink: (connectionString: string) => Promise<TelemetrySink>,
): Telemetry {
  if (connectionString === undefined || connectionString === "") return { send() {}, dispose() {} };
  const loading = loadSink(connectionString).catch(() => undefined);
  return {
    send(event, facts) {
      const { properties, measurements } = allowed(event, facts);
      void loading.then((sink) => sink?.sendTelemetryEvent(event, properties, measurements));
    },
    dispose() {
      void loading.then((sink) => sink?.dispose());
    },
  };
}

/** Drops whatever the table does not list: the types say so too, but not at run time. */
function allowed(event: TelemetryEvent, facts: Readonly<Record<string, unknown>>) {
  const properties: Record<string, string> = {};
  const measurements: Record<string, number> = {};
  for (const [key, shape] of Object.entries<"number" | readonly string[]>(TELEMETRY_EVENTS[event])) {
    const value = facts[key];
    if (shape === "number") {
      if (typeof value === "number" && Number.isFinite(value)) measurements[key] = value;
    } else if (typeof value === "string" && shape.includes(value)) properties[key] = value;
  }
  return { properties, measurements };
}
