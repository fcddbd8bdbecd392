import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import type { EventLog } from "../log/log.ts";
import type { AccessConfig } from "./accessConfig.ts";
import { Audit } from "./audit.ts";
import { tokenDirectory } from "./tokenFile.ts";
import { TokenStore } from "./tokenStore.ts";

export interface AccessOptions {
  readonly config: AccessConfig;
  readonly dataDir: string;
  /** See `TokenStoreOptions`. */
  readonly ownersFile: string;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Who may do what on this host, and who did. */
export class Access implements Disposable {
  readonly tokens: TokenStore;
  readonly audit: Audit;

  constructor({ config, dataDir, ownersFile, log, clock, logger }: AccessOptions) {
    const directory = tokenDirectory(dataDir);
    this.tokens = new TokenStore({ ownersFile, directory, clock, logger });
    this.audit = new Audit({ log, clock, logger, keptMs: config.auditDays * 24 * 60 * 60 * 1_000 });
  }

  /** Before the log is closed. */
  dispose(): void {
    this.tokens.dispose();
    this.audit.dispose();
  }
}
