import process from "node:process";
import { type Failpoint, noFailpoint } from "../base/failpoint.ts";

/**
 * `MUSTER_FAILPOINT=<name>` or `<name>:<n>` ends the process as `kill -9` would when it comes to that place for the n-th
 * time. For tests of what a crash leaves behind; without the variable a failpoint is an empty function.
 */
export function failpointFrom(env: Readonly<Record<string, string | undefined>>): Failpoint {
  const [wanted, count = "1"] = (env["MUSTER_FAILPOINT"] ?? "").split(":");
  if (!wanted) return noFailpoint;
  let left = Number(count);
  return (name) => {
    if (name !== wanted || (left -= 1) > 0) return;
    process.kill(process.pid, "SIGKILL");
  };
}
