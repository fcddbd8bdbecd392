import { AppError } from "../../base/appError.ts";
import type { Credentials } from "../workspaces/workspace.ts";

/**
 * Tokens that people lent the host, in memory only and by person: one person's token never serves another's session.
 * What the configuration names serves everybody.
 */
export class CredentialStore {
  readonly #configured: ReadonlyMap<string, string>;
  readonly #lent = new Map<string, Map<string, string>>();

  /** @param configured tokens by origin (`https://host`), read from the environment at start. */
  constructor(configured: ReadonlyMap<string, string>) {
    this.#configured = configured;
  }

  /** Throws `request.invalid` for a resource that is no http(s) address. */
  lend(principal: string, resource: string, token: string): void {
    const url = URL.canParse(resource) ? new URL(resource) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      throw new AppError("request.invalid", "A sign-in is for an https address.");
    }
    if (token === "" || token.length > 10_000 || /\s/.test(token)) {
      throw new AppError("request.invalid", "That is no access token.");
    }
    const tokens = this.#lent.get(principal) ?? new Map<string, string>();
    tokens.set(url.origin, token);
    this.#lent.set(principal, tokens);
  }

  credentialsOf(principal: string): Credentials {
    return { tokenFor: (origin) => this.#lent.get(principal)?.get(origin) ?? this.#configured.get(origin) };
  }
}
