import { META_NS } from "../../protocol/fleet.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import { terminalUri } from "../../protocol/uris.ts";
import type { SessionPorts } from "./sessionPorts.ts";
import type { SessionRefs } from "./sessionRefs.ts";

const maxLength = 512 * 1024;

export function agentLogUri(sessionId: string): string {
  return terminalUri(sessionId, "agent-log");
}

/**
 * What the agent's program writes for its operator, as a terminal of the session without input. One channel for all its
 * processes; when it is full it begins anew. `SessionState._meta` names it.
 */
export class AgentLogChannel {
  readonly #ports: Pick<SessionPorts, "channels">;
  readonly #refs: SessionRefs;
  readonly #uri: string;
  #waiting = "";
  #length: number | undefined;
  #isOpening = false;

  constructor(ports: Pick<SessionPorts, "channels">, refs: SessionRefs) {
    this.#ports = ports;
    this.#refs = refs;
    this.#uri = agentLogUri(refs.id);
  }

  take(data: string): void {
    this.#waiting += data;
    // It was let go of while nothing was written.
    if (!this.#ports.channels.isLoaded(this.#uri)) this.#length = undefined;
    if (this.#length !== undefined) return this.#write();
    if (this.#isOpening) return;
    this.#isOpening = true;
    void this.#open().finally(() => (this.#isOpening = false));
  }

  async #open(): Promise<void> {
    const { channels } = this.#ports;
    const isThere = await channels.load(this.#uri);
    const session = channels.state("session", this.#refs.session);
    // The session was removed meanwhile.
    if (!session) return;
    if (!isThere) {
      channels.create(this.#uri, "terminal", {
        title: "Agent log",
        content: [],
        lifecycle: { status: "running" },
        claim: { kind: "session", session: this.#refs.session, chat: this.#refs.chat },
        isPty: false,
      });
    }
    const ours = fleetMeta("session", session);
    if (ours?.agentLog !== this.#uri) {
      const _meta = { ...session._meta, [META_NS]: { ...ours, agentLog: this.#uri } };
      channels.dispatch(this.#refs.session, { type: "session/metaChanged", _meta });
    }
    const content = channels.state("terminal", this.#uri)?.content ?? [];
    this.#length = content.reduce((sum, part) => sum + (part.type === "unclassified" ? part.value.length : 0), 0);
    this.#write();
  }

  #write(): void {
    const { channels } = this.#ports;
    const data = this.#waiting;
    this.#waiting = "";
    if (data === "" || !channels.isLoaded(this.#uri)) return;
    const length = (this.#length ?? 0) + data.length;
    if (length > maxLength) channels.dispatch(this.#uri, { type: "terminal/cleared" });
    channels.dispatch(this.#uri, { type: "terminal/data", data });
    this.#length = length > maxLength ? data.length : length;
  }
}
