import { AppError } from "../../base/appError.ts";
import { type Translate, untranslated } from "../../base/l10n.ts";
import type { ChangedFile } from "../fleet/changedFiles.ts";
import type { AgentTarget } from "../ids.ts";
import type { BranchPushPort, PushedBranch, PushRequest } from "./branchPush.ts";
import { scanChanges } from "./changeScan.ts";
import { checkGate, type Finding } from "./gate.ts";
import type { GitHubPort, PullRequest, PullRequestExtras } from "./gitHubPort.ts";
import { type GitHubRepository, type GitHubServer, repositoryUrl, resolveGitHubRepository } from "./gitHubServers.ts";
import { issueReferences } from "./linkedIssues.ts";
import type { FormDraft, PullRequestDrafts } from "./pullRequestDrafts.ts";
import type { FormValues, PullRequestBase, PullRequestForm } from "./pullRequestForm.ts";
import type { PullRequests, Push } from "./pullRequests.ts";
import {
  cleanTitle,
  finishBody,
  hasProvenance,
  provenance,
  pullRequestBody,
  pullRequestTitle,
} from "./pullRequestText.ts";
import type { ShipSource } from "./shipSource.ts";
import type { ShippableAgent } from "./shippableAgent.ts";

/** What the gate asks the person. */
export interface GatePort {
  /** True to go on despite the warnings. False also if it was seen to one of them instead. */
  accept(findings: readonly Finding[], target: AgentTarget): Promise<boolean>;
  /** Asks about what looks like a secret. True if the person says that it is none; otherwise it offers to review. */
  acquit(secrets: readonly Finding[], target: AgentTarget): Promise<boolean>;
  /** Says what stands in the way and offers to review; the pull request stops here. */
  explain(blocks: readonly Finding[], target: AgentTarget): Promise<void>;
  /** Puts the branch on its base as it is at present. What comes of that is to be reviewed first. */
  updateFromBase(target: AgentTarget): Promise<void>;
  /** The branch was deleted on the server. True to make it again. */
  recreate(branch: string): Promise<boolean>;
}

export interface CreatePullRequestPorts {
  readonly source: ShipSource;
  /** The commit that this person was last shown. */
  readonly reviewed: { commitOf(target: AgentTarget): string | undefined };
  /** Both sides of a changed file, as text. */
  readonly readSides: (target: AgentTarget, file: ChangedFile) => Promise<{ before: string; after: string }>;
  readonly servers: () => readonly GitHubServer[];
  readonly gate: GatePort;
  readonly form: PullRequestForm;
  readonly drafts: PullRequestDrafts;
  /** Asks the person to sign in if need be. */
  readonly gitHub: (server: GitHubServer) => Promise<GitHubPort>;
  readonly push: BranchPushPort;
  readonly pullRequests: PullRequests;
  /** Shows that something goes on while `run` does; `report` says what. */
  readonly progress: <T>(title: string, run: (report: (text: string) => void) => Promise<T>) => Promise<T>;
  /** For what people read. Default: as it is. */
  readonly t?: Translate;
}

export interface Shipped {
  /** `found`: the branch had one, which has the reviewed commit. */
  readonly outcome: "created" | "found";
  readonly repository: GitHubRepository;
  readonly pullRequest: PullRequest;
  readonly push: Push;
  /** The pull request is there, and this of it is not as it was wanted. */
  readonly unfinished: AppError | undefined;
}

/** What GitHub knows before a form is filled in. */
interface Ground {
  readonly gitHub: GitHubPort;
  /** Where it may go; the first is what is usual. */
  readonly bases: readonly PullRequestBase[];
  readonly existing: { readonly repository: GitHubRepository; readonly pull: PullRequest } | undefined;
  readonly template: string | undefined;
}

/**
 *  read ─ gate ─ sign in ─ look ─┬─ form ─ push ─ create ─ extras
 *                                └─ push to the one that there is
 *
 * Each step can fail without undoing the one before: a second run finds the branch pushed, or the pull request made.
 */
export class CreatePullRequestFlow {
  readonly #ports: CreatePullRequestPorts;
  readonly #t: Translate;
  readonly #running = new Set<string>();

