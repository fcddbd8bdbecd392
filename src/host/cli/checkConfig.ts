import { readConfig } from "../configFile.ts";
import { effectiveConfig } from "../operations/effectiveConfig.ts";
import type { CliOptions } from "./arguments.ts";

/** Prints the configuration as it holds, with secrets hidden; what is not known goes to standard error. */
export function checkConfig(options: CliOptions, print: (line: string) => void): number {
  const { config, warnings } = readConfig(options.config);
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  print(JSON.stringify(effectiveConfig({ ...config, isolation: options.isolation ?? config.isolation }), undefined, 2));
  return 0;
}
