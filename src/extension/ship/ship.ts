import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import type { FleetAgent, FleetPullRequest } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import type { Telemetry } from "../platform/telemetry.ts";
import type { HostCredentials } from "../signIn/hostCredentials.ts";
import { HostBranchPush } from "./branchPush.ts";
import { CreatePullRequestFlow, type GatePort, type Shipped } from "./createPullRequest.ts";
import type { Finding } from "./gate.ts";
import type { ConnectGitHub, GitHubIssue } from "./gitHubPort.ts";
import { gitHubScopes, type GitHubServer, resolveGitHubRepository, safePageUrl, webOrigin } from "./gitHubServers.ts";
import type { SignInPort } from "./gitHubSignIn.ts";
import { OctokitGitHub } from "./octokitGitHub.ts";
import { PullRequestDrafts } from "./pullRequestDrafts.ts";
import { QuickPullRequestForm } from "./pullRequestForm.ts";
import { type Decorate, PullRequests, type TrackedPullRequest } from "./pullRequests.ts";
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
  /** The agent that a command was meant for: its argument, else the active panel's, else the person is asked. */
  readonly resolveAgent: (
    target: AgentTarget | undefined,
    fits: (agent: Pick<FleetAgent, "canShip" | "pullRequest">) => boolean,
  ) => Promise<AgentTarget | undefined>;
  /** The pull request that the agent's row shows: its host may know of one that was not created here. */
  readonly listed: (target: AgentTarget) => FleetPullRequest | undefined;
  /** The agent's whole title, as its host has it: it becomes the pull request's. */
  readonly titleOf: (target: AgentTarget) => string;
  /** Which commit the person was last shown, and how to show the present one. */
  readonly reviewed: { commitOf(target: AgentTarget): string | undefined };
  readonly review: (target: AgentTarget) => Promise<void>;
  /** The fleet model's. */
  readonly decorate: Decorate;
  readonly signIn: SignInPort;
  readonly credentials: HostCredentials;
}

/** Pull requests of agents' branches: `muster.agent.createPullRequest`, `muster.agent.showPullRequest`, and their state. */
export class Ship implements Disposable {
  readonly #ports: ShipPorts;
  readonly #signIn: SignInPort;
  readonly #flow: CreatePullRequestFlow;
  readonly #owned = new Disposables();
  readonly pullRequests: PullRequests;