  constructor(ports: CreatePullRequestPorts) {
    this.#ports = ports;
    this.#t = ports.t ?? untranslated;
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
    const { drafts, form, gate, progress, pullRequests, readSides, reviewed, source } = this.#ports;
    const agent = await source.read(target);
    const repository = this.#repositoryOf(agent);
    const { branch } = agent;
    if (agent.files.length === 0 || branch === undefined) {
      throw new AppError("branch.empty", "The agent's branch holds no changes. Let it change something first.");
    }
    const commit = reviewed.commitOf(target);
    const t = this.#t;
    const findings = [...checkGate(agent, commit, t)];
    const blocks = findings.filter((finding) => finding.severity === "block");
    if (blocks.length > 0 || commit === undefined) {
      await gate.explain(blocks, target);
      return undefined;
    }
    const scanned = await progress(t("Looking through the changes"), () =>
      scanChanges(agent.files, (file) => readSides(target, file), t),
    );
    const suspect = scanned.filter(({ severity }) => severity === "block");
    if (suspect.length > 0 && !(await gate.acquit(suspect, target))) return undefined;
    findings.push(...scanned);
    const warnings = findings.filter((finding) => finding.severity === "warn");
    if (warnings.length > 0 && !(await gate.accept(warnings, target))) return undefined;

    const ground = await progress(t("Asking GitHub"), () => this.#look(repository, branch));
    const trailer = provenance(agent, commit);
    const push = { commit, branch, body: trailer };
    const shipped =
      ground.existing === undefined
        ? await this.#create(agent, repository, ground, { ...push, findings })
        : await this.#update(agent, ground.gitHub, ground.existing, push);
    if (shipped === undefined) return undefined;
    await pullRequests.track(target, repositoryUrl(shipped.repository), shipped.pullRequest, shipped.push);
    await drafts.discard(target);
    await form.close();
    return shipped;
  }

  /** Asks the person to sign in, and GitHub what is there. */
  async #look(own: GitHubRepository, branch: string): Promise<Ground> {
    const gitHub = await this.#ports.gitHub(own.server);
    const { parent, defaultBranch, isArchived } = await gitHub.getRepository(own);
    if (isArchived) {
      const sentence = "{0} is archived, so it takes no pull requests. Its owner can unarchive it.";
      throw new AppError("github.refused", sentence, { values: [`${own.owner}/${own.repo}`] });
    }
    const fork = { repository: own, defaultBranch, head: branch };
    const upstream = parent && {
      repository: { server: own.server, owner: parent.owner, repo: parent.repo },
      defaultBranch: parent.defaultBranch,
      head: `${own.owner}:${branch}`,
    };
    const bases = upstream === undefined ? [fork] : [upstream, fork];
    const [pulls, template] = await Promise.all([
      Promise.all(bases.map(({ repository, head }) => gitHub.findPullRequest(repository, head))),
      gitHub.getTemplate((upstream ?? fork).repository, (upstream ?? fork).defaultBranch).catch(orNone),
    ]);
    const existing = bases.flatMap(({ repository }, index) => {
      const pull = pulls[index];
      return pull === undefined ? [] : [{ repository, pull }];
    })[0];
    return { gitHub, bases, existing, template };
  }

  async #create(
    agent: ShippableAgent,
    own: GitHubRepository,
    { gitHub, bases, template }: Ground,
    { body: trailer, findings, ...push }: Omit<PushRequest, "title"> & { readonly findings: readonly Finding[] },
  ): Promise<Shipped | undefined> {
    const { drafts, form, progress, pullRequests } = this.#ports;
    const { target } = agent;
    const known = pullRequests.get(target);
    const t = this.#t;
    const [usual = { repository: own, defaultBranch: "", head: push.branch }] = bases;
    const prefilled = prefill(agent, push.commit, drafts.get(target), usual, template);
    const context = {
      agent,
      bases,
      findings: known === undefined ? findings : [...findings, closedBefore(known.number, t)],
      issues: issueReferences(`${agent.title}\n${agent.prompt ?? ""}`, usual.repository),
      choices: (repository: GitHubRepository) => gitHub.getExtraChoices(repository),
      updateFromBase: () => this.#ports.gate.updateFromBase(target),
    };
    const values = await form.ask(prefilled, context, (draft) => void drafts.keep(target, draft));
    if (values === undefined) return undefined;
    const { repository } = values.base;
    return progress(t("Creating the pull request"), async (report) => {
      report(t("pushing the branch"));
      const pushed = await this.#push(target, { ...push, title: cleanTitle(values.title), body: trailer });
      report(t("asking GitHub"));
      const head = values.base.head === push.branch ? pushed.branch : values.base.head;
      const made = await openOrFind(gitHub, values, head, trailer);
      requireReviewed(made, pushed);
      report(t("adding reviewers and labels"));
      const failed = await failureOf(gitHub.addExtras(repository, made.pullRequest.number, values.extras));
      return { ...made, repository, push: toPush(push.commit, pushed), unfinished: failed };
    });
  }

  /** Pushes to the one that there is. Its words are whoever's wrote them; only the provenance of ours goes along. */
  async #update(
    agent: ShippableAgent,
    gitHub: GitHubPort,
    { repository, pull }: { readonly repository: GitHubRepository; readonly pull: PullRequest },
    push: Omit<PushRequest, "title">,
  ): Promise<Shipped> {
    return this.#ports.progress(this.#t("Updating pull request #{0}", pull.number), async () => {
      const pushed = await this.#push(agent.target, { ...push, title: cleanTitle(pull.title) });
      const unfinished = hasProvenance(pull.body)
        ? await failureOf(gitHub.setBody(repository, pull.number, finishBody(pull.body, push.body)))
        : undefined;
      return { outcome: "found", repository, pullRequest: pull, push: toPush(push.commit, pushed), unfinished };
    });
  }

  /** A branch that was deleted is not there again without the person's word. */
  async #push(target: AgentTarget, request: PushRequest): Promise<PushedBranch> {
    const { gate, push } = this.#ports;
    try {
      return await push.push(target, request);
    } catch (error) {
      if (!AppError.is(error, "push.refused") || error.details["isBranchDeleted"] !== true) throw error;
      if (await gate.recreate(request.branch)) return push.push(target, { ...request, recreates: true });
      throw new AppError("cancelled", "The branch was not made again. Nothing was pushed.", { cause: error });
    }
  }

  #repositoryOf(agent: ShippableAgent): GitHubRepository {
    const resolved = resolveGitHubRepository(agent.repository, this.#ports.servers());
    if (resolved.ok) return resolved.value;
    throw new AppError(
      "github.notGitHub",
      "The agent's repository is not on a GitHub server that Muster knows. Add the server to the setting muster.github.servers.",
    );
  }
}

