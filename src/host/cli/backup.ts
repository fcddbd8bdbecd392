import { AppError } from "../../base/appError.ts";
import { backUp } from "../operations/backup.ts";
import type { CliOptions } from "./arguments.ts";
import { assertLogThere } from "./inspect.ts";

/** Copies the data directory, whose host may be running, and says what it copied. */
export async function backup(options: CliOptions, print: (line: string) => void): Promise<number> {
  if (options.to === undefined) throw new AppError("request.invalid", "Name a new directory with --to DIR.");
  assertLogThere(options.data);
  const { files, bytes } = await backUp(options.data, options.to);
  print(
    `${files} files (${(bytes / 1024 ** 2).toFixed(1)} MiB) are in ${options.to}. To restore them, move the directory to where the host's data is.`,
  );
  return 0;
}
