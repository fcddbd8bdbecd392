import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { toLine } from "../../base/visibleText.ts";
import type { ProtectedResource } from "../../protocol/content.ts";
import { errorDataOf } from "../../protocol/errorData.ts";
import { RPC } from "../../protocol/jsonrpc.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import type { HostConnectionsView, HostRecord } from "../hosts/hosts.ts";
import { parseHostUrl } from "../hosts/hostUrl.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import type { GitHubServer } from "../ship/gitHubServers.ts";
import type { SignInPort } from "../ship/gitHubSignIn.ts";
import type { StatePort } from "../platform/statePort.ts";
import { TokenConsents } from "./tokenConsents.ts";
import { type TokenWant, wantKey, wantOf } from "./tokenWant.ts";

export interface HostCredentialsPorts {
  readonly hosts: Pick<HostConnectionsView, "client" | "get">;
  readonly dialogs: Pick<Dialogs, "choose">;
  readonly signIn: SignInPort;
  readonly servers: () => readonly GitHubServer[];
  readonly state: StatePort;
}

export interface LendOptions {
  /** What people call the agent that needs it; without one it is for a repository. */
  readonly agent?: string;
  /** The person asks for it at this moment: an earlier no does not count. */
  readonly isWanted?: boolean;
  /** A button for going on without it. */
  readonly skip?: string;
}

/** `skipped`: the person said no, now or earlier in this window. `dismissed`: they answered nothing. */
export type Lending = "lent" | "skipped" | "dismissed";

interface Lent {
  readonly token: string;
  /** False once the host has said that it is not. */
  readonly isGood: boolean;
}

/**
 * Lends a person's GitHub sign-in to a host that needs it to clone or push, or for its agents. Nothing is lent without a
 * yes for exactly that host address, that resource and those scopes.
 */
export class HostCredentials {
  readonly #ports: HostCredentialsPorts;
  readonly consents: TokenConsents;
  /** By host and want: what its present process was sent. */
  readonly #lent = new Map<string, Map<string, Lent>>();
  readonly #lending = new Map<string, Promise<Lending>>();
  readonly #lendingAgain = new Map<string, Promise<boolean>>();

  constructor(ports: HostCredentialsPorts) {
    this.#ports = ports;
    this.consents = new TokenConsents(ports.state);
  }

  wantOf(asked: ProtectedResource) {
    return wantOf(asked, this.#ports.servers());
  }

  /**
   * Runs a request. When the host answers that it lacks credentials, asks the person, hands them over and runs the request
   * once more. A no, or a second such answer, rejects with `auth.required`.
   */
  async withCredentials<T>(hostId: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      if (!AppError.is(error, "auth.required")) throw error;
      await this.#lendFor(hostId, error);
      return await request();
    }
  }

  /** The host has it, as far as this window knows. */
  isLent(hostId: string, want: TokenWant): boolean {
    return this.#lent.get(hostId)?.get(wantKey(want))?.isGood === true;
  }

  /** Asks the person unless they have agreed before. Calls for the same thing share one question. */
  lend(hostId: string, want: TokenWant, options: LendOptions = {}): Promise<Lending> {
    return shared(this.#lending, `${hostId}|${wantKey(want)}`, () => this.#lend(hostId, want, options));
  }

  /**
   * Sends what the person agreed to before, if they are still signed in. Asks nobody. False when nothing was sent: the
   * host has that very token already, or may not have it.
   */
  lendAgain(hostId: string, want: TokenWant): Promise<boolean> {
    return shared(this.#lendingAgain, `${hostId}|${wantKey(want)}`, () => this.#lendAgain(hostId, want));
  }

  async #lendAgain(hostId: string, want: TokenWant): Promise<boolean> {
    const host = this.#ports.hosts.get(hostId)?.host;
    if (host === undefined || !this.#isSafe(host) || !this.consents.has(host, want)) return false;
    const token = await this.#ports.signIn.silentToken(want.server, want.scopes);
    const lent = this.#lent.get(hostId);
    if (token === undefined) lent?.delete(wantKey(want));
    if (token === undefined || lent?.get(wantKey(want))?.token === token) return false;
    // The answer may have come after a "forget".
    if (!this.consents.has(host, want)) return false;
    await this.#send(hostId, want, token);
    return true;
  }

  /** The host says that what it was sent is not good. The same token is not sent again by itself. */
  noteRefused(hostId: string, want: TokenWant): void {
    const lent = this.#lent.get(hostId);
    const sent = lent?.get(wantKey(want));
    if (sent !== undefined) lent?.set(wantKey(want), { ...sent, isGood: false });
  }

  /** A host that starts afresh has nothing. */
  noteFreshStart(hostId: string): void {
    this.#lent.delete(hostId);
  }

  async forget(hostId: string): Promise<void> {
    this.#lent.delete(hostId);
    await this.consents.forget(hostId);
  }

  async #lendFor(hostId: string, failure: AppError): Promise<void> {
    const asked = resourcesOf(failure).filter(({ required }) => required !== false);
    const wants = asked.map((resource) => this.wantOf(resource));
    const refused = wants.find((want) => !want.ok);
    if (refused !== undefined || wants.length === 0) {
      const cause = failure;
      throw refused?.ok === false
        ? new AppError("auth.required", "The host lacks credentials. {0} Give the host its own for it.", {
            cause,
            values: [refused.error],
          })
        : new AppError("auth.required", "The host lacks credentials. Give the host its own for it.", { cause });
    }
    for (const want of wants) if (want.ok) await this.#lendOrThrow(hostId, want.value, failure);
  }

  async #lendOrThrow(hostId: string, want: TokenWant, failure: AppError): Promise<void> {
    if ((await this.lend(hostId, want)) === "lent") return;
    throw new AppError(
      "auth.required",
      "The host may not use your sign-in for {0}, so nothing was sent. Sign in for it, or give the host its own credentials.",
      { cause: failure, details: { hostId }, values: [toLine(want.resource, 200)] },
    );
  }

