import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { GitHubServer } from "./gitHubServers.ts";

/** The least that may push to a private repository and open a pull request in it. */
export const gitHubScopes: readonly string[] = ["repo"];

/** Where the person's own GitHub sign-in comes from. */
export interface SignInPort {
  /**
   * Asks the person to sign in if need be. Throws `github.noSession` if they don't.
   * @param refused a token that the server refused: the person has to sign in anew
   */
  token(server: GitHubServer, refused?: string): Promise<string>;
  /** A token if there is one already; asks nobody. */
  silentToken(server: GitHubServer): Promise<string | undefined>;
}

/** VS Code's accounts. Tokens are never kept here: each use asks for the session again. */
export const vscodeSignIn: SignInPort = {
  async token(server, refused) {
    const detail = `Muster creates the pull request on ${server.host} in your name.`;
    try {
      const known = refused === undefined ? undefined : await this.silentToken(server);
      const isRefused = refused !== undefined && known === refused;
      const { authProvider } = server;
      const session = isRefused
        ? await vscode.authentication.getSession(authProvider, gitHubScopes, { forceNewSession: { detail } })
        : await vscode.authentication.getSession(authProvider, gitHubScopes, { createIfNone: { detail } });
      return session.accessToken;
    } catch (error) {
      throw new AppError(
        "github.noSession",
        `You are not signed in to ${server.host}. Sign in and try again; what you typed is kept.`,
        { cause: error, details: { authProvider: server.authProvider } },
      );
    }
  },

  async silentToken(server) {
    try {
      const session = await vscode.authentication.getSession(server.authProvider, gitHubScopes, { silent: true });
      return session?.accessToken;
    } catch {
      // No such provider is as good as not being signed in.
      return undefined;
    }
  },
};
