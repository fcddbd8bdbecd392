import type { Disposable } from "../../base/disposables.ts";
import { TELEMETRY_EVENTS, type TelemetryEvent, type TelemetryFacts } from "./telemetryEvents.ts";

export interface Telemetry extends Disposable {
  send<E extends TelemetryEvent>(event: E, facts: TelemetryFacts<E>): void;
}

/** What `@vscode/extension-telemetry`'s reporter does for us. */
export interface TelemetrySink extends Disposable {
  sendTelemetryEvent(name: string, properties?: Record<string, string>, measurements?: Record<string, number>): void;
}

export interface TelemetryOptions {
  /** Where to. Without one nothing is loaded and nothing leaves the machine. */
  readonly connectionString: string | undefined;
  /** Whether the editor's own setting allows it at this moment; asked before each event. */
  readonly isEnabled: () => boolean;
  /** Makes the reporter, for the first event that may leave. One that cannot be loaded loses events and disturbs nobody. */
  readonly loadSink: (connectionString: string) => Promise<TelemetrySink>;
}

export function createTelemetry({ connectionString, isEnabled, loadSink }: TelemetryOptions): Telemetry {
  if (connectionString === undefined || connectionString === "") return { send() {}, dispose() {} };
  let loading: Promise<TelemetrySink | undefined> | undefined;
  return {
    send(event, facts) {
      if (!isEnabled() || !Object.hasOwn(TELEMETRY_EVENTS, event)) return;
      const { properties, measurements } = allowed(event, facts);
      loading ??= loadSink(connectionString).catch(() => undefined);
      void loading.then((sink) => isEnabled() && sink?.sendTelemetryEvent(event, properties, measurements));
    },
    dispose() {
      void loading?.then((sink) => sink?.dispose());
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
