import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { setImmediate as nextTick } from "node:timers/promises";
import { silentLogger } from "../../src/base/logger.ts";
import { Channels } from "../../src/host/channels/channels.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { initialChanges, initialStates } from "../../src/host/sessions/newSession.ts";
import { refsOf } from "../../src/host/sessions/sessionRefs.ts";
import { mirrorChat } from "../../src/host/sessions/sessionMirror.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import type { ChangesetState } from "../../src/protocol/changeset.ts";
import { STATUS } from "../../src/protocol/status.ts";
import { ROOT_URI, sessionUri } from "../../src/protocol/uris.ts";

const repositories = ["widgets", "gadgets", "billing", "search", "website", "mobile", "infra", "docs"];
const verbs = ["Fix", "Test", "Rename", "Speed up", "Document", "Split"];
const things = ["the parser", "the cache", "log rotation", "sign-in", "the importer", "date handling", "retries"];
const head = "9fceb02d0ae598e95dc970b74767f19372d61af8";

/** How the sessions of a fleet that ran for weeks have ended, in turn. */
const endings = [
  "review",
  "done",
  "review",
  "failed",
  "done",
  "archived",
  "review",
  "done",
  "done",
  "archived",
] as const;

/** The title of the session that was written as the `index`th. */
export function titleOfSession(index: number): string {
  return `${verbs[index % verbs.length]} ${things[index % things.length]} ${index + 1}`;
}

/**
 * Writes the data that a host leaves behind which ran so many sessions, each to the end of one turn: through the host's own
 * channels and log, without an agent or a workspace. The directory must be empty or absent.
 */
export async function writeManySessions(directory: string, count: number): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const log = SqliteLog.open({ directory, clock: systemClock, logger: silentLogger });
  const channels = new Channels({ log, logger: silentLogger });
  channels.create(ROOT_URI, "root", { agents: [], activeSessions: 0 });
  for (let index = 0; index < count; index++) {
    addSession(channels, index, Date.now() - (count - index) * 60_000);
    if (index % 50 === 0) await nextTick();
  }
  channels.saveSnapshots();
  await log.close();
}

function addSession(channels: Channels, index: number, startedMs: number): void {
  const ending = endings[index % endings.length];
  const refs = refsOf(sessionUri(randomUUID()));
  const repository = `https://git.example/acme/${repositories[index % repositories.length]}.git`;
  const config = { repository, baseBranch: "main", title: titleOfSession(index) };
  const wanted = { provider: "sample", config, model: undefined, workingDirectories: undefined };
  const createdAt = new Date(startedMs).toISOString();
  const { fleet, session, chat } = initialStates(refs, wanted, { createdAt, isolation: "none", owner: "owner" });
  const branch = `agent/${index}`;
  const usage = { costUsd: Math.round((index % 37) * 11) / 100 };
  channels.create(refs.fleet, "fleetSession", {
    ...fleet,
    phase: "ready",
    branch,
    usage: { ...fleet.usage, ...usage },
    ...(ending === "review" && { head }),
  });
  channels.create(refs.chat, "chat", chat);
  channels.create(refs.branchChanges, "changeset", ending === "review" ? changesOf(index) : initialChanges());
  const status = ending === "archived" ? STATUS.idle | STATUS.isArchived | STATUS.isRead : session.status;
  channels.create(refs.session, "session", { ...session, title: config.title, lifecycle: "ready", status });
  const turnId = randomUUID();
  const message = { text: config.title, origin: { kind: "user" } } as const;
  channels.dispatch(refs.chat, { type: "chat/turnStarted", turnId, startedAt: createdAt, message });
  const part = { kind: "markdown", id: "answer", content: `${config.title}: done.` } as const;
  channels.dispatch(refs.chat, { type: "chat/responsePart", turnId, part });
  if (ending === "failed") {
    const error = { errorType: "agent.crashed", message: "The agent stopped unexpectedly." };
    channels.dispatch(refs.chat, { type: "chat/error", turnId, duration: 60_000, part: { kind: "error", error } });
  } else channels.dispatch(refs.chat, { type: "chat/turnComplete", turnId, duration: 60_000 });
  const states = [channels.state("session", refs.session), channels.state("chat", refs.chat)] as const;
  if (states[0] && states[1])
    for (const action of mirrorChat(states[0], states[1])) channels.dispatch(refs.session, action);
}

function changesOf(index: number): ChangesetState {
  const uri = `file:///src/file${index}.ts`;
  const content = { contentType: "text/plain", uri: `muster-blob:/${index}` };
  const edit = { after: { uri, content }, diff: { added: 3 + (index % 90), removed: index % 20 } };
  return { ...initialChanges(), files: [{ id: uri, edit }] };
}
