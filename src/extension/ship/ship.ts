import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import type { ChangedFile } from "../fleet/changedFiles.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { keyOf } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import type { Attendance } from "../platform/attendance.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { confirmMessage } from "../platform/messageForm.ts";
import { sentenceOf } from "../platform/presentError.ts";
import type { Telemetry } from "../platform/telemetry.ts";
import type { HostCredentials } from "../signIn/hostCredentials.ts";
import { HostBranchPush } from "./branchPush.ts";
import { CreatePullRequestFlow, type Shipped } from "./createPullRequest.ts";
import { gateDialogs } from "./gateDialogs.ts";
import { Endings } from "./endings.ts";
import { type AttemptLimits, FixChecks } from "./fixChecks.ts";
import { GitHubApi } from "./gitHubApi.ts";
import { GitHubConnections } from "./gitHubConnections.ts";
import type { GitHubIssue } from "./gitHubPort.ts";
import { gitHubScopes, type GitHubServer, resolveGitHubRepository, safePageUrl, webOrigin } from "./gitHubServers.ts";
import type { SignInPort } from "./gitHubSignIn.ts";
import { OctokitGitHub } from "./octokitGitHub.ts";
import { OctokitPullRequests } from "./octokitPullRequests.ts";
import { OctokitStandings } from "./octokitStandings.ts";
import { registerPullRequestCommands, type ResolveShip } from "./pullRequestCommands.ts";
import { PullRequestDesk } from "./pullRequestDesk.ts";
import { PullRequestDrafts } from "./pullRequestDrafts.ts";
import { QuickPullRequestForm } from "./pullRequestForm.ts";
import { PullRequests } from "./pullRequests.ts";
import { PullRequestWatch } from "./pullRequestWatch.ts";
import { ReviewRounds } from "./reviewRounds.ts";
import { HostShipSource } from "./shipSource.ts";
import type { StatePort } from "../platform/statePort.ts";

export interface ShipPorts {
  readonly hosts: Pick<HostConnectionsView, "client" | "get">;
  readonly commands: Pick<CommandRegistry, "register">;
  readonly dialogs: Pick<Dialogs, "tell" | "confirm" | "choose" | "progress">;
  readonly telemetry: Pick<Telemetry, "send">;
  /** Survives reloads; `context.globalState`, since agents belong to no folder. */
  readonly state: StatePort;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The setting `muster.github.servers`. */
  readonly servers: () => readonly GitHubServer[];
  /** `muster/<version>`. */
  readonly userAgent: string;
  readonly resolveAgent: ResolveShip;
  readonly fleet: Pick<Fleet, "agents" | "get" | "decorate" | "archive" | "send">;
  /** Whether somebody looks at what pull requests' states are shown in. */
  readonly seen: Attendance;
  /** The settings `muster.pullRequests.*`. */
  readonly archivesOnMerge: () => boolean;
  readonly fixLimits: () => AttemptLimits;
  /** Puts an agent's branch on its base as it is. */
  readonly updateFromBase: (target: AgentTarget) => Promise<void>;
  /** Which commit the person was last shown, and how to show the present one. */
  readonly reviewed: { commitOf(target: AgentTarget): string | undefined };
  readonly review: (target: AgentTarget) => Promise<void>;
  /** Both sides of a changed file, as text. */
  readonly readSides: (target: AgentTarget, file: ChangedFile) => Promise<{ before: string; after: string }>;
  readonly signIn: SignInPort;
  readonly credentials: HostCredentials;
}

/** Pull requests of agents' branches: `muster.agent.createPullRequest`, `muster.agent.showPullRequest`, and their state. */
export class Ship implements Disposable {
  readonly #ports: ShipPorts;
  readonly #connections: GitHubConnections;
  readonly #flow: CreatePullRequestFlow;
  readonly #owned = new Disposables();
  readonly #pullRequests: PullRequests;
  readonly #watch: PullRequestWatch;
  readonly #endings: Endings;

