import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import path from "node:path";
import { handleGit, parseGitPath, refusePushes } from "../gitHttp/gitHttp.ts";
import { addBareRemote } from "../repositories/repositories.ts";
import type { TestRepository } from "../repositories/testRepository.ts";
import { type Answer, errorAnswer } from "./answers.ts";
import { BareRepository } from "./bareRepository.ts";
import {
  canRead,
  canWrite,
  type CheckRun,
  type GitHubRepository,
  GitHubState,
  type GitHubUser,
  type Issue,
} from "./gitHubState.ts";
import { checkHeaders } from "./headerContract.ts";
import { allowCrossOrigin, conditional, parseJson, readText, write } from "./httpAnswers.ts";
import { LogStorage } from "./logStorage.ts";
import { closeServer, hostOf, listenOnLoopback } from "./loopback.ts";
import { OpenApi } from "./openApi.ts";
import { findPullPage, renderPullPage } from "./pullPage.ts";
import { HANDLERS } from "./repositoryHandlers.ts";
import { Resources } from "./resources.ts";

const API_PREFIX = "/api/v3";
const GRAPHQL_PATH = "/api/graphql";

/** A request that GitHub's description does not allow, or that this server has no answer for. */
export interface Violation {
  readonly request: string;
  readonly problems: readonly string[];
}

export interface RecordedCall {
  readonly method: string;
  /** Below the API's root, with the query. */
  readonly path: string;
  readonly operationId: string | undefined;
  readonly body: unknown;
  readonly status: number;
}

/** An answer given in place of the real one. Every field that is given must match. */
export interface InjectedFailure {
  readonly operationId?: string;
  readonly answer: Answer;
  /** Default 1. */
  readonly times?: number;
}

export interface AddRepository {
  readonly owner: string;
  readonly name: string;
  /** Its branches become the server's; its `origin` becomes the clone URL. */
  readonly from: TestRepository;
  readonly isPrivate?: boolean;
  readonly writers?: readonly string[];
  /** It is a fork of this one. */
  readonly parent?: GitHubRepository;
}

export interface GitHubServerOptions {
  /** Holds answers against GitHub's description too, which takes a while. Default: false. */
  readonly checksAnswers?: boolean;
}

/** Starts a GitHub on loopback. @param root folder for the bare repositories; the caller removes it */
export async function startGitHub(root: string, options: GitHubServerOptions = {}): Promise<GitHubServer> {
  const gitHub = new GitHubServer(root, options);
  await gitHub.listen();
  return gitHub;
}

/**
 * A GitHub on one loopback port: the REST API under `/api/v3` (as GitHub Enterprise Server has it), git over smart HTTP
 * at `/OWNER/NAME.git`, and a page for each pull request. Every API request is held against GitHub's published
 * description; what is not as documented is answered with an error and listed in `violations`.
 */
