import { writeFileSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { readConfig } from "../configFile.ts";
import { Redactor } from "../logging/redactor.ts";
import { configuredSecrets } from "../operations/configuredSecrets.ts";
import { debugBundle } from "../operations/debugBundle.ts";
import { effectiveConfig } from "../operations/effectiveConfig.ts";
import { toTarGz } from "../operations/tar.ts";
import { refsOf } from "../sessions/sessionRefs.ts";
import { HOST_VERSION } from "../version.ts";
import type { CliOptions } from "./arguments.ts";
import { checkLog, checkPrivacy } from "./dataChecks.ts";
import { openForReading, ownedBy } from "./inspect.ts";
import { checkData, checkGit } from "./systemChecks.ts";

const whole = { maxText: 4 * 1024 * 1024, maxItems: 100_000, maxDepth: 64 };

/** Writes what is needed to look into one session into one file, and says where it is. The host may be running. */
export async function bundle(options: CliOptions, nowMs: number, print: (line: string) => void): Promise<number> {
  const { session, data } = options;
  if (session === undefined) throw new AppError("request.invalid", "Name the session with --session URI.");
  const { config, warnings } = readConfig(options.config);
  const redactor = new Redactor(configuredSecrets(config, process.env), whole);
  const { id } = refsOf(session);
  const log = openForReading(data);
  try {
    const channels = (await log.channels()).filter(ownedBy(session));
    if (channels.length === 0) throw new AppError("notFound", `The log holds nothing of ${session}.`);
    const git = await checkGit();
    const files = await debugBundle({
      log,
      dataDir: data,
      sessionId: id,
      channels,
      logFile: options.logFile,
      withFiles: options.withFiles,
      redactor,
      facts: {
        versions: { ...process.versions, host: HOST_VERSION, git: git.details?.["version"] },
        machine: {
          platform: process.platform,
          arch: process.arch,
          epoch: log.epoch,
          at: new Date(nowMs).toISOString(),
        },
        config: { ...effectiveConfig(config), warnings },
        doctor: [git, ...checkData(data), checkPrivacy(data), ...(await checkLog(data, nowMs))],
      },
    });
    const output = options.output ?? path.resolve(`muster-${id}.tar.gz`);
    writeFileSync(output, toTarGz(files, nowMs), { mode: 0o600, flag: "wx" });
    print(output);
    return 0;
  } finally {
    await log.close();
  }
}
