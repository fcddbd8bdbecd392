import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { Emitter, type Event } from "../../base/emitter.ts";
import type { Logger } from "../../base/logger.ts";
import { toLine } from "../../base/visibleText.ts";
import type { AuthRequired } from "../../client/client.ts";
import type { ProtectedResource } from "../../protocol/content.ts";
import type { HostConnection, HostConnectionsView } from "../hosts/hosts.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { type AgentNeed, needsOf, requiredOf } from "./agentNeeds.ts";
import type { HostCredentials } from "./hostCredentials.ts";
import { type TokenWant, wantKey } from "./tokenWant.ts";

export interface AgentSignInPorts {
  readonly connections: Pick<HostConnectionsView, "all" | "get" | "onDidChange">;
  readonly credentials: HostCredentials;
  readonly dialogs: Pick<Dialogs, "tell">;
  /** The editor's accounts of that authentication provider are others than before. */
  readonly onDidChangeAccounts: Event<string>;
  readonly logger: Logger;
}

interface Need {
  readonly agent: string | undefined;
  readonly want: TokenWant;
}

/** Something that a connected host lacks and that the person may give it. */
export interface OpenNeed extends Need {
  readonly hostId: string;
  readonly hostName: string;
}

interface Followed {
  readonly owned: Disposables;
  /** What the host asked for beyond what its agents tell, by want. */
  readonly announced: Map<string, Need>;
}

/**
 * Sees to it that agents of hosts have the accounts that they ask for: before a launch, when a host announces it, and
 * again, without a word, when a host that was allowed it has started afresh or the account's token is another one.
 */
export class AgentSignIn implements Disposable {
  readonly #ports: AgentSignInPorts;
  readonly #owned = new Disposables();
  readonly #followed = new Map<string, Followed>();
  /** Wants of hosts that the person was told of in this window. */
  readonly #told = new Set<string>();
  readonly #changed: Emitter<void>;
  readonly onDidChange: Event<void>;

