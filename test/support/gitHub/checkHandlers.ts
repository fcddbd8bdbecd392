import { type Answer, createdAnswer, NOT_FOUND, okAnswer } from "./answers.ts";
import type { RepositoryCall, RepositoryHandler } from "./call.ts";
import type { CheckRun } from "./gitHubState.ts";
import { paginate } from "./paginate.ts";

function runOf({ params, repository }: RepositoryCall): CheckRun | undefined {
  const id = Number(params["check_run_id"] ?? params["job_id"]);
  return repository.checkRuns.find((run) => run.id === id);
}

/** The latest run of each name. */
function latest(runs: readonly CheckRun[]): readonly CheckRun[] {
  return Array.from(new Map(runs.map((run) => [run.name, run])).values());
}

async function listForRef(call: RepositoryCall): Promise<Answer> {
  const { repository, resources, params, query } = call;
  const sha = await repository.git.resolve(params["ref"] ?? "");
  if (sha === undefined) return NOT_FOUND;
  const ofCommit = repository.checkRuns.filter((run) => run.headSha === sha);
  const runs = query.get("filter") === "all" ? ofCommit : latest(ofCommit);
  const page = paginate(runs, query).map((run) => resources.checkRun(repository, run));
  return okAnswer({ total_count: runs.length, check_runs: page });
}

async function combinedStatus({ repository, resources, owner, params, query }: RepositoryCall): Promise<Answer> {
  const sha = await repository.git.resolve(params["ref"] ?? "");
  if (sha === undefined) return NOT_FOUND;
  const statuses = repository.statuses.filter((status) => status.sha === sha);
  const states = new Set(statuses.map(({ state }) => state));
  const state =
    states.has("failure") || states.has("error") ? "failure" : states.has("pending") ? "pending" : "success";
  return okAnswer({
    state: statuses.length === 0 ? "pending" : state,
    statuses: paginate(statuses, query).map((status) => resources.status(repository, status)),
    sha,
    total_count: statuses.length,
    repository: resources.repository(repository, owner, { push: false }),
  });
}

/** As GitHub does: the log is on another server, by an address that needs no token. */
async function jobLog(call: RepositoryCall): Promise<Answer> {
  const run = runOf(call);
  if (run?.log === undefined) return NOT_FOUND;
  return { status: 302, body: undefined, headers: { location: `${call.storageUrl}/logs/${run.id}?sig=signed` } };
}

async function annotations(call: RepositoryCall): Promise<Answer> {
  const run = runOf(call);
  if (run === undefined) return NOT_FOUND;
  const items = (run.annotations ?? []).map(({ path, line, message }) => ({
    path,
    start_line: line,
    end_line: line,
    annotation_level: "failure",
    message,
  }));
  return okAnswer(paginate(items, call.query));
}

async function rerunFailed({ repository, params }: RepositoryCall): Promise<Answer> {
  const id = Number(params["run_id"]);
  const runs = repository.checkRuns.filter((run) => run.workflowRun === id && run.conclusion === "failure");
  if (runs.length === 0) return NOT_FOUND;
  for (const run of runs) Object.assign(run, { status: "queued", conclusion: null });
  return createdAnswer({});
}

async function job(call: RepositoryCall): Promise<Answer> {
  const run = runOf(call);
  if (run?.log === undefined) return NOT_FOUND;
  return okAnswer({
    id: run.id,
    run_id: run.workflowRun ?? 1,
    head_sha: run.headSha,
    name: run.name,
    status: run.status,
    conclusion: run.conclusion,
    started_at: "2026-01-05T09:00:00Z",
    labels: [],
  });
}

export const CHECK_HANDLERS: Readonly<Record<string, RepositoryHandler>> = {
  "checks/list-for-ref": listForRef,
  "checks/list-annotations": annotations,
  "repos/get-combined-status-for-ref": combinedStatus,
  "actions/get-job-for-workflow-run": job,
  "actions/download-job-logs-for-workflow-run": jobLog,
  "actions/re-run-workflow-failed-jobs": rerunFailed,
};
