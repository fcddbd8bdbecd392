import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Event } from "../../base/emitter.ts";
import { requireTrust } from "../platform/trust.ts";
import { type GitHubServer, gitHubScopes } from "./gitHubServers.ts";

/** Where the person's own GitHub sign-in comes from. */
export interface SignInPort {
  /**
   * Asks the person to sign in if need be. Throws `github.noSession` if they don't.
   * @param refused a token that the server refused: the person has to sign in anew
   * @param use what it is for, if not for a pull request
   */
  token(server: GitHubServer, refused?: string, use?: TokenUse): Promise<string>;
  /** A token if there is one already; asks nobody. */
  silentToken(server: GitHubServer, scopes?: readonly string[]): Promise<string | undefined>;
}

export interface TokenUse {
  readonly scopes: readonly string[];
  /** A sentence that the person reads when asked to sign in. */
  readonly detail: string;
}

/** VS Code's accounts; none is asked for from a workspace that is not trusted. Tokens are never kept here: each use asks for the session again. */
export const vscodeSignIn: SignInPort = {
  async token(server, refused, use) {
    requireTrust();
    const detail = use?.detail ?? vscode.l10n.t("Muster creates the pull request on {0} in your name.", server.host);
    const scopes = use?.scopes ?? gitHubScopes;
    try {
      const known = refused === undefined ? undefined : await this.silentToken(server, scopes);
      const isRefused = refused !== undefined && known === refused;
      const { authProvider } = server;
      const session = isRefused
        ? await vscode.authentication.getSession(authProvider, scopes, { forceNewSession: { detail } })
        : await vscode.authentication.getSession(authProvider, scopes, { createIfNone: { detail } });
      return session.accessToken;
    } catch (error) {
      throw new AppError(
        "github.noSession",
        "You are not signed in to {0}. Sign in and try again; what you typed is kept.",
        { cause: error, values: [server.host], details: { authProvider: server.authProvider } },
      );
    }
  },

  async silentToken(server, scopes = gitHubScopes) {
    try {
      requireTrust();
      const session = await vscode.authentication.getSession(server.authProvider, scopes, { silent: true });
      return session?.accessToken;
    } catch {
      // No such provider, and a folder that is not trusted, are as good as not being signed in.
      return undefined;
    }
  },
};

/** Fires with the id of the authentication provider whose accounts are others than before. */
export const onDidChangeAccounts: Event<string> = (listener) =>
  vscode.authentication.onDidChangeSessions(({ provider }) => listener(provider.id));
