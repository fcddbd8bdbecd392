import type { Role } from "./rights.ts";
import type { SessionScope } from "./tokenFile.ts";

/** What a verified token allows. One object for as long as the token allows the same. */
export interface Grant {
  readonly tokenId: string;
  readonly user: string;
  readonly role: Role;
  readonly sessions: SessionScope;
}

/** The tokens of a running host. */
export interface Tokens {
  /** Whom the token speaks for; `expired` for one that did. */
  grantOf(token: string): Grant | "expired" | undefined;
  /** Neither expired nor revoked nor replaced: asked again for every message. */
  isCurrent(grant: Grant): boolean;
  /** The token has opened a connection. */
  used(grant: Grant): void;
}
