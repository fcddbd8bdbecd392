import * as vscode from "vscode";
import { err, ok, type Result } from "../../base/result.ts";
import { toLine } from "../../base/visibleText.ts";
import type { ProtectedResource } from "../../protocol/content.ts";
import { apiBase, defaultGitHubServer, type GitHubServer, gitHubScopes, webOrigin } from "../ship/gitHubServers.ts";

/** A token that a host asks for and that may be lent to it, if the person agrees. */
export interface TokenWant {
  /** As the host names it. */
  readonly resource: string;
  /** Where the person signs in. */
  readonly server: GitHubServer;
  /** Sorted, each once, never empty. */
  readonly scopes: readonly string[];
}

const lendableScopes: readonly string[] = ["read:user", "user:email", "repo"];

/**
 * What a host asks for (RFC 9728), or a sentence why it can't have it. A token goes only to a GitHub that the person's
 * settings name, or github.com, for a resource of that very server, with scopes that an agent can be expected to need.
 */
export function wantOf(asked: ProtectedResource, servers: readonly GitHubServer[]): Result<TokenWant, string> {
  const { resource, authorization_servers: issuers = [], scopes_supported: named = [] } = asked;
  // What names no issuer is its own: a repository's server.
  const places = issuers.length === 0 ? [resource] : issuers;
  const known = issuers.length === 0 ? servers : [...servers, defaultGitHubServer];
  const server = known.find((candidate) => places.some(isAt(candidate)));
  if (server === undefined) {
    return err(
      vscode.l10n.t(
        "It wants a sign-in at {0}, and Muster can sign in only to github.com and to servers in the setting muster.github.servers.",
        toLine(places[0] ?? "", 200),
      ),
    );
  }
  const origin = originOf(resource);
  const isPage = origin === originOf(pagesOf(server));
  if (origin === undefined || !(isPage || origin === originOf(apiBase(server)))) {
    const place = toLine(resource, 200);
    return err(
      vscode.l10n.t("It wants a sign-in to {0} for {1}, which is not part of that server.", server.host, place),
    );
  }
  const refused = named.filter((scope) => !lendableScopes.includes(scope));
  if (refused.length > 0) {
    const most = lendableScopes.join(", ");
    const asked = toLine(refused.join(", "), 200);
    return err(vscode.l10n.t("It asks for the right to {0}. Muster lends no more than {1}.", asked, most));
  }
  const unsaid = isPage ? gitHubScopes : ["read:user"];
  const scopes = named.length > 0 ? Array.from(new Set(named)).toSorted() : unsaid;
  return ok({ resource, server, scopes });
}

/** Equal for wants that one consent answers. */
export function wantKey({ resource, scopes }: Pick<TokenWant, "resource" | "scopes">): string {
  return JSON.stringify([resource, ...scopes]);
}

/** Compared by whole origin: `github.com.example` is not `github.com`. */
function isAt(server: GitHubServer): (url: string) => boolean {
  const origin = originOf(pagesOf(server));
  return (url) => origin !== undefined && originOf(url) === origin;
}

function originOf(text: string | undefined): string | undefined {
  const url = text === undefined ? null : URL.parse(text);
  return url === null || url.username !== "" || url.password !== "" ? undefined : url.origin;
}

function pagesOf(server: GitHubServer): string | undefined {
  return URL.canParse(server.apiUrl) && URL.canParse(`http://${server.host}`) ? webOrigin(server) : undefined;
}
