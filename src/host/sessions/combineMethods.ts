import { AppError } from "../../base/appError.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import type { ParamsOf } from "../../protocol/methods.ts";
import { chatSummaryOf } from "../../protocol/summary.ts";
import { fleetConflictsUri } from "../../protocol/uris.ts";
import type { Combiner, CombineSource } from "../combine/combiner.ts";
import type { FleetHandlers } from "../gateway/hostApi.ts";
import { combinedNote } from "./agentPrompt.ts";
import type { ForkPorts } from "./forkSession.ts";
import { initialStates, isolationOf, parseNewSession } from "./newSession.ts";
import { refsOf } from "./sessionRefs.ts";
import type { SessionRun } from "./sessionRun.ts";

export type CombineMethods = Pick<FleetHandlers, "x-fleet/parts" | "x-fleet/combine">;

export interface CombinePorts extends ForkPorts {
  readonly combiner: () => Combiner;
  readonly newId: () => string;
}

const limits = { sources: 20, files: 2_000, hunks: 20_000 };

/** What branches are made of, and sessions that begin with picked parts of several. */
export function combineMethods(ports: CombinePorts): CombineMethods {
  const { channels, combiner, runOf } = ports;
  const fleetOf = ({ refs }: SessionRun): FleetSessionState => {
    const fleet = channels.state("fleetSession", refs.fleet);
    if (fleet) return fleet;
    throw new AppError("notFound", "There is no such session.");
  };
  /** Throws `notFound` for one without a checkpoint like that, `request.invalid` for another repository. */
  const sourceOf = async (session: string, first: SessionRun, head: string | undefined): Promise<CombineSource> => {
    const run = runOf(session);
    const { repository, head: latest } = fleetOf(run);
    if (fleetConflictsUri(repository) !== fleetConflictsUri(fleetOf(first).repository)) {
      throw new AppError(
        "request.invalid",
        "The agents work on different repositories: their branches have no parts in common.",
      );
    }
    const { checkpoints, paths } = await run.workspace();
    const wanted = head ?? latest;
    const found = checkpoints.find(({ commit }) => commit === wanted);
    if (found) return { session, head: found.commit, base: found.base, gitDir: paths.gitDir };
    const sentence =
      head === undefined
        ? "One of the agents has not changed anything yet. Wait for its first turn to end."
        : "One of the agents has given up the checkpoint that was picked from. Look at the parts again.";
    throw new AppError("notFound", sentence);
  };
  return {
    "x-fleet/parts": async ({ channel, others, isShared = false }) => {
      const sessions = Array.from(new Set([channel, ...others]));
      assertCount(sessions.length, limits.sources, "agents");
      const first = runOf(channel);
      const sources: CombineSource[] = [];
      for (const session of sessions) sources.push(await sourceOf(session, first, undefined));
      const heads = sources.map(({ session, head }) => ({ session, head }));
      return { heads, ...(await combiner().parts(sources, isShared)) };
    },
    "x-fleet/combine": async (params, { principal }) => {
      const { channel, base, picks, isPreview = false } = params;
      assertPicks(picks);
      const first = runOf(channel);
      const sources: CombineSource[] = [];
      for (const { session, head } of picks) sources.push(await sourceOf(session, first, head));
      if (!sources.some((source) => source.base === base)) {
        throw new AppError(
          "conflict",
          "None of the picked agents stands on that base any more. Look at the parts again.",
        );
      }
      const wanted = picks.flatMap(({ files }, index) => {
        const source = sources[index];
        return source ? [{ source, files }] : [];
      });
      const preview = await combiner().preview(base, wanted, sources);
      const { problems, files, additions, deletions, patch } = preview;
      const counts = { problems: [...problems], files, additions, deletions };
      if (isPreview) return { ...counts, ...(patch !== undefined && { patch }) };
      if (problems.length > 0) return counts;
      if (files === 0) throw new AppError("branch.empty", "The picked parts change nothing: pick some that do.");
      await make(ports, params, first, principal);
      return counts;
    },
  };
}

/** The session's states, as of one that was launched; what it is made of takes the place of a first prompt. */
async function make(
  { channels, rules, now, newId, add }: CombinePorts,
  { session, base, picks, title, provider, model }: ParamsOf<"x-fleet/combine">,
  source: SessionRun,
  principal: string,
): Promise<void> {
  channels.assertTakesWork();
  const refs = refsOf(session);
  const fleet = channels.state("fleetSession", source.refs.fleet);
  const state = channels.state("session", source.refs.session);
  if (!fleet || !state) throw new AppError("notFound", "There is no such session.");
  const { repository, baseBranch } = fleet;
  const chosen = provider ?? fleet.provider;
  const ownModel = model ?? (chosen === fleet.provider ? fleetMeta("session", state)?.model : undefined);
  const config = {
    repository,
    title: title?.trim() || `Combined: ${state.title}`.slice(0, 200),
    ...(baseBranch !== undefined && { baseBranch }),
    ...(ownModel !== undefined && { model: ownModel }),
  };
  const wanted = parseNewSession({ channel: session, provider: chosen, config }, rules);
  const createdAt = now();
  const first = initialStates(refs, wanted, { createdAt, ...isolationOf(rules), owner: principal });
  const turn = {
    id: newId(),
    startedAt: createdAt,
    duration: 0,
    message: { text: "Combined from the work of other agents.", origin: { kind: "systemNotification" } },
    responseParts: [{ kind: "systemNotification" as const, content: listOf(channels, picks) }],
    state: "complete" as const,
  };
  const chat = { ...first.chat, turns: [turn] };
  await add(
    refs,
    {
      fleet: { ...first.fleet, combinedFrom: { base, picks }, untold: [combinedNote(picks.length)] },
      chat,
      session: { ...first.session, chats: [chatSummaryOf(chat)] },
    },
    principal,
  );
}

function listOf(channels: CombinePorts["channels"], picks: ParamsOf<"x-fleet/combine">["picks"]): string {
  const lines = picks.map(({ session, head, files }) => {
    const title = channels.state("session", session)?.title ?? "An agent";
    const count = files.length === 1 ? "1 file" : `${files.length} files`;
    return `${title}: ${count} of its checkpoint ${head.slice(0, 8)}.`;
  });
  return lines.join("\n");
}

function assertPicks(picks: ParamsOf<"x-fleet/combine">["picks"]): void {
  const files = picks.flatMap((pick) => pick.files);
  if (files.length === 0) throw new AppError("request.invalid", "Pick at least one file.");
  assertCount(picks.length, limits.sources, "agents");
  assertCount(files.length, limits.files, "files");
  assertCount(
    files.reduce((sum, { hunks = [] }) => sum + hunks.length, 0),
    limits.hunks,
    "changes",
  );
  const isTwice = picks.some(({ session, files: own }, index) => {
    const isRepeated = picks.findIndex((other) => other.session === session) !== index;
    return isRepeated || new Set(own.map(({ path }) => path)).size !== own.length;
  });
  if (isTwice) throw new AppError("request.invalid", "An agent, or a file of it, is picked twice.");
}

function assertCount(count: number, most: number, what: string): void {
  if (count > most) throw new AppError("request.invalid", `At most ${most} ${what} can be combined at once.`);
}
