import { AppError, type ErrorCode } from "../../../../src/base/appError.ts";
import type { FleetPullRequest } from "../../../../src/extension/fleet/fleetAgent.ts";
import {
  CreatePullRequestFlow,
  type CreatePullRequestPorts,
} from "../../../../src/extension/ship/createPullRequest.ts";
import type {
  CreatePullRequest,
  GitHubPort,
  PullRequest,
  RepositoryFacts,
} from "../../../../src/extension/ship/gitHubPort.ts";
import { defaultGitHubServer } from "../../../../src/extension/ship/gitHubServers.ts";
import { PullRequestDrafts } from "../../../../src/extension/ship/pullRequestDrafts.ts";
import type { FormValues } from "../../../../src/extension/ship/pullRequestForm.ts";
import { PullRequests } from "../../../../src/extension/ship/pullRequests.ts";
import { aPull } from "./aPull.ts";
import { anAgent, reviewedCommit } from "./anAgent.ts";
import { FakeMemento } from "./memento.ts";

/** What the host makes of the reviewed commit when it pushes it. */
const pushedCommit = "f".repeat(40);

/** A person, a host and GitHub, all agreeable; each test spoils one thing. */
export class ShipWorld {
  readonly steps: string[] = [];
  readonly state = new FakeMemento();
  readonly shown = new Map<string, FleetPullRequest | undefined>();
  readonly created: CreatePullRequest[] = [];
  readonly pushedTitles: string[] = [];
  agent = anAgent();
  reviewed: string | undefined = reviewedCommit;
  accepts = true;
  form: ((values: FormValues) => FormValues | undefined) | undefined;
  existing: PullRequest | undefined;
  /** Thrown once by the step of that name. */
  failures = new Map<string, ErrorCode>();
  /** The reply to `create` is lost after GitHub acted on it. */
  isReplyLost = false;
  /** The branch that was pushed before. */
  isBranchDeleted = false;
  /** What the form told of. */
  findings: readonly string[] = [];
  beforeCreate: () => void = () => undefined;
  /** Something happens elsewhere, right before the step of that name. */
  meanwhile: (step: string) => void = () => undefined;
  /** The window ends right after GitHub has made the pull request, before it hears of it. */
  isGone = false;
  /** What the branch is on GitHub. */
  onGitHub: string | undefined;
  readonly drafts = new PullRequestDrafts(this.state);
  readonly pullRequests = new PullRequests(this.state, (key, { pullRequest }) => this.shown.set(key, pullRequest));
  readonly bodies: string[] = [];
  isArchived = false;
  after = "new";
  template: string | undefined;
  parent: RepositoryFacts["parent"];

  #step(name: string): void {
    this.meanwhile(name.split(" ")[0] ?? "");
    this.steps.push(name);
    const code = this.failures.get(name);
    if (code === undefined) return;
    this.failures.delete(name);
    throw new AppError(code, `${name} failed`);
  }

  readonly #gitHub: GitHubPort = {
    getRepository: async () => {
      this.#step("repository");
      const { parent, isArchived } = this;
      return { defaultBranch: "trunk", isArchived, canPush: true, parent, mergeMethods: ["squash"] };
    },
    findPullRequest: async ({ owner }, head) => {
      this.#step(owner === "o" ? "find" : `find ${head} in ${owner}`);
      return this.existing;
    },
    getTemplate: async () => this.template,
    getExtraChoices: async () => ({ people: [], labels: [], milestones: [] }),
    setBody: async (_repository, _number, body) => {
      this.#step("body");
      this.bodies.push(body);
    },
    addExtras: async (_repository, _number, extras) => {
      if (extras.labels.length > 0) this.#step(`extras ${extras.labels.join()}`);
    },
    getPullRequest: async () => aPull(),
    getIssue: async (_repository, number) => ({ number, title: "An issue", body: "", url: "" }),
    createPullRequest: async (_repository, request) => {
      this.beforeCreate();
      this.#step("create");
      this.created.push(request);
      const headCommit = this.onGitHub ?? pushedCommit;
      this.existing = aPull({ state: request.isDraft ? "draft" : "open", headCommit });
      if (this.isGone) return new Promise(() => undefined);
      if (this.isReplyLost) throw new AppError("github.unreachable", "no reply");
      return this.existing;
    },
  };

  readonly flow = new CreatePullRequestFlow({
    source: {
      read: async () => {
        this.meanwhile("read");
        return this.agent;
      },
    },
    reviewed: { commitOf: () => this.reviewed },
    servers: () => [defaultGitHubServer],
    readSides: async () => ({ before: "old", after: this.after }),
    gate: {
      accept: async (findings) => {
        this.steps.push(`warn ${findings.map(({ kind }) => kind).join()}`);
        return this.accepts;
      },
      acquit: async (secrets) => {
        this.steps.push(`secret ${secrets[0]?.sentence}`);
        return this.accepts;
      },
      explain: async (blocks) => {
        this.steps.push(`block ${blocks.map(({ kind }) => kind).join()}`);
      },
      updateFromBase: async () => void this.steps.push("update"),
      recreate: async (branch) => {
        this.steps.push(`deleted ${branch}`);
        return this.accepts;
      },
    },
    form: {
      ask: async (values, { findings }, keep) => {
        this.#step("form");
        this.findings = findings.map(({ sentence }) => sentence);
        if (this.form === undefined) return values;
        const typed = this.form(values);
        keep({ title: typed?.title ?? "half a tit" });
        return typed;
      },
      close: async () => {
        this.steps.push("close");
      },
    },
    drafts: this.drafts,
    gitHub: async () => {
      this.#step("sign in");
      return this.#gitHub;
    },
    push: {
      push: async (_target, { commit, branch, title, recreates = false }) => {
        this.#step(`push ${commit === reviewedCommit ? "reviewed" : commit}${recreates ? " again" : ""}`);
        if (this.isBranchDeleted && !recreates) {
          throw new AppError("push.refused", "It was deleted.", { details: { isBranchDeleted: true } });
        }
        // As the host does: what is no longer the agent's head is not pushed.
        if (this.agent.head !== commit) throw new AppError("branch.moved", "The agent has gone on since.");
        this.pushedTitles.push(title);
        this.onGitHub = pushedCommit;
        return { branch, commit: pushedCommit };
      },
    },
    pullRequests: this.pullRequests,
    progress: (_title, run) => run(() => undefined),
  } satisfies CreatePullRequestPorts);

  run() {
    return this.flow.run(this.agent.target);
  }
}
