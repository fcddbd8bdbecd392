import { AppError } from "../../base/appError.ts";
import { backoffMs } from "../../base/backoff.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import type { AgentTarget } from "../ids.ts";
import type { Attendance } from "../platform/attendance.ts";
import type { Quota } from "./gitHubApi.ts";
import {
  type GitHubRepository,
  type GitHubServer,
  parsePullRequestPage,
  repositoryUrl,
  resolveGitHubRepository,
} from "./gitHubServers.ts";
import type { PullRequests } from "./pullRequests.ts";
import type { PullRequestStanding } from "./pullRequestStanding.ts";

/** Something changes in seconds while checks run, in minutes otherwise. */
const lively = { intervalMs: 30_000 };
const calm = { intervalMs: 120_000 };
/** What was done is told after a moment. */
const soonMs = 3_000;
const failing = { firstMs: 60_000, maxMs: 15 * 60_000 };
/** The person's own work needs requests too: with less than this part of the hour's left, none are used to watch. */
const keptShare = 0.1;
/** In one round; those that were not read the longest come first. */
const maxPerRound = 60;

export interface StandingsReader {
  readonly quota: Quota | undefined;
  readAll(
    repository: GitHubRepository,
    numbers: readonly number[],
    branches: ReadonlySet<string>,
  ): Promise<readonly PullRequestStanding[]>;
}

export interface PullRequestWatchPorts {
  readonly agents: () => Iterable<FleetAgent>;
  readonly pullRequests: Pick<PullRequests, "learn">;
  readonly servers: () => readonly GitHubServer[];
  /** `undefined` where the person is not signed in: nobody is asked to. */
  readonly reader: (server: GitHubServer) => Promise<StandingsReader | undefined>;
  /** Somebody looks at what this tells. */
  readonly seen: Attendance;
  /** A pull request that was open is merged. */
  readonly merged: (target: AgentTarget) => Promise<void>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/** What is asked of one repository. */
interface Question {
  readonly repository: GitHubRepository;
  readonly agents: FleetAgent[];
  readonly numbers: Set<number>;
  readonly branches: Set<string>;
}

/**
 * Keeps the rows of agents in step with what becomes of their pull requests on GitHub: while somebody looks, for agents
 * that have one, and for other agents of the same repositories whose branch got one elsewhere.
 */
export class PullRequestWatch implements Disposable {
  readonly #ports: PullRequestWatchPorts;
  readonly #owned = new Disposables();
  /** Per server: when it may be asked again, and how often it has not answered. */
  readonly #pauses = new Map<string, { readonly untilMs: number; readonly failures: number }>();
  readonly #readAtMs = new Map<string, number>();
  #nextAtMs = 0;
  #soonAtMs = Number.POSITIVE_INFINITY;
  #timer: Disposable | undefined;
  #round: Promise<void> | undefined;
  #isDisposed = false;

  constructor(ports: PullRequestWatchPorts) {
    this.#ports = ports;
    this.#owned.add(ports.seen.onDidChange(() => this.#schedule()));
    this.#schedule();
  }

  /** Looks at once, seen or not. Resolves when it has; failures are the log's. */
  async refresh(): Promise<void> {
    // A round that runs may have passed what this is about.
    await this.#round;
    await this.#look();
  }

  /** Something was done that GitHub will take a moment to tell of. */
  lookSoon(): void {
    this.#soonAtMs = this.#ports.clock.now() + soonMs;
    this.#schedule();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.dispose();
    this.#owned.dispose();
  }

