import { AppError } from "../../base/appError.ts";
import type { AgentTarget } from "../ids.ts";
import type { BranchPushPort, PushedBranch } from "./branchPush.ts";
import { checkGate, type Finding } from "./gate.ts";
import type { ConnectGitHub, GitHubPort, PullRequest } from "./gitHubPort.ts";
import { type GitHubRepository, type GitHubServer, resolveGitHubRepository } from "./gitHubServers.ts";
import type { SignInPort } from "./gitHubSignIn.ts";
import type { PullRequestDrafts } from "./pullRequestDrafts.ts";
import type { FormValues, PullRequestForm } from "./pullRequestForm.ts";
import type { PullRequests } from "./pullRequests.ts";
import { cleanTitle, finishBody, provenance, pullRequestBody, pullRequestTitle } from "./pullRequestText.ts";
import type { ShipSource } from "./shipSource.ts";
import type { ShippableAgent } from "./shippableAgent.ts";

/** What the gate asks the person. */
export interface GatePort {
  /** True to go on despite the warnings. */
  accept(findings: readonly Finding[]): Promise<boolean>;
  /** Says what stands in the way and offers to review; the pull request stops here. */
  explain(blocks: readonly Finding[], target: AgentTarget): Promise<void>;
}

export interface CreatePullRequestPorts {
  readonly source: ShipSource;
  /** The commit that this person was last shown. */
  readonly reviewed: { commitOf(target: AgentTarget): string | undefined };
  readonly servers: () => readonly GitHubServer[];
  readonly gate: GatePort;
  readonly form: PullRequestForm;
  readonly drafts: PullRequestDrafts;
  readonly signIn: SignInPort;
  readonly connectGitHub: ConnectGitHub;
  readonly push: BranchPushPort;
  readonly pullRequests: PullRequests;
  /** Shows that something goes on while `run` does; `report` says what. */
  readonly progress: <T>(title: string, run: (report: (text: string) => void) => Promise<T>) => Promise<T>;
}

export interface Shipped {
  readonly outcome: "created" | "found";
  readonly repository: GitHubRepository;
  readonly pullRequest: PullRequest;
}

/**
 *  read ─ gate ─ form ─ sign in ─ push ─ find ─ create
 *
 * Each step can fail without undoing the one before: a second run finds the branch pushed, or the pull request made.
 */
export class CreatePullRequestFlow {
  readonly #ports: CreatePullRequestPorts;
  readonly #running = new Set<string>();
  /** The last token that each server refused. */
  readonly #refusedTokens = new Map<string, string>();

  constructor(ports: CreatePullRequestPorts) {
    this.#ports = ports;
  }

  /** `undefined` if the person stopped, or was told what to do first. Rejects with an `AppError`. */
  async run(target: AgentTarget): Promise<Shipped | undefined> {
    const key = `${target.hostId}|${target.session}`;
    if (this.#running.has(key)) {
      throw new AppError("conflict", "A pull request of this agent is being created. Finish that form first.");
    }
    this.#running.add(key);
    try {
      return await this.#run(target);
    } finally {
      this.#running.delete(key);
    }
  }

  async #run(target: AgentTarget): Promise<Shipped | undefined> {
    const { drafts, form, gate, progress, pullRequests, reviewed, source } = this.#ports;
    const agent = await source.read(target);
    const repository = this.#repositoryOf(agent);
    const { branch } = agent;
    if (agent.files.length === 0 || branch === undefined) {
      throw new AppError("branch.empty", "The agent's branch holds no changes. Let it change something first.");
    }
    const commit = reviewed.commitOf(target);
    const findings = checkGate(agent, commit);
    const blocks = findings.filter((finding) => finding.severity === "block");
    if (blocks.length > 0 || commit === undefined) {
      await gate.explain(blocks, target);
      return undefined;
    }
    const warnings = findings.filter((finding) => finding.severity === "warn");
    if (warnings.length > 0 && !(await gate.accept(warnings))) return undefined;

    const prefilled = prefill(agent, commit, drafts.get(target));
    const heading = `${repository.owner}/${repository.repo} on ${repository.server.host}`;
    const values = await form.ask(prefilled, { agent, heading, findings }, (draft) => void drafts.keep(target, draft));
    if (values === undefined) return undefined;

    const shipped = await progress("Creating the pull request", async (report) => {
      const gitHub = await this.#signIn(repository.server);
      try {
        report("pushing the branch");
        const trailer = provenance(agent, commit);
        const request = { commit, branch, title: cleanTitle(values.title), body: trailer };
        const pushed = await this.#ports.push.push(target, request);
        report("asking GitHub");
        return await openOrFind(gitHub.port, repository, pushed, values, trailer);
      } catch (error) {
        if (AppError.is(error, "github.noSession")) this.#refusedTokens.set(repository.server.host, gitHub.token);
        throw error;
      }
    });
    await pullRequests.track(target, agent.repository, shipped.pullRequest);
    await drafts.discard(target);
    await form.close();
    return { ...shipped, repository };
  }

  #repositoryOf(agent: ShippableAgent): GitHubRepository {
    const resolved = resolveGitHubRepository(agent.repository, this.#ports.servers());
    if (resolved.ok) return resolved.value;
    throw new AppError(
      "github.notGitHub",
      "The agent's repository is not on a GitHub server that Muster knows. Add the server to the setting muster.github.servers.",
    );
  }

  async #signIn(server: GitHubServer): Promise<{ port: GitHubPort; token: string }> {
    const token = await this.#ports.signIn.token(server, this.#refusedTokens.get(server.host));
    return { port: await this.#ports.connectGitHub(server, token), token };
  }
}

function prefill(agent: ShippableAgent, commit: string, draft: Partial<FormValues>): FormValues {
  return {
    title: draft.title ?? pullRequestTitle(agent),
    baseBranch: draft.baseBranch ?? agent.baseBranch ?? "",
    body: draft.body ?? pullRequestBody(agent, commit),
    isDraft: true,
  };
}

/** One pull request for the branch, whoever made it and however often this runs. */
async function openOrFind(
  gitHub: GitHubPort,
  repository: GitHubRepository,
  pushed: PushedBranch,
  values: FormValues,
  trailer: string,
): Promise<Pick<Shipped, "outcome" | "pullRequest">> {
  const existing = await gitHub.findPullRequest(repository, pushed.branch);
  if (existing !== undefined) return { outcome: "found", pullRequest: existing };
  const baseBranch = values.baseBranch.trim() || (await gitHub.getRepository(repository)).defaultBranch;
  try {
    const pullRequest = await gitHub.createPullRequest(repository, {
      title: cleanTitle(values.title),
      body: finishBody(values.body, trailer),
      baseBranch,
      headBranch: pushed.branch,
      isDraft: values.isDraft,
    });
    return { outcome: "created", pullRequest };
  } catch (error) {
    const isDoubtful = AppError.is(error, "github.unreachable");
    if (!isDoubtful && !AppError.is(error, "conflict")) throw error;
    // The reply may be all that got lost, and somebody else may have been faster: the branch tells.
    const found = await findAfter(gitHub, repository, pushed.branch);
    if (found === undefined) throw error;
    return { outcome: isDoubtful ? "created" : "found", pullRequest: found };
  }
}

/** The failure before is the one to tell of, so a second failure is only the absence of an answer. */
async function findAfter(
  gitHub: GitHubPort,
  repository: GitHubRepository,
  branch: string,
): Promise<PullRequest | undefined> {
  try {
    return await gitHub.findPullRequest(repository, branch);
  } catch {
    return undefined;
  }
}
