import { TelemetryReporter } from "@vscode/extension-telemetry";

/** The package is large and needed by few: this file is imported when there is somewhere to report to. */
export function newTelemetryReporter(connectionString: string): TelemetryReporter {
  return new TelemetryReporter(connectionString);
}
