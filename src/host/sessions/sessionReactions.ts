import type { FleetConflictsAction } from "../../protocol/fleetConflicts.ts";
import { parseAnnotationsUri, ROOT_URI } from "../../protocol/uris.ts";
import type { Channels, CommittedAction } from "../channels/channels.ts";
import { knownPriority } from "./queuePlace.ts";
import { actOf } from "./sessionActs.ts";
import { isTitledByUser, mirrorChat, promptedWith, titledByUser } from "./sessionMirror.ts";
import type { SessionRefs } from "./sessionRefs.ts";
import type { SessionRun } from "./sessionRun.ts";
import type { SessionRuns } from "./sessionRuns.ts";
import type { Slots } from "./slots.ts";
import { headline } from "./wording.ts";

export interface ReactionPorts {
  readonly channels: Channels;
  readonly runs: SessionRuns;
  /** Something of this session changed that its row may tell. */
  readonly touch: (id: string) => void;
  readonly slots: Slots;
  /** What happens on a channel that no session has. */
  readonly strange: (committed: CommittedAction) => void;
}

/** What follows from actions for the sessions that they happen to, once they are durable. */
export class SessionReactions {
  readonly #ports: ReactionPorts;

  constructor(ports: ReactionPorts) {
    this.#ports = ports;
  }

  take(batch: readonly CommittedAction[]): void {
    const { runs, touch, strange } = this.#ports;
    const chats = new Set<SessionRefs>();
    for (const committed of batch) {
      if (committed.refused !== undefined) continue;
      const run = runs.of(committed.channel);
      if (!run) {
        if (committed.action.type === "x-fleet/conflictsChanged") this.#touchForecast(committed.action);
        else if (committed.kind === "annotations") this.#touchRow(parseAnnotationsUri(committed.channel));
        else strange(committed);
        continue;
      }
      const { type } = committed.action;
      const isText = type === "chat/delta" || type === "chat/reasoning";
      if ((committed.kind === "chat" && !isText) || type === "session/titleChanged") chats.add(run.refs);
      if (!isText) touch(run.refs.id);
      this.follow(run, committed);
    }
    for (const refs of chats) this.mirror(refs);
  }

  /** What an action asks of the session's agent. The host's own actions take the same way. */
  follow(run: SessionRun, { action, origin }: CommittedAction): void {
    const { channels, slots } = this.#ports;
    const act = actOf(action, origin, channels.state("fleetSession", run.refs.fleet));
    if (act) run.acted(act);
    switch (action.type) {
      case "chat/turnStarted":
        this.#takePrompt(run.refs, action.message.text);
        run.wake();
        return;
      case "chat/turnResume":
        run.wake();
        return;
      case "chat/pendingMessageSet":
        return run.takeQueued();
      case "chat/turnCancelled":
        if (origin) run.cancelTurn();
        return;
      case "chat/toolCallConfirmed": {
        const { toolCallId, approved, selectedOptionId } = action;
        const answer = { approved, ...(selectedOptionId !== undefined && { optionId: selectedOptionId }) };
        return run.answerPermission(toolCallId, answer);
      }
      case "session/configChanged":
        if (origin) run.choose();
        return;
      case "x-fleet/priorityChanged":
        return slots.prioritize(run.refs.id, knownPriority(action.priority));
      case "chat/inputCompleted":
        return run.answerInput(action.requestId);
      case "session/titleChanged": {
        const session = channels.state("session", run.refs.session);
        if (origin && session && !isTitledByUser(session)) channels.dispatch(run.refs.session, titledByUser(session));
        return;
      }
      default:
        return;
    }
  }

  /** Tells the session what its chat is about. */
  mirror(refs: SessionRefs): void {
    const { channels } = this.#ports;
    const session = channels.state("session", refs.session);
    const chat = channels.state("chat", refs.chat);
    if (session && !chat) void channels.load(refs.chat).then((isThere) => isThere && this.mirror(refs));
    if (!session || !chat) return;
    const wasActive = session.chats.some((summary) => (summary.status & 8) !== 0);
    for (const action of mirrorChat(session, chat)) channels.dispatch(refs.session, action);
    if (wasActive !== (chat.activeTurn !== undefined)) this.tellActive();
  }

  /** How many sessions have a running turn, for everybody's view of the host. */
  tellActive(): void {
    const { channels, runs } = this.#ports;
    const activeSessions = runs.made.filter((run) => channels.state("chat", run.refs.chat)?.activeTurn).length;
    if (channels.state("root", ROOT_URI)?.activeSessions === activeSessions) return;
    channels.dispatch(ROOT_URI, { type: "root/activeSessionsChanged", activeSessions });
  }

  /** Their rows count the conflicts. */
  #touchForecast({
    branches,
    removed,
    pairs,
  }: Extract<FleetConflictsAction, { type: "x-fleet/conflictsChanged" }>): void {
    const ofPairs = pairs.flatMap(({ first, second }) => [first, second]);
    const sessions = new Set([...branches.map(({ session }) => session), ...removed, ...ofPairs]);
    for (const session of sessions) this.#touchRow(session);
  }

  #touchRow(session = ""): void {
    const id = this.#ports.runs.idOf(session);
    if (id !== undefined) this.#ports.touch(id);
  }

  #takePrompt(refs: SessionRefs, prompt: string): void {
    const { channels } = this.#ports;
    const session = channels.state("session", refs.session);
    const chat = channels.state("chat", refs.chat);
    const title = headline(prompt);
    const prompted = session && promptedWith(session, prompt);
    if (prompted) channels.dispatch(refs.session, prompted);
    if (!session || !title || isTitledByUser(session) || (chat?.turns.length ?? 0) > 0) return;
    channels.dispatch(refs.session, { type: "session/titleChanged", title });
  }
}
