import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { Disposables } from "../../base/disposables.ts";
import { toLine } from "../../base/visibleText.ts";
import type { Client } from "../../client/client.ts";
import type { Attempt, AttemptFile, AttemptsState, ComparedAttempts } from "../../protocol/report.ts";
import { chatUri } from "../../protocol/uris.ts";
import type { ChangedFile } from "../fleet/changedFiles.ts";
import type { Attention, FleetAgent } from "../fleet/fleetAgent.ts";
import { readBranchChanges } from "../fleet/sessionChanges.ts";
import { promptOf, type TestRun, testRunsOf } from "../fleet/testRuns.ts";
import { sentenceOf } from "../platform/presentError.ts";

/** What is read of one attempt beyond its row. */
export interface AttemptRead {
  readonly files: readonly ChangedFile[];
  readonly tests: readonly TestRun[];
  readonly prompt: string | undefined;
  readonly model: string | undefined;
  readonly workedMs: number | undefined;
  readonly problem: string | undefined;
}

const maxFiles = 300;
/** Tests that were run longer ago say little of what is there. */
const maxTurns = 20;

/** All attempts of the group that are listed, in their order. */
export function attemptsOf(agents: Iterable<FleetAgent>, { hostId, group }: ComparedAttempts): readonly FleetAgent[] {
  return Array.from(agents)
    .filter((agent) => agent.hostId === hostId && agent.group?.id === group)
    .toSorted((a, b) => (a.group?.index ?? 0) - (b.group?.index ?? 0));
}

/** Files, tests and time of one attempt, from its host. Never rejects: what cannot be read is said in `problem`. */
export async function readAttempt(client: Client, session: string, clock: Clock): Promise<AttemptRead> {
  const held = new Disposables();
  try {
    const [branch, chat] = await Promise.all([
      readBranchChanges(client, session, { clock }),
      held.add(client.subscribe("chat", chatUri(session), { turns: maxTurns })).ready,
    ]);
    return {
      files: branch.files,
      tests: testRunsOf(chat),
      prompt: chat.turnsNextCursor === undefined ? promptOf(chat) : undefined,
      model: branch.session.spend?.turns.at(-1)?.model,
      workedMs: branch.session.time?.workedMs,
      problem: undefined,
    };
  } catch (error) {
    const nothing = { files: [], tests: [], prompt: undefined, model: undefined, workedMs: undefined };
    return { ...nothing, problem: sentenceOf(error, vscode.l10n.t) };
  } finally {
    held.dispose();
  }
}

/** @param reads by the agent's key; an attempt that is not read yet shows what its row does */
export function toAttemptsState(
  of: ComparedAttempts,
  agents: readonly FleetAgent[],
  reads: ReadonlyMap<string, AttemptRead>,
  agentName: (provider: string) => string,
): Omit<AttemptsState, "note"> {
  const files = filesOf(agents.map(({ key }) => reads.get(key)?.files ?? []));
  const prompt = agents.map(({ key }) => reads.get(key)?.prompt).find((text) => text !== undefined);
  return {
    view: "attempts",
    of,
    prompt: prompt ?? agents[0]?.title ?? "",
    repository: agents[0]?.place ?? "",
    count: agents[0]?.group?.count ?? agents.length,
    attempts: agents.map((agent) => toAttempt(agent, reads.get(agent.key), agentName)),
    files: files.slice(0, maxFiles),
    filesLeft: Math.max(0, files.length - maxFiles),
  };
}

const words: Readonly<Record<Attention, string>> = {
  needsYou: vscode.l10n.t("needs you"),
  failed: vscode.l10n.t("failed"),
  review: vscode.l10n.t("ready for review"),
  working: vscode.l10n.t("working"),
  queued: vscode.l10n.t("queued"),
  pullRequest: vscode.l10n.t("in a pull request"),
  done: vscode.l10n.t("done"),
};

function toAttempt(agent: FleetAgent, read: AttemptRead | undefined, agentName: (provider: string) => string): Attempt {
  const { session, group, title, attention, isArchived, spend, changes, activity } = agent;
  const name = toLine(agentName(agent.provider), 60);
  const isWorking = attention === "working" || attention === "queued";
  return {
    session,
    index: group?.index ?? 0,
    title: toLine(title, 120),
    agent: read?.model === undefined ? name : `${name} (${toLine(read.model, 60)})`,
    state: isWorking && activity !== undefined ? toLine(activity, 80) : words[attention],
    isWorking,
    isArchived,
    costUsd: spend,
    workedMs: read?.workedMs,
    changes,
    tests: (read?.tests ?? []).map(({ command, succeeded, exitCode }) => ({
      command: toLine(command, 120),
      succeeded,
      isCertain: exitCode !== undefined,
    })),
    problem: read?.problem,
  };
}

/** Every file that some attempt changed: those that most of them changed first, then by name. */
function filesOf(attempts: readonly (readonly ChangedFile[])[]): readonly AttemptFile[] {
  const paths = new Map<string, AttemptFile["changes"][number][]>();
  attempts.forEach((files, index) => {
    for (const { path, added, removed } of files) {
      const changes = paths.get(path) ?? attempts.map(() => null);
      changes[index] = { additions: added, deletions: removed };
      paths.set(path, changes);
    }
  });
  const shared = (file: AttemptFile) => file.changes.filter((change) => change !== null).length;
  return Array.from(paths, ([path, changes]) => ({ path, changes })).toSorted(
    (a, b) => shared(b) - shared(a) || (a.path < b.path ? -1 : 1),
  );
}
