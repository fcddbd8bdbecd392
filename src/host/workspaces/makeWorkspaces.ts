import type { Clock } from "../../base/clock.ts";
import type { Failpoint } from "../../base/failpoint.ts";
import type { Logger } from "../../base/logger.ts";
import type { Isolation } from "../../protocol/fleet.ts";
import { bubblewrapConfinement } from "./confinement.ts";
import { gitRefusal } from "./gitTrial.ts";
import { GitWorkspaces } from "./gitWorkspaces.ts";
import type { RepositoriesConfig } from "./repositoriesConfig.ts";

export interface MakeWorkspacesOptions {
  readonly config: RepositoriesConfig;
  readonly isolation: Isolation;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The host's own environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly failpoint?: Failpoint | undefined;
}

const mebibyte = 2 ** 20;
const dayMs = 24 * 60 * 60 * 1_000;
const collectEveryMs = 6 * 60 * 60 * 1_000;

/** The workspaces as the configuration says. Copies of repositories that nobody uses are removed at start and four times a day. */
export async function makeWorkspaces(options: MakeWorkspacesOptions): Promise<GitWorkspaces> {
  const { config, isolation, dataDir, clock, logger, env, failpoint } = options;
  const workspaces = await GitWorkspaces.create({
    dataDir,
    allowLocal: config.allowLocal,
    privateNetworks: config.privateNetworks,
    clock,
    logger,
    path: env["PATH"] ?? "",
    // Without isolation an agent reads what the host reads.
    confine: isolation === "none" ? undefined : bubblewrapConfinement(env["PATH"] ?? ""),
    failpoint,
    gitRefusal,
    setup: { config, env },
    limits: {
      maxFetchBytes: config.maxFetchMegabytes * mebibyte,
      mirrorIdleMs: config.mirrorIdleDays * dayMs,
      maxMirrorBytes: config.mirrorMegabytes * mebibyte,
      files: { maxEntries: config.maxWorkspaceFiles, maxBytes: config.maxWorkspaceMegabytes * mebibyte },
    },
  });
  collectNowAndThen(workspaces, clock, logger);
  return workspaces;
}

/** The host's timers keep no process alive, so nothing has to end this. */
function collectNowAndThen(workspaces: GitWorkspaces, clock: Clock, logger: Logger): void {
  workspaces.collectMirrors().then(
    (removed) => {
      if (removed > 0) logger.info("unused copies of repositories were removed", { removed });
    },
    (error: unknown) => logger.warn("unused copies of repositories were not removed", { error: String(error) }),
  );
  clock.setTimeout(() => collectNowAndThen(workspaces, clock, logger), collectEveryMs);
}
