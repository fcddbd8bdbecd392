/**
 * How one family of clients speaks where it differs from AHP as this host speaks it. It stands at the gateway's edge, so
 * the rest of the host knows one language. The same object serves all connections of the family.
 */
export interface Dialect {
  /** For these clients a session is made before its first message, and often thrown away. */
  readonly makesDrafts: boolean;
  /** For these clients `disposeSession` puts a session with a history into the archive first. */
  readonly archivesFirst: boolean;
  /**
   * These clients keep their list of sessions over a loss of the connection and do not ask for it again: each time they
   * come they are told what changed in the last so many milliseconds.
   */
  readonly remindsOfMs: number;
  /** Where the pickers of these clients begin. */
  readonly defaultDirectory: string;
  /** The params of a client's request or notification in the host's terms; `undefined` to take no notice of it. */
  hear(method: string, params: unknown): unknown;
  /** An answer, or a notification of the host, in the client's terms. The message given is left as it is. */
  say<T extends object>(message: T): T;
}
