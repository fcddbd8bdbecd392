import type { Clock } from "../../base/clock.ts";
import type { Audit } from "../access/audit.ts";
import type { Channels } from "../channels/channels.ts";
export interface RepositoryServersPorts {
    readonly channels: Channels;
    readonly clock: Clock;
    readonly audit: Pick<Audit, "record">;
}
/** The servers that people have allowed for every session of a repository: for good, until somebody takes it back. */
export declare class RepositoryServers {
    #private;
    constructor(ports: RepositoryServersPorts);
    /** From here on what was decided is in memory. */
    restore(): Promise<void>;
    allows(repository: string, server: string): boolean;
    allow(repository: string, server: string, by: string): void;
    revoke(repository: string, server: string, by: string): void;
}