  #schedule(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    if (this.#isDisposed || this.#round !== undefined || !this.#ports.seen.isSeen()) return;
    const waitMs = Math.max(0, Math.min(this.#nextAtMs, this.#soonAtMs) - this.#ports.clock.now());
    this.#timer = this.#ports.clock.setTimeout(() => void this.#look(), waitMs);
  }

  async #look(): Promise<void> {
    this.#round ??= this.#readAll().finally(() => {
      this.#round = undefined;
      this.#schedule();
    });
    await this.#round;
  }

  async #readAll(): Promise<void> {
    const { clock, logger } = this.#ports;
    if (this.#soonAtMs <= clock.now()) this.#soonAtMs = Number.POSITIVE_INFINITY;
    let isLively = false;
    for (const question of this.#questions()) {
      const { server } = question.repository;
      if ((this.#pauses.get(server.host)?.untilMs ?? 0) > clock.now()) continue;
      try {
        isLively = (await this.#ask(question)) || isLively;
      } catch (error) {
        // The rows keep what was known; nobody asked for this at that moment.
        logger.warn("pull requests not read", { code: AppError.is(error) ? error.code : "internal" });
        this.#pauseAfter(server, error);
      }
      if (this.#isDisposed) return;
    }
    this.#nextAtMs = clock.now() + (isLively ? lively : calm).intervalMs;
  }

  /** True when more is to be expected soon. */
  async #ask({ repository, agents, numbers, branches }: Question): Promise<boolean> {
    const { clock, merged, pullRequests, reader } = this.#ports;
    const { server } = repository;
    const standings = await reader(server);
    if (standings === undefined) return false;
    let isLively = false;
    for (const standing of await standings.readAll(repository, Array.from(numbers), branches)) {
      const agent = agents.find((candidate) => isOf(candidate, standing));
      if (agent === undefined) continue;
      this.#readAtMs.set(agent.key, clock.now());
      await pullRequests.learn(agent, repositoryUrl(repository), standing);
      const { state } = standing.pull;
      if (state === "merged" && agent.pullRequest?.state === "open") {
        await merged(agent).catch((error: unknown) =>
          this.#ports.logger.warn("not archived", { error: String(error) }),
        );
      }
      const isOpen = state === "open" || state === "draft";
      isLively ||=
        isOpen && (standing.merge === "unknown" || standing.checks.some((check) => check.state === "pending"));
    }
    this.#pauses.delete(server.host);
    const { quota } = standings;
    if (quota !== undefined && quota.remaining < quota.limit * keptShare)
      this.#pauses.set(server.host, { untilMs: quota.resetsAt, failures: 0 });
    return isLively;
  }

  /** By repository; of many pull requests those first that were not read the longest. */
  #questions(): readonly Question[] {
    const servers = this.#ports.servers();
    const questions = new Map<string, Question>();
    const present = Array.from(this.#ports.agents()).filter(({ isArchived }) => !isArchived);
    const open = present.filter(({ pullRequest }) => pullRequest?.state === "open");
    const readAt = ({ key }: FleetAgent) => this.#readAtMs.get(key) ?? 0;
    for (const agent of open.toSorted((a, b) => readAt(a) - readAt(b)).slice(0, maxPerRound)) {
      const place = parsePullRequestPage(agent.pullRequest?.url ?? "", servers);
      if (place === undefined) continue;
      const key = repositoryUrl(place.repository).toLowerCase();
      const { repository } = place;
      const question = questions.get(key) ?? { repository, agents: [], numbers: new Set(), branches: new Set() };
      questions.set(key, question);
      question.agents.push(agent);
      question.numbers.add(place.number);
    }
    for (const agent of present) {
      if (agent.pullRequest !== undefined || agent.branch === undefined || agent.repository === undefined) continue;
      const resolved = resolveGitHubRepository(agent.repository, servers);
      const question = resolved.ok ? questions.get(repositoryUrl(resolved.value).toLowerCase()) : undefined;
      question?.agents.push(agent);
      question?.branches.add(agent.branch);
    }
    return Array.from(questions.values());
  }

  #pauseAfter({ host }: GitHubServer, error: unknown): void {
    const { clock, random } = this.#ports;
    const failures = (this.#pauses.get(host)?.failures ?? 0) + 1;
    const told = AppError.is(error) ? Number(error.details["retryAfterMs"]) : Number.NaN;
    const waitMs = Number.isFinite(told) ? told : backoffMs(failures, failing, random());
    this.#pauses.set(host, { untilMs: clock.now() + waitMs, failures });
  }
}

function isOf({ pullRequest, branch }: FleetAgent, { pull }: PullRequestStanding): boolean {
  return pullRequest === undefined ? branch === pull.headBranch : pullRequest.number === pull.number;
}
