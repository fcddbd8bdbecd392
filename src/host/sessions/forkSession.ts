import { AppError } from "../../base/appError.ts";
import type { Turn } from "../../protocol/chatState.ts";
import { BASE_CHECKPOINT, type FleetCheckpoint } from "../../protocol/fleetCheckpoints.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import { chatSummaryOf } from "../../protocol/summary.ts";
import type { Channels } from "../channels/channels.ts";
import type { Handler } from "../gateway/hostApi.ts";
import { hasConversation } from "./forkConversation.ts";
import { type FirstStates, initialStates, isolationOf, type NewSessionRules, parseNewSession } from "./newSession.ts";
import { refsOf, type SessionRefs } from "./sessionRefs.ts";
import type { SessionRun } from "./sessionRun.ts";

export type ForkSession = Handler<"x-fleet/fork">;

export interface ForkPorts {
  readonly channels: Channels;
  readonly rules: NewSessionRules;
  /** ISO 8601. */
  readonly now: () => string;
  /** Throws for a URI that names no session. */
  readonly runOf: (session: string) => SessionRun;
  /** Makes the session and brings it to work. Throws when its URI is taken. */
  readonly add: (refs: SessionRefs, states: FirstStates, owner: string) => Promise<SessionRun>;
}

/** Makes sessions that begin where a checkpoint of another one stands: its files, its turns, a branch of its own. */
export function forkSessions({ channels, rules, now, runOf, add }: ForkPorts): ForkSession {
  return async (params, { principal }) => {
    channels.assertTakesWork();
    const source = runOf(params.channel);
    await channels.load(source.refs.chat);
    const refs = refsOf(params.session);
    const { title, model } = params;
    const checkpoint = await chooseCheckpoint(channels, source, params.checkpoint);
    // Recording the files may have taken a while.
    const { fleet, session, chat } = statesOf(channels, source);
    const provider = params.provider ?? fleet.provider;
    const wanted = parseNewSession(
      {
        channel: params.session,
        provider,
        config: {
          repository: fleet.repository,
          ...(fleet.baseBranch !== undefined && { baseBranch: fleet.baseBranch }),
          ...(title !== undefined && { title }),
          ...modelOf(model ?? (provider === fleet.provider ? fleetMeta("session", session)?.model : undefined)),
        },
      },
      rules,
    );
    const at = { createdAt: now(), ...isolationOf(rules), owner: principal };
    const first = initialStates(refs, wanted, at);
    const turns = turnsUntil(chat.turns, checkpoint);
    const turnId = turns.at(-1)?.id ?? "";
    const origin = { kind: "fork" as const, chat: source.refs.chat, turnId };
    const ownTitle = title ?? session.title;
    const forkedFrom = { session: params.channel, checkpoint: checkpoint.id, turnId };
    const newChat = { ...first.chat, title: ownTitle, turns: [...turns], ...(turnId !== "" && { origin }) };
    await add(
      refs,
      {
        fleet: { ...first.fleet, forkedFrom },
        chat: newChat,
        session: { ...first.session, title: ownTitle, chats: [chatSummaryOf(newChat)] },
      },
      principal,
    );
    const sourceFacts = { fleet, chat };
    const isTried = hasConversation(sourceFacts, forkedFrom, { provider, owner: principal });
    const conversation = turns.length === 0 ? "none" : isTried ? "agent" : "transcript";
    return { checkpoint: checkpoint.id, conversation, message: sentences[conversation] };
  };
}

const sentences = {
  agent: "The agent takes up the conversation so far if it can; if not, it gets the transcript to read.",
  transcript: "The agent starts a conversation of its own and gets the transcript to read.",
  none: "There is no conversation to take along: the agent starts anew.",
} as const;

function modelOf(model: string | undefined): { model?: string } {
  return model === undefined ? {} : { model };
}

function statesOf(channels: Channels, { refs }: SessionRun) {
  const fleet = channels.state("fleetSession", refs.fleet);
  const session = channels.state("session", refs.session);
  const chat = channels.state("chat", refs.chat);
  if (!fleet || !session || !chat) throw new AppError("notFound", "There is no such session.");
  return { fleet, session, chat };
}

type Place = Pick<FleetCheckpoint, "id" | "turnId">;

/** Throws `notFound` for one that is not there, or when there is no workspace to take anything from. */
async function chooseCheckpoint(channels: Channels, source: SessionRun, wanted: string | undefined): Promise<Place> {
  const { fleet, chat } = statesOf(channels, source);
  const base = { id: BASE_CHECKPOINT, turnId: "" };
  // What a turn is in the middle of is nothing to begin with.
  if (wanted === undefined) return chat.activeTurn ? (fleet.checkpoints.at(-1) ?? base) : await source.checkpoint();
  if (wanted === BASE_CHECKPOINT) return base;
  const found = fleet.checkpoints.find(({ id }) => id === wanted);
  if (found) return found;
  const sentence = `There is no checkpoint ${wanted.slice(0, 20)} of this agent. It may have been given up for later ones.`;
  throw new AppError("notFound", sentence);
}

function turnsUntil(turns: readonly Turn[], { turnId }: Place): readonly Turn[] {
  return turns.slice(0, turns.findIndex(({ id }) => id === turnId) + 1);
}