/** The branch's pull request from before is not open any more, or it would have been found. */
function closedBefore(number: number, t: Translate): Finding {
  const sentence = t("The branch had pull request #{0}, which is not open any more. This makes another one.", number);
  return { kind: "closedBefore", severity: "note", sentence };
}

function prefill(
  agent: ShippableAgent,
  commit: string,
  draft: FormDraft,
  base: PullRequestBase,
  template: string | undefined,
): FormValues {
  return {
    title: draft.title ?? pullRequestTitle(agent),
    base,
    baseBranch: draft.baseBranch ?? agent.baseBranch ?? base.defaultBranch,
    body: draft.body ?? pullRequestBody(agent, commit, template),
    isDraft: true,
    extras: { ...noExtras, ...draft.extras },
    closes: draft.closes ?? [],
  };
}

function toPush(shipped: string, { commit }: PushedBranch): Push {
  return { shipped, ...(commit !== undefined && { pushed: commit }) };
}

const noExtras: PullRequestExtras = { reviewers: [], assignees: [], labels: [], milestone: undefined };

/** GitHub makes it of what the branch is at that moment, which nobody can pin: somebody else may have pushed to it. */
function requireReviewed(
  { outcome, pullRequest }: Pick<Shipped, "outcome" | "pullRequest">,
  { commit }: PushedBranch,
): void {
  if (outcome !== "created" || commit === undefined || pullRequest.headCommit === commit) return;
  throw new AppError(
    "branch.moved",
    "Pull request #{0} is there, but its branch holds what you have not reviewed: somebody else has pushed to it. Look at it on its page, and close it if it is not yours.",
    { values: [pullRequest.number] },
  );
}

/** One pull request for the branch, whoever made it and however often this runs. */
async function openOrFind(
  gitHub: GitHubPort,
  values: FormValues,
  headBranch: string,
  trailer: string,
): Promise<Pick<Shipped, "outcome" | "pullRequest">> {
  const { repository, defaultBranch } = values.base;
  try {
    const pullRequest = await gitHub.createPullRequest(repository, {
      title: cleanTitle(values.title),
      body: finishBody(values.body, trailer, values.closes),
      baseBranch: values.baseBranch.trim() || defaultBranch,
      headBranch,
      isDraft: values.isDraft,
    });
    return { outcome: "created", pullRequest };
  } catch (error) {
    const isDoubtful = AppError.is(error, "github.unreachable");
    if (!isDoubtful && !AppError.is(error, "conflict")) throw error;
    // The reply may be all that got lost, and somebody else may have been faster: the branch tells.
    const found = await findAfter(gitHub, repository, headBranch);
    if (found === undefined) throw error;
    return { outcome: isDoubtful ? "created" : "found", pullRequest: found };
  }
}

/** Without a template there is a description all the same. */
function orNone(error: unknown): undefined {
  if (!AppError.is(error, "github.refused")) throw error;
}

/** What is done after the pull request is there takes nothing away from it. */
async function failureOf(work: Promise<void>): Promise<AppError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return AppError.from(error, "GitHub did not take all of it");
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
