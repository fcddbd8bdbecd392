import { isSame } from "../../base/isSame.ts";
import type { StateAction } from "../../protocol/actions.ts";
import type { ChatState } from "../../protocol/chatState.ts";
import type { FleetPhase, FleetSessionState } from "../../protocol/fleet.ts";
import type { FleetQueue } from "../../protocol/fleetQueue.ts";
import type { SessionState } from "../../protocol/sessionState.ts";
import { isRead } from "../../protocol/status.ts";
import type { Channels } from "../channels/channels.ts";
import type { SessionRefs } from "./sessionRefs.ts";
import { isTitledByUser } from "./sessionMirror.ts";
import { sourceControlMeta } from "./sessionSummary.ts";

/** One session's channels, read and written. What is true of a session is in here, or lost with the process. */
export class SessionRecord {
  readonly refs: SessionRefs;
  readonly #channels: Channels;

  constructor(channels: Channels, refs: SessionRefs) {
    this.#channels = channels;
    this.refs = refs;
  }

  get session(): SessionState | undefined {
    return this.#channels.state("session", this.refs.session);
  }

  get chat(): ChatState | undefined {
    return this.#channels.state("chat", this.refs.chat);
  }

  get fleet(): FleetSessionState | undefined {
    return this.#channels.state("fleetSession", this.refs.fleet);
  }

  get needsWorkspace(): boolean {
    return this.session?.lifecycle === "creating";
  }

  /** A session that was removed meanwhile has no channels, and what still comes from its agent no place to go. */
  dispatch(channel: string, action: StateAction): void {
    if (this.#channels.isLoaded(channel)) this.#channels.dispatch(channel, action);
  }

  /** @param activity the same for people who do not know phases; absent clears it */
  setPhase(phase: { phase: FleetPhase; queue?: FleetQueue; stage?: string }, activity: string | undefined): void {
    const { fleet, session } = this;
    if (!fleet || !session) return;
    const { queue, stage } = fleet;
    if (!isSame({ phase: fleet.phase, queue, stage }, { queue: undefined, stage: undefined, ...phase }))
      this.dispatch(this.refs.fleet, { type: "x-fleet/phaseChanged", ...phase });
    if (session.activity !== activity) this.dispatch(this.refs.session, { type: "session/activityChanged", activity });
  }

  /** Git and repository facts where VS Code looks for them. */
  publishMeta(): void {
    const { fleet, session } = this;
    if (!fleet || !session) return;
    const _meta = { ...session._meta, ...sourceControlMeta(fleet) };
    this.dispatch(this.refs.session, { type: "session/metaChanged", _meta });
  }

  /** There is something to look at that nobody has seen. */
  markUnread(): void {
    const { session } = this;
    if (session && isRead(session.status)) {
      this.dispatch(this.refs.session, { type: "session/isReadChanged", isRead: false });
    }
  }

  takeAgentsTitle(title: string): void {
    const { session } = this;
    if (!session || isTitledByUser(session) || title.trim() === "" || title === session.title) return;
    this.dispatch(this.refs.session, { type: "session/titleChanged", title: title.slice(0, 200) });
  }
}