  constructor(ports: ShipPorts) {
    this.#ports = ports;
    this.#signIn = ports.signIn;
    this.pullRequests = new PullRequests(ports.state, ports.decorate);
    this.#flow = new CreatePullRequestFlow({
      source: new HostShipSource(ports.hosts, ports.titleOf, ports.clock),
      reviewed: ports.reviewed,
      servers: ports.servers,
      gate: this.#gate(),
      form: new QuickPullRequestForm(),
      drafts: new PullRequestDrafts(ports.state),
      signIn: this.#signIn,
      connectGitHub: this.#connectGitHub,
      push: new HostBranchPush(ports.hosts, ports.credentials),
      pullRequests: this.pullRequests,
      progress: (title, run) => ports.dialogs.progress(title, run),
    });
    const { commands } = ports;
    this.#owned.add(
      commands.register("muster.agent.createPullRequest", "create the pull request", async (target) => {
        const agent = await ports.resolveAgent(target, ({ canShip }) => canShip);
        if (agent !== undefined) await this.create(agent);
      }),
    );
    this.#owned.add(
      commands.register("muster.agent.showPullRequest", "open the pull request", async (target) => {
        const agent = await ports.resolveAgent(target, ({ pullRequest }) => pullRequest !== undefined);
        if (agent !== undefined) await this.show(agent);
      }),
    );
  }

  readonly #connectGitHub: ConnectGitHub = (server, token) => OctokitGitHub.connect({ ...this.#ports, server, token });

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
    // Not awaited: the notification may stay for as long as the person likes.
    void this.#tell(shipped);
  }

  async #tell({ outcome, pullRequest, repository }: Shipped): Promise<void> {
    const kind = pullRequest.state === "draft" ? "draft pull request" : "pull request";
    const place = `${repository.owner}/${repository.repo} on ${repository.server.host}`;
    const sentence =
      outcome === "created"
        ? `Created ${kind} #${pullRequest.number} in ${place}.`
        : `Updated ${kind} #${pullRequest.number} in ${place}: the branch had one already.`;
    const open = "Open Pull Request";
    if ((await this.#ports.dialogs.tell(sentence, open)) === open) await openPage(repository.server, pullRequest.url);
  }

  /** Opens the page of the agent's pull request. */
  async show(target: AgentTarget): Promise<void> {
    const tracked = this.pullRequests.get(target);
    if (tracked === undefined) return this.#showListed(target);
    const repository = resolveGitHubRepository(tracked.repository, this.#ports.servers());
    if (!repository.ok) {
      throw new AppError(
        "github.notGitHub",
        "Its GitHub server is not in the setting muster.github.servers any more. Add it again.",
      );
    }
    await openPage(repository.value.server, tracked.url);
    await this.#refresh(tracked);
  }

  /** A link that a host tells is opened only on a server that this person's settings name. */
  async #showListed(target: AgentTarget): Promise<void> {
    const url = this.#ports.listed(target)?.url;
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
    const use = { scopes: gitHubScopes, detail: `Muster reads issue #${number} on ${server.host} in your name.` };
    const token = await this.#signIn.token(server, undefined, use);
    const gitHub = await this.#connectGitHub(server, token);
    const issue = await gitHub.getIssue(resolved.value, number).catch((error: unknown) => {
      if (!AppError.is(error) || error.details["status"] !== 404) throw error;
      const sentence = `${owner}/${repo} has no issue #${number} that your account may see. Check the number and the repository.`;
      throw new AppError("notFound", sentence, { cause: error });
    });
    // What is quoted to an agent names no place but the one that was asked for.
    const url = safePageUrl(server, issue.url) ?? `${webOrigin(server)}/${owner}/${repo}/issues/${number}`;
    return { ...issue, url, repository: `${owner}/${repo}` };
  }

  /** Asks GitHub what became of the pull requests that were open, for servers where the person is signed in. Asks no one to sign in. */
  async refresh(): Promise<void> {
    for (const tracked of this.pullRequests.all()) {
      if (tracked.state === "open" || tracked.state === "draft") await this.#refresh(tracked);
    }
  }

  async #refresh(tracked: TrackedPullRequest): Promise<void> {
    const repository = resolveGitHubRepository(tracked.repository, this.#ports.servers());
    if (!repository.ok) return;
    try {
      const token = await this.#signIn.silentToken(repository.value.server);
      if (token === undefined) return;
      const gitHub = await this.#connectGitHub(repository.value.server, token);
      const pull = await gitHub.getPullRequest(repository.value, tracked.number);
      await this.pullRequests.track(tracked, tracked.repository, pull);
    } catch (error) {
      // The row keeps what was known; nobody asked for this at that moment.
      this.#ports.logger.warn("pull request state not refreshed", {
        code: AppError.is(error) ? error.code : "internal",
      });
    }
  }

  #gate(): GatePort {
    const { dialogs, review } = this.#ports;
    return {
      accept: (findings) => dialogs.confirm("Ship these changes?", sentences(findings), "Continue"),
      async explain(blocks, target) {
        const action = "Review Changes";
        const chosen = await dialogs.choose("The pull request can't be created yet", sentences(blocks), [action]);
        if (chosen === action) await review(target);
      },
    };
  }

  dispose(): void {
    this.#owned.dispose();
  }
}

function sentences(findings: readonly Finding[]): string {
  return findings.map((finding) => finding.sentence).join("\n");
}

/** Opens a page of that very server and nothing else. */
async function openPage(server: GitHubServer, link: string): Promise<void> {
  const url = safePageUrl(server, link);
  if (url === undefined) {
    throw new AppError("github.refused", `The pull request's address is not on ${server.host}, so it was not opened.`);
  }
  await vscode.env.openExternal(vscode.Uri.parse(url, true));
}
