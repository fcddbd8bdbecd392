import type { NewAct } from "../../src/host/access/audit.ts";
import type { Grant, Tokens } from "../../src/host/access/grant.ts";
import type { Owners } from "../../src/host/access/sight.ts";
import type { Visitor } from "../../src/host/gateway/connection.ts";

export const ownersGrant: Grant = { tokenId: "owner", user: "owner", role: "admin", sessions: "all" };

export function aGrant(given: Partial<Grant> = {}): Grant {
  return { tokenId: "t1", user: "ada", role: "operator", sessions: "own", ...given };
}

export function aVisitor(given: Partial<Grant> = {}): Visitor {
  return { grant: { ...ownersGrant, ...given }, from: "127.0.0.1" };
}

/** A host on which no session belongs to anybody. */
export const noOwners: Owners = { of: () => undefined, find: async () => undefined };

export class RecordedAudit {
  readonly acts: NewAct[] = [];
  record(act: NewAct): void {
    this.acts.push(act);
  }
}

export class FixedTokens implements Tokens {
  readonly #grants: Map<string, Grant>;

  constructor(grants: Readonly<Record<string, Grant>>) {
    this.#grants = new Map(Object.entries(grants));
  }

  grantOf(token: string): Grant | undefined {
    return this.#grants.get(token);
  }

  isCurrent(grant: Grant): boolean {
    return Array.from(this.#grants.values()).includes(grant);
  }

  used(): void {}

  revoke(token: string): void {
    this.#grants.delete(token);
  }
}
