import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../base/appError.ts";

/**
 * Throws AppError `request.invalid` where agents have files but the log that knows of them is gone, or empty: a host that
 * began anew there would leave them to nobody.
 */
export function assertLogNotLost(dataDir: string): void {
  if ((statSync(path.join(dataDir, "log.db"), { throwIfNoEntry: false })?.size ?? 0) > 0) return;
  const sessions = path.join(dataDir, "sessions");
  if (!existsSync(sessions) || readdirSync(sessions).length === 0) return;
  throw new AppError(
    "request.invalid",
    `There are agents' files in ${sessions}, but the log that knows of them is gone. Put ${dataDir} back from a backup; or move these files away, and the host begins anew.`,
  );
}