  constructor(ports: AgentSignInPorts) {
    this.#ports = ports;
    const { connections, credentials, logger, onDidChangeAccounts } = ports;
    this.#changed = this.#owned.add(
      new Emitter<void>((error) => logger.error("sign-in listener failed", { reason: error })),
    );
    this.onDidChange = this.#changed.event;
    this.#owned.add(
      connections.onDidChange(({ added, changed, removed }) => {
        for (const hostId of removed) {
          this.#unfollow(hostId);
          this.#quietly(credentials.forget(hostId));
        }
        for (const hostId of [...added, ...changed]) this.#look(hostId);
        this.#changed.fire();
      }),
    );
    this.#owned.add(
      onDidChangeAccounts((provider) => {
        for (const hostId of this.#followed.keys()) {
          this.#lendAgain(hostId, ({ server }) => server.authProvider === provider);
        }
      }),
    );
    for (const { host } of connections.all) this.#look(host.id);
  }

  /** What connected hosts lack, of which agent. @param provider of the one kind of agent that is meant. */
  open(hostId?: string, provider?: string): readonly OpenNeed[] {
    const { connections, credentials } = this.#ports;
    return connections.all
      .filter(({ host, state }) => state.kind === "live" && (hostId === undefined || host.id === hostId))
      .flatMap(({ host, client }) => {
        const required = requiredOf(client, provider);
        const asked = required.flatMap(({ agent, asked }): Need[] => {
          const want = credentials.wantOf(asked);
          return want.ok ? [{ agent, want: want.value }] : [];
        });
        const announced = Array.from(this.#followed.get(host.id)?.announced.values() ?? []).filter(
          (need) => provider === undefined || required.some(({ agent }) => agent === need.agent),
        );
        const needs = distinct([...announced, ...asked]);
        return needs.map((need) => ({ ...need, hostId: host.id, hostName: host.name }));
      })
      .filter(({ hostId: id, want }) => !credentials.isLent(id, want));
  }

  isNeeded(hostId: string, provider?: string): boolean {
    return this.open(hostId, provider).length > 0;
  }

  /** What the person may want to give all the same: also what they refused in this window. */
  offers(hostId?: string, provider?: string): readonly OpenNeed[] {
    const open = this.open(hostId, provider);
    const host = hostId === undefined ? undefined : this.#ports.connections.get(hostId)?.host;
    if (host === undefined || provider !== undefined) return open;
    const refused = this.#ports.credentials.consents.refusedTo(host.id);
    const all = refused.map((want) => ({ agent: undefined, want, hostId: host.id, hostName: host.name }));
    return distinct([...all, ...open]);
  }

  /** Why nobody can be signed in for that agent, in a sentence; `undefined` if nothing stands in the way. */
  obstacle(hostId: string, provider?: string): string | undefined {
    const client = this.#ports.connections.get(hostId)?.client;
    for (const { agent, asked } of client === undefined ? [] : requiredOf(client, provider)) {
      const want = this.#ports.credentials.wantOf(asked);
      if (!want.ok) return vscode.l10n.t("Muster can't sign in for {0}. {1}", toLine(agent, 60), want.error);
    }
    return undefined;
  }

  /** Asks for what the agent needs and lacks. False: the person wants no launch. */
  async beforeLaunch(hostId: string, provider: string): Promise<boolean> {
    const obstacle = this.obstacle(hostId, provider);
    if (obstacle !== undefined) this.#tellOnce(`${hostId}|${obstacle}`, obstacle);
    for (const { agent, want } of this.open(hostId, provider)) {
      const skip = vscode.l10n.t("Launch Without");
      if ((await this.#lend(hostId, want, { agent: agent ?? provider, skip })) === "dismissed") return false;
    }
    return true;
  }

  /** The person asked for it. True when the host has it. */
  async signIn({ hostId, agent, want }: OpenNeed): Promise<boolean> {
    const lending = await this.#lend(hostId, want, { isWanted: true, ...(agent !== undefined && { agent }) });
    return lending === "lent";
  }

  /** Takes every consent back that the host was given. */
  async forget(hostId: string): Promise<void> {
    await this.#ports.credentials.forget(hostId);
    this.#changed.fire();
  }

  dispose(): void {
    for (const hostId of Array.from(this.#followed.keys())) this.#unfollow(hostId);
    this.#owned.dispose();
  }

  async #lend(hostId: string, want: TokenWant, options: Parameters<HostCredentials["lend"]>[2]) {
    try {
      return await this.#ports.credentials.lend(hostId, want, options);
    } finally {
      this.#changed.fire();
    }
  }

  #look(hostId: string): void {
    const connection = this.#ports.connections.get(hostId);
    if (connection === undefined) return;
    this.#follow(connection);
    // Whoever introduces itself anew is nobody to the host, and has given it nothing.
    if (connection.state.kind === "handshaking") this.#ports.credentials.noteFreshStart(hostId);
    if (connection.state.kind === "live") this.#lendAgain(hostId);
  }

  #follow({ host, client }: HostConnection): void {
    if (this.#followed.has(host.id)) return;
    const owned = new Disposables();
    this.#followed.set(host.id, { owned, announced: new Map() });
    owned.add(client.onDidRequireAuth((required) => this.#required(host.id, required)));
    let agents = client.root.state?.agents;
    owned.add(
      client.root.onDidChange(({ state }) => {
        if (state?.agents === agents) return;
        agents = state?.agents;
        this.#lendAgain(host.id);
        this.#changed.fire();
      }),
    );
  }

  #unfollow(hostId: string): void {
    this.#followed.get(hostId)?.owned.dispose();
    this.#followed.delete(hostId);
  }

  /** Only what the host asks for at present, and only what it was allowed. */
  #lendAgain(hostId: string, fits: (want: TokenWant) => boolean = () => true): void {
    const { connections, credentials } = this.#ports;
    const connection = connections.get(hostId);
    if (connection?.state.kind !== "live") return;
    const asked = needsOf(connection.client).flatMap(({ asked }) => {
      const want = credentials.wantOf(asked);
      return want.ok ? [{ want: want.value }] : [];
    });
    const announced = this.#followed.get(hostId)?.announced.values() ?? [];
    for (const { want } of distinct([...asked, ...announced])) {
      if (fits(want)) this.#quietly(credentials.lendAgain(hostId, want).then(() => this.#changed.fire()));
    }
  }

  /** The host says that it has nothing, or that what it has is worth nothing any more. */
  #required(hostId: string, required: AuthRequired): void {
    const { connections, credentials, logger } = this.#ports;
    const connection = connections.get(hostId);
    if (connection === undefined) return;
    const { agent, asked } = askedBy(needsOf(connection.client), required);
    const want = credentials.wantOf(asked);
    if (!want.ok) return logger.warn("a host asks for a sign-in that it can't have", { hostId, reason: want.error });
    this.#followed.get(hostId)?.announced.set(wantKey(want.value), { agent, want: want.value });
    this.#quietly(this.#giveOrTell(connection, agent, want.value));
  }

  async #giveOrTell({ host }: HostConnection, agent: string | undefined, want: TokenWant): Promise<void> {
    const { credentials, dialogs } = this.#ports;
    const isGiven = await credentials.lendAgain(host.id, want);
    if (!isGiven) credentials.noteRefused(host.id, want);
    this.#changed.fire();
    const key = `${host.id}|${wantKey(want)}`;
    if (isGiven || credentials.consents.isRefused(host, want) || this.#told.has(key)) return;
    this.#told.add(key);
    const yes = vscode.l10n.t("Sign In");
    const name = toLine(host.name, 60);
    const sentence =
      agent === undefined
        ? vscode.l10n.t('The host "{0}" asks for a sign-in to {1}.', name, want.server.host)
        : vscode.l10n.t('The host "{0}" asks for a sign-in to {1} for {2}.', name, want.server.host, toLine(agent, 60));
    if ((await dialogs.tell(sentence, yes)) === yes) {
      await this.signIn({ hostId: host.id, hostName: host.name, agent, want });
    }
  }

  #tellOnce(key: string, sentence: string): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#quietly(this.#ports.dialogs.tell(sentence));
  }

  #quietly(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      const code = AppError.is(error) ? error.code : "internal";
      this.#ports.logger.warn("a sign-in was not handed on", { code });
    });
  }
}

/** One for each thing that is wanted, the last that says so. */
function distinct<T extends { readonly want: TokenWant }>(needs: readonly T[]): readonly T[] {
  return Array.from(new Map(needs.map((need) => [wantKey(need.want), need])).values());
}

/** What the agents tell of a resource, with the scopes that are wanted of it at this moment. */
function askedBy(
  needs: readonly AgentNeed[],
  { resource, scopes }: AuthRequired,
): { agent?: string; asked: ProtectedResource } {
  const need = needs.find(({ asked }) => asked.resource === resource);
  const known = need?.asked ?? { resource };
  return { ...need, asked: scopes.length > 0 ? { ...known, scopes_supported: [...scopes] } : known };
}