  async #lend(hostId: string, want: TokenWant, { agent, isWanted, skip }: LendOptions): Promise<Lending> {
    const { hosts, dialogs, signIn } = this.#ports;
    const host = hosts.get(hostId)?.host;
    if (host === undefined) throw new AppError("notFound", "This host is no longer configured.");
    if (!this.#isSafe(host)) {
      throw new AppError(
        "host.untrustedAddress",
        "Nothing was sent: the host's address is neither encrypted nor on this machine. Use a wss address.",
      );
    }
    if (!this.consents.has(host, want)) {
      if (this.consents.isRefused(host, want) && isWanted !== true) return "skipped";
      const yes = agent === undefined ? vscode.l10n.t("Allow") : vscode.l10n.t("Sign In");
      const actions = skip === undefined ? [yes] : [yes, skip];
      const { question, detail } = questionOf(host, want, agent);
      const answer = await dialogs.choose(question, detail, actions);
      if (answer !== yes) {
        // Without a button to skip it, whatever is no yes is a no.
        if (answer !== undefined || skip === undefined) this.consents.refuse(host, want);
        return answer === undefined ? "dismissed" : "skipped";
      }
      await this.consents.remember(host, want);
    }
    const name = toLine(host.name, 60);
    const detail =
      agent === undefined
        ? vscode.l10n.t('Muster hands it to the host "{0}", which needs it to reach {1}.', name, want.resource)
        : vscode.l10n.t('Muster hands it to the host "{0}", which needs it to run {1}.', name, toLine(agent, 60));
    const token = await signIn.token(want.server, undefined, { scopes: want.scopes, detail });
    // Meanwhile the host may have been removed, or the consent taken back.
    if (!this.consents.has(host, want)) return "dismissed";
    await this.#send(hostId, want, token);
    return "lent";
  }

  async #send(hostId: string, want: TokenWant, token: string): Promise<void> {
    const { resource, scopes } = want;
    const client = this.#ports.hosts.client(hostId);
    await client.request("authenticate", { channel: ROOT_URI, resource, token, scopes: [...scopes] });
    const lent = this.#lent.get(hostId) ?? new Map<string, Lent>();
    this.#lent.set(hostId, lent.set(wantKey(want), { token, isGood: true }));
  }

  #isSafe(host: HostRecord): boolean {
    return parseHostUrl(host.url).ok;
  }
}

/** Whoever comes while it runs gets the same outcome. */
function shared<T>(running: Map<string, Promise<T>>, key: string, start: () => Promise<T>): Promise<T> {
  const work = running.get(key) ?? start().finally(() => running.delete(key));
  running.set(key, work);
  return work;
}

function questionOf(host: HostRecord, { resource, server, scopes }: TokenWant, agent: string | undefined) {
  const name = toLine(host.name, 60);
  const place = toLine(resource, 200);
  const url = toLine(host.url);
  const rights = scopes.join(", ");
  if (agent === undefined) {
    return {
      question: vscode.l10n.t('Let the host "{0}" use your sign-in for {1}?', name, place),
      detail: vscode.l10n.t(
        "The host at {0} needs it to reach the repository. It receives your {1} token with the rights {2}, keeps it in memory only, and uses it for {3} and nothing else.",
        url,
        server.host,
        rights,
        place,
      ),
    };
  }
  return {
    question: vscode.l10n.t('Sign in to {0} for {1} on "{2}"?', server.host, toLine(agent, 60), name),
    detail: vscode.l10n.t(
      "The agent needs an account for {0}. The host at {1} receives a token of yours with the rights {2}. With Muster: Forget Sign-In it is not sent again; the host keeps what it has until it restarts.",
      place,
      url,
      rights,
    ),
  };
}

/** What the host asks for: the data of its error, as the client passes it on. */
function resourcesOf(failure: AppError): readonly ProtectedResource[] {
  const data: unknown = failure.cause instanceof Error ? Reflect.get(failure.cause, "data") : undefined;
  for (const candidate of [failure.details, data]) {
    const told = errorDataOf(RPC.authRequired, candidate);
    if (told) return told.resources;
  }
  return [];
}