export class GitHubServer {
  readonly state = new GitHubState();
  readonly calls: RecordedCall[] = [];
  readonly violations: Violation[] = [];
  readonly #root: string;
  readonly #failures: { failure: InjectedFailure; left: number }[] = [];
  readonly #server = createServer((request, response) => {
    this.#handle(request, response).catch((error: unknown) => {
      this.violations.push({
        request: `${request.method} ${request.url}`,
        problems: [`server error: ${String(error)}`],
      });
      if (response.headersSent) response.destroy();
      else write(response, errorAnswer(500, "Server Error"));
    });
  });

  /** Where the logs are. */
  readonly storage = new LogStorage(this.state);
  readonly #options: GitHubServerOptions;

  constructor(root: string, options: GitHubServerOptions = {}) {
    this.#root = root;
    this.#options = options;
  }

  async listen(): Promise<void> {
    await Promise.all([listenOnLoopback(this.#server), this.storage.listen()]);
  }

  /** `127.0.0.1:PORT`: the GitHub server as a host name. */
  get host(): string {
    return hostOf(this.#server);
  }

  get url(): string {
    return `http://${this.host}`;
  }

  get apiUrl(): string {
    return `${this.url}${API_PREFIX}`;
  }

  cloneUrl(owner: string, name: string): string {
    return `${this.url}/${owner}/${name}.git`;
  }

  /** @param scopes of the token; `repo` allows everything on repositories where the user may write */
  addUser(login: string, token: string, scopes: readonly string[] = ["repo"]): GitHubUser {
    const user = { id: this.state.nextId(), login, token, scopes };
    this.state.users.push(user);
    return user;
  }

  async addRepository(options: AddRepository): Promise<GitHubRepository> {
    const { owner, name, from } = options;
    if (this.state.user(owner) === undefined) throw new Error(`Add the user ${owner} before a repository of theirs`);
    const directory = path.join(this.#root, owner, `${name}.git`);
    await addBareRemote(from, directory, this.cloneUrl(owner, name));
    const repository: GitHubRepository = {
      id: this.state.nextId(),
      owner,
      name,
      isPrivate: options.isPrivate ?? false,
      defaultBranch: "main",
      writers: new Set(options.writers ?? []),
      git: new BareRepository(directory),
      pulls: new Map(),
      issues: new Map(),
      checkRuns: [],
      statuses: [],
      requiredChecks: [],
      requiredApprovals: 0,
      mergeMethods: ["merge", "squash", "rebase"],
      labels: [],
      milestones: [],
      parent: options.parent,
    };
    this.state.repositories.push(repository);
    return repository;
  }

  addIssue(repository: GitHubRepository, issue: Pick<Issue, "title" | "body">): Issue {
    const user = this.state.user(repository.owner);
    if (user === undefined) throw new Error(`There is no user ${repository.owner}`);
    const number = Math.max(0, ...repository.issues.keys(), ...repository.pulls.keys()) + 1;
    const added = { number, user, createdAt: new Date().toISOString(), ...issue };
    repository.issues.set(number, added);
    return added;
  }

  addCheckRun(repository: GitHubRepository, run: Omit<CheckRun, "id">): CheckRun {
    const added = { id: this.state.nextId(), ...run };
    repository.checkRuns.push(added);
    return added;
  }

  /** Answers the next matching API requests with this in place of the real answer. */
  failNext(failure: InjectedFailure): void {
    this.#failures.push({ failure, left: failure.times ?? 1 });
  }

  /** Refuses every push to the repository with this message, or accepts them again without one. */
  async refusePushes(repository: GitHubRepository, message: string | undefined): Promise<void> {
    await refusePushes(repository.git.directory, message);
  }

  async close(): Promise<void> {
    await Promise.all([closeServer(this.#server), this.storage.close()]);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", this.url);
    if (request.method === "OPTIONS") return allowCrossOrigin(response);
    if (pathname === GRAPHQL_PATH) {
      write(response, await this.#answerGraphQl(request));
      return;
    }
    if (pathname.startsWith(`${API_PREFIX}/`)) {
      write(response, await this.#answerApi(request));
      return;
    }
    if (parseGitPath(pathname) !== undefined) return this.#handleGit(request, response);
    const page = findPullPage(this.state, pathname);
    response.writeHead(page === undefined ? 404 : 200, { "content-type": "text/html; charset=utf-8" });
    response.end(page === undefined ? "Not found" : renderPullPage(page));
  }

  async #handleGit(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const access = (owner: string, name: string, token: string | undefined) => {
      const repository = this.state.repository(owner, name);
      const user = this.state.userOfToken(token);
      if (repository === undefined || (token !== undefined && user === undefined)) return undefined;
      const login = user?.login ?? "anonymous";
      return { login, canRead: canRead(repository, user), canWrite: canWrite(repository, user) };
    };
    await handleGit({ root: this.#root, access }, request, response);
  }

  async #answerGraphQl(request: IncomingMessage): Promise<Answer> {
    const body = parseJson(await readText(request));
    const method = request.method ?? "GET";
    const record = (answer: Answer): Answer => {
      this.calls.push({ method, path: "/graphql", operationId: "graphql", body, status: answer.status });
      return answer;
    };
    const user = this.state.userOfToken(tokenOf(request.headers.authorization));
    if (user === undefined) return record(errorAnswer(401, "Bad credentials"));
    // Read only by those who ask: the schema is large.
    const { answerGraphQl } = await import("./graphQl.ts");
    const { answer, problems } = await answerGraphQl({ state: this.state, user, now: Date.now() }, body);
    if (problems.length > 0) this.violations.push({ request: `${method} /graphql`, problems });
    return record(answer);
  }

  async #answerApi(request: IncomingMessage): Promise<Answer> {
    const method = request.method ?? "GET";
    const url = new URL(request.url ?? "/", this.url);
    const apiPath = url.pathname.slice(API_PREFIX.length);
    const text = await readText(request);
    const matched = OpenApi.gitHub().match(method, apiPath);
    const body = parseJson(text);
    const record = (answer: Answer): Answer => {
      const { status } = answer;
      this.calls.push({ method, path: apiPath + url.search, operationId: matched?.operationId, body, status });
      return answer;
    };
    const refuse = (status: number, problems: readonly string[]): Answer => {
      this.violations.push({ request: `${method} ${apiPath}${url.search}`, problems });
      return record(errorAnswer(status, `Contract violation: ${problems.join("; ")}`));
    };
    if (matched === undefined) return refuse(404, ["GitHub has no such operation"]);
    if (text !== "" && body === undefined) return refuse(400, ["the body is not JSON"]);
    const headerProblems = checkHeaders(request.headers, text !== "");
    if (headerProblems.length > 0) return refuse(400, headerProblems);
    const problems = OpenApi.gitHub().check(matched, { query: url.searchParams, body });
    if (problems.length > 0) return refuse(422, problems);
    const injected = this.#takeFailure(matched.operationId);
    if (injected !== undefined) return record(injected);
    const user = this.state.userOfToken(tokenOf(request.headers.authorization));
    if (user === undefined) {
      const isMissing = request.headers.authorization === undefined;
      return record(errorAnswer(401, isMissing ? "Requires authentication" : "Bad credentials"));
    }
    const handler = HANDLERS[matched.operationId];
    if (handler === undefined) return refuse(501, [`${matched.operationId} is not part of this GitHub`]);
    const { state } = this;
    const resources = new Resources(this.url, this.apiUrl);
    const params = matched.pathParameters;
    const storageUrl = this.storage.url;
    const call = { state, resources, user, params, query: url.searchParams, body, storageUrl, now: Date.now() };
    const answer = await handler(call);
    if (this.#options.checksAnswers !== true) return record(conditional(answer, request));
    const checked = OpenApi.gitHub().answer(matched, answer);
    if (checked.problems.length > 0)
      this.violations.push({ request: `${method} ${apiPath}`, problems: checked.problems });
    return record(conditional(checked.answer, request));
  }

  #takeFailure(operationId: string): Answer | undefined {
    const pending = this.#failures.find(
      ({ failure, left }) => left > 0 && (failure.operationId === undefined || failure.operationId === operationId),
    );
    if (pending === undefined) return undefined;
    pending.left--;
    return pending.failure.answer;
  }
}

function tokenOf(header: string | undefined): string | undefined {
  return /^(?:Bearer|token)\s+(\S+)$/i.exec(header ?? "")?.[1];
}