  constructor(ports: ShipPorts) {
    this.#ports = ports;
    const { clock, fleet, signIn } = ports;
    this.#connections = new GitHubConnections({
      signIn,
      connect: (server, token, onRefused) => GitHubApi.connect({ ...ports, server, token, onRefused }),
    });
    this.#pullRequests = new PullRequests(ports.state, (key, facts) => fleet.decorate(key, facts));
    this.#watch = this.#owned.add(this.#newWatch());
    const source = new HostShipSource(ports.hosts, (target) => fleet.get(keyOf(target)), clock);
    this.#flow = new CreatePullRequestFlow({
      source,
      readSides: ports.readSides,
      reviewed: ports.reviewed,
      servers: ports.servers,
      gate: gateDialogs(ports),
      form: new QuickPullRequestForm(),
      drafts: new PullRequestDrafts(ports.state),
      gitHub: async (server) => new OctokitGitHub(await this.#connections.open(server)),
      push: new HostBranchPush(ports.hosts, ports.credentials),
      pullRequests: this.#pullRequests,
      progress: (title, run) => ports.dialogs.progress(title, run),
      t: vscode.l10n.t,
    });
    const desk = new PullRequestDesk({
      fleet,
      pullRequests: this.#pullRequests,
      servers: ports.servers,
      connect: async ({ repository }) => {
        const { host } = repository.server;
        const detail = vscode.l10n.t("Muster reads and changes the pull request on {0} in your name.", host);
        const api = await this.#connections.open(repository.server, { scopes: gitHubScopes, detail });
        return new OctokitPullRequests(api, repository);
      },
      lookSoon: () => this.#watch.lookSoon(),
    });
    const { dialogs } = ports;
    const parts = { desk, pullRequests: this.#pullRequests, fleet, dialogs, confirmMessage };
    const showPage = (target: AgentTarget) => this.show(target);
    this.#endings = new Endings({ ...parts, archivesOnMerge: ports.archivesOnMerge });
    this.#owned.add(
      registerPullRequestCommands({
        commands: ports.commands,
        resolveAgent: ports.resolveAgent,
        create: (target) => this.create(target),
        show: showPage,
        fixChecks: new FixChecks({
          ...parts,
          limits: ports.fixLimits,
          showPage,
          updateFromBase: ports.updateFromBase,
          isBehind: async (target) => ((await source.readBase(target))?.behind ?? 0) > 0,
        }),
        rounds: new ReviewRounds(parts),
        endings: this.#endings,
      }),
    );
  }

  #newWatch(): PullRequestWatch {
    const { clock, fleet, logger, seen, servers } = this.#ports;
    const readers = new WeakMap<GitHubApi, OctokitStandings>();
    return new PullRequestWatch({
      agents: () => fleet.agents.values(),
      pullRequests: this.#pullRequests,
      servers,
      reader: async (server) => {
        const api = await this.#connections.openSilently(server);
        if (api === undefined) return undefined;
        const reader = readers.get(api) ?? new OctokitStandings(api);
        readers.set(api, reader);
        return reader;
      },
      seen,
      merged: (target) => this.#endings.merged(target),
      clock,
      random: Math.random,
      logger,
    });
  }

  /** The whole way from the gate to the pull request. Resolves when it exists, or when the person stopped. */
  async create(target: AgentTarget): Promise<void> {
    let shipped: Shipped | undefined;
    try {
      shipped = await this.#flow.run(target);
    } catch (error) {
      this.#ports.telemetry.send("pullRequest.created", { outcome: "failed" });
      throw error;
    }
    if (shipped === undefined) return;
    this.#ports.telemetry.send("pullRequest.created", { outcome: shipped.outcome });
    this.#watch.lookSoon();
    // Not awaited: the notification may stay for as long as the person likes.
    void this.#tell(shipped);
  }

  async #tell({ outcome, pullRequest, repository, unfinished }: Shipped): Promise<void> {
    const place = [pullRequest.number, `${repository.owner}/${repository.repo}`, repository.server.host] as const;
    const sentence =
      outcome === "found"
        ? vscode.l10n.t("Updated pull request #{0} in {1} on {2}: the branch had one already.", ...place)
        : pullRequest.state === "draft"
          ? vscode.l10n.t("Created draft pull request #{0} in {1} on {2}.", ...place)
          : vscode.l10n.t("Created pull request #{0} in {1} on {2}.", ...place);
    const rest =
      unfinished &&
      vscode.l10n.t("Not all of it is there: {0} Add the rest on its page.", sentenceOf(unfinished, vscode.l10n.t));
    const open = vscode.l10n.t("Open Pull Request");
    const told = rest === undefined ? sentence : `${sentence} ${rest}`;
    const chosen = await this.#ports.dialogs.tell(told, open);
    if (chosen === open) await openPage(repository.server, pullRequest.url);
  }

  /** Opens the page of the agent's pull request. */
  async show(target: AgentTarget): Promise<void> {
    const tracked = this.#pullRequests.get(target);
    if (tracked === undefined) return this.#showListed(target);
    const repository = resolveGitHubRepository(tracked.repository, this.#ports.servers());
    if (!repository.ok) {
      throw new AppError(
        "github.notGitHub",
        "Its GitHub server is not in the setting muster.github.servers any more. Add it again.",
      );
    }
    await openPage(repository.value.server, tracked.url);
    this.#watch.lookSoon();
  }

  /** A link that a host tells is opened only on a server that this person's settings name. */
  async #showListed(target: AgentTarget): Promise<void> {
    const url = this.#ports.fleet.get(keyOf(target))?.pullRequest?.url;
    if (url === undefined) {
      throw new AppError("notFound", "This agent has no pull request that Muster knows of. Create one first.");
    }
    const server = this.#ports.servers().find((candidate) => safePageUrl(candidate, url) !== undefined);
    if (server === undefined) {
      throw new AppError(
        "github.notGitHub",
        "Its pull request is on a server that is not in the setting muster.github.servers. Add the server to open it.",
      );
    }
    await openPage(server, url);
  }

  /** An issue of a repository, as its page shows it. Asks the person to sign in if need be. */
  async readIssue(repositoryUrl: string, number: number): Promise<GitHubIssue & { readonly repository: string }> {
    const resolved = resolveGitHubRepository(repositoryUrl, this.#ports.servers());
    if (!resolved.ok) {
      throw new AppError(
        "github.notGitHub",
        "That repository is not on a GitHub server of the setting muster.github.servers. Add the server, or paste the issue's text.",
      );
    }
    const { server, owner, repo } = resolved.value;
    const detail = vscode.l10n.t("Muster reads issue #{0} on {1} in your name.", number, server.host);
    const use = { scopes: gitHubScopes, detail };
    const gitHub = new OctokitGitHub(await this.#connections.open(server, use));
    const issue = await gitHub.getIssue(resolved.value, number).catch((error: unknown) => {
      if (!AppError.is(error) || error.details["status"] !== 404) throw error;
      const sentence = "{0} has no issue #{1} that your account may see. Check the number and the repository.";
      throw new AppError("notFound", sentence, { cause: error, values: [`${owner}/${repo}`, number] });
    });
    // What is quoted to an agent names no place but the one that was asked for.
    const url = safePageUrl(server, issue.url) ?? `${webOrigin(server)}/${owner}/${repo}/issues/${number}`;
    return { ...issue, url, repository: `${owner}/${repo}` };
  }

  /** Asks GitHub at once what became of the pull requests, where the person is signed in. */
  refresh(): Promise<void> {
    return this.#watch.refresh();
  }

  dispose(): void {
    this.#owned.dispose();
  }
}

/** Opens a page of that very server and nothing else. */
async function openPage(server: GitHubServer, link: string): Promise<void> {
  const url = safePageUrl(server, link);
  if (url === undefined) {
    const sentence = "The pull request's address is not on {0}, so it was not opened.";
    throw new AppError("github.refused", sentence, { values: [server.host] });
  }
  await vscode.env.openExternal(vscode.Uri.parse(url, true));
}
