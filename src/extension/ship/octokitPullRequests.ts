import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import { blameOf, type Complaint, type FailedCheck, tellingPart } from "./failedChecks.ts";
import type { GitHubApi } from "./gitHubApi.ts";
import type { MergeMethod, PullRequest } from "./gitHubPort.ts";
import type { GitHubRepository } from "./gitHubServers.ts";
import { OctokitGitHub } from "./octokitGitHub.ts";
import { OctokitStandings } from "./octokitStandings.ts";
import type { PullRequestPort, ReviewFeedback } from "./pullRequestPort.ts";
import { CheckRunsAnswer } from "./pullAnswers.ts";
import { type Check, type PullRequestStanding, toChecks } from "./pullRequestStanding.ts";
import {
  FeedbackAnswer,
  feedbackQuery,
  readyMutation,
  replyMutation,
  resolveMutation,
  toFeedback,
} from "./reviewQueries.ts";

const maxFailedChecks = 5;
const maxComplaints = 20;
/** Of each log. What tells is at its end. */
const maxLogBytes = 256 * 1024;

const AnnotationAnswer = z.looseObject({
  path: z.string(),
  start_line: z.number(),
  annotation_level: z.nullable(z.string()),
  message: z.nullable(z.string()),
});
const JobAnswer = z.looseObject({ run_id: z.number() });
const FileAnswer = z.looseObject({ filename: z.string() });

/** Pull requests of one repository through Octokit. */
export class OctokitPullRequests implements PullRequestPort {
  readonly #api: GitHubApi;
  readonly #repository: GitHubRepository;
  readonly #standings: OctokitStandings;

  constructor(api: GitHubApi, repository: GitHubRepository) {
    this.#api = api;
    this.#repository = repository;
    this.#standings = new OctokitStandings(api);
  }

  read(number: number): Promise<PullRequestStanding> {
    return this.#standings.read(this.#repository, number);
  }

  async readFailedChecks(
    { pull, checks, merge }: PullRequestStanding,
    isBehind: boolean,
  ): Promise<readonly FailedCheck[]> {
    const failed = checks.filter(({ state }) => state === "failed").slice(0, maxFailedChecks);
    if (failed.length === 0) return [];
    const [runs, baseChecks, files] = await Promise.all([
      this.#ask(CheckRunsAnswer, (address, { rest }) =>
        rest.checks.listForRef({ ...address, ref: pull.headCommit, filter: "all", per_page: 100 }),
      ),
      this.#standings.readChecks(this.#repository, pull.baseBranch),
      this.#ask(z.array(FileAnswer), (address, { rest }) =>
        rest.pulls.listFiles({ ...address, pull_number: pull.number, per_page: 100 }),
      ),
    ]);
    const passed = toChecks(runs.check_runs, []).filter(({ state }) => state === "passed");
    const passedBefore = new Set(passed.map(({ name }) => name));
    const changed = new Set(files.map(({ filename }) => filename));
    return Promise.all(
      failed.map(async (check) => {
        const [complaints, log] = await Promise.all([this.#complaints(check), this.#log(check)]);
        const blame = blameOf(
          check,
          { complaints, log },
          { passedBefore, baseChecks, isBehind: isBehind || merge === "behind", changed },
        );
        return { check, complaints, log, blame };
      }),
    );
  }

  async rerun(checks: readonly Check[]): Promise<void> {
    const jobs = checks.flatMap(({ isJob, runId }) => (isJob && runId !== undefined ? [runId] : []));
    const runs = new Set<number>();
    for (const job_id of jobs) {
      const job = await this.#ask(JobAnswer, (address, { rest }) =>
        rest.actions.getJobForWorkflowRun({ ...address, job_id }),
      );
      runs.add(job.run_id);
    }
    for (const run_id of runs) {
      await this.#ask(z.unknown(), (address, { rest }) =>
        rest.actions.reRunWorkflowFailedJobs({ ...address, run_id, request: { retries: 0 } }),
      );
    }
  }

  async mergeMethods(): Promise<readonly MergeMethod[]> {
    return (await new OctokitGitHub(this.#api).getRepository(this.#repository)).mergeMethods;
  }

  async merge({ number, headCommit }: PullRequest, method: MergeMethod): Promise<void> {
    try {
      await this.#ask(z.looseObject({ merged: z.literal(true) }), (address, { rest }) =>
        rest.pulls.merge({
          ...address,
          pull_number: number,
          merge_method: method,
          sha: headCommit,
          request: { retries: 0 },
        }),
      );
    } catch (error) {
      if (!AppError.is(error)) throw error;
      const { status } = error.details;
      if (status === 409) {
        const sentence = "Somebody pushed to pull request #{0} in the meantime. Nothing was merged; look at it again.";
        throw new AppError("branch.moved", sentence, { cause: error, values: [number] });
      }
      if (status !== 405) throw error;
      const sentence =
        "GitHub does not let pull request #{0} be merged: its checks, reviews or the rules of its base branch are against it. Its page says which.";
      throw new AppError("conflict", sentence, { cause: error, values: [number] });
    }
  }

  async markReady({ id }: PullRequest): Promise<void> {
    await this.#mutate(readyMutation, { pull: id });
  }

  async close(number: number): Promise<void> {
    await this.#ask(z.unknown(), (address, { rest }) =>
      rest.pulls.update({ ...address, pull_number: number, state: "closed" }),
    );
  }

  async readFeedback(number: number): Promise<ReviewFeedback> {
    const { owner, repo } = this.#repository;
    const answer = await this.#api.askGraphQl(this.#repository, FeedbackAnswer, feedbackQuery, { owner, repo, number });
    return toFeedback(answer);
  }

  async reply(threadId: string, body: string): Promise<void> {
    await this.#mutate(replyMutation, { thread: threadId, body });
  }

  async resolve(threadId: string): Promise<void> {
    await this.#mutate(resolveMutation, { thread: threadId });
  }

  async #mutate(mutation: string, variables: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#api.askGraphQl(this.#repository, z.unknown(), mutation, variables);
  }

  #ask<T>(schema: z.ZodMiniType<T>, send: Parameters<GitHubApi["ask"]>[2]): Promise<T> {
    return this.#api.ask(this.#repository, schema, send);
  }

  async #complaints({ runId }: Check): Promise<readonly Complaint[]> {
    if (runId === undefined) return [];
    const annotations = await this.#ask(z.array(AnnotationAnswer), (address, { rest }) =>
      rest.checks.listAnnotations({ ...address, check_run_id: runId, per_page: 50 }),
    );
    return (
      annotations
        // What Actions says of itself is said of its own files.
        .filter(({ annotation_level: level, path }) => level === "failure" && path !== ".github")
        .slice(0, maxComplaints)
        .map(({ path, start_line: line, message }) => ({ path, line, message: message ?? "" }))
    );
  }

  /** A log that is gone, or that this person may not read, leaves the rest to be read. */
  async #log({ isJob, runId }: Check): Promise<string> {
    if (!isJob || runId === undefined) return "";
    try {
      return tellingPart(await this.#api.readLogTail(this.#repository, runId, maxLogBytes));
    } catch (error) {
      if (AppError.is(error, "github.refused")) return "";
      throw error;
    }
  }
}
