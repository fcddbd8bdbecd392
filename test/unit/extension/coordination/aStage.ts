import { Coordination } from "../../../../src/extension/coordination/coordination.ts";
import { CommandRegistry } from "../../../../src/extension/platform/commandRegistry.ts";
import type { FleetConflictsState } from "../../../../src/protocol/fleetConflicts.ts";
import { STATUS } from "../../../../src/protocol/status.ts";
import { chatUri, fleetConflictsUri } from "../../../../src/protocol/uris.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { aSummary } from "../../../support/clientOnFakeHost.ts";
import { settle } from "../../../support/fakeClock.ts";
import type { FakeHost } from "../../../support/fakeHost.ts";
import { fakeVscode, Uri } from "../../../support/fakeVscode.ts";

export const repository = "https://github.com/acme/widgets";
export const channel = fleetConflictsUri(repository);
export const [ann, bob, cat] = ["ahp-session:/ann", "ahp-session:/bob", "ahp-session:/cat"] as const;
const branch = (session: string, over: object = {}) => ({
  session,
  branch: `agent/${session.slice(-3)}`,
  head: `head-${session}`,
  baseBranch: "main",
  baseHead: "b",
  behind: 2,
  overlap: "none" as const,
  files: [],
  fileCount: 0,
  ...over,
});
export const forecast: FleetConflictsState = {
  repository: "github.com/acme/widgets",
  branches: [
    branch(ann),
    branch(bob, { behind: 0 }),
    branch(cat, { overlap: "conflict", files: ["c.ts"], fileCount: 1 }),
  ],
  pairs: [{ first: ann, second: bob, overlap: "conflict", files: ["a.ts"], fileCount: 1 }],
  mergeOrder: [cat, ann, bob],
  at: "2026-01-01T00:00:00Z",
};
const hunk = { id: "h", start: 5, lines: 1, removed: ["x"], added: ["y"], meets: true };
const part = (session: string) => ({
  session,
  status: "modified",
  additions: 1,
  deletions: 1,
  blob: { oid: session.slice(-3, -2).repeat(40) },
  hunks: [hunk],
});
const parts = {
  base: "b",
  heads: [
    { session: ann, head: `head-${ann}` },
    { session: bob, head: `head-${bob}` },
  ],
  files: [{ path: "a.ts", parts: [part(ann), part(bob)] }],
  fileCount: 1,
};

export const aCheckpoint = {
  id: "5",
  turnId: "",
  commit: "c",
  tree: "t",
  createdAt: "2026-01-01T00:00:00Z",
  files: 0,
  additions: 0,
  deletions: 0,
};

/** Three agents of one repository on a host, and a person who presses one button. */
export async function aStage(prepare: (host: FakeHost) => void = () => undefined) {
  const { fleet, connections, clock, host } = await aFleet((each) => {
    for (const [index, session] of [ann, bob, cat].entries()) {
      const group = session === cat ? undefined : { id: "g", index: index + 1, count: 2 };
      const muster = { repository, head: `head-${session}`, phase: "ready", ...(group && { group }) };
      each.sessions.set(session, aSummary(session, { _meta: { muster } }));
      each.put(session, {
        provider: "sample",
        title: "T",
        status: STATUS.idle,
        lifecycle: "ready",
        activeClients: [],
        chats: [],
        defaultChat: chatUri(session),
      });
      each.put(chatUri(session), {
        resource: chatUri(session),
        title: "T",
        status: STATUS.idle,
        modifiedAt: "2026-01-01T00:00:00Z",
        origin: { kind: "user" },
        turns: [],
      });
    }
    each.put(channel, forecast);
    each.answers["x-fleet/parts"] = () => ({ result: parts });
    prepare(each);
  });
  const kept = new Map<string, unknown>();
  const presented: unknown[] = [];
  const told: string[] = [];
  const messages: string[] = [];
  const progress: string[] = [];
  const cancelled = new AbortController();
  const stage = {
    host,
    clock,
    fleet,
    kept,
    presented,
    told,
    messages,
    progress,
    cancel: () => cancelled.abort(),
    button: undefined as string | undefined,
    coordination: undefined as Coordination | undefined,
  };
  const tell = async (text: string) => {
    told.push(text);
    return stage.button;
  };
  const present = async (error: unknown) => void presented.push(error);
  stage.coordination = new Coordination({
    extensionUri: new Uri("file", "/") as never,
    fleet,
    connections,
    presenter: { present },
    commands: new CommandRegistry({ present }),
    dialogs: {
      attempt: async (_title, run) => run(cancelled.signal, (text) => void progress.push(text)),
      progress: async (_title, run) => run(() => undefined),
      tell,
      showWarning: tell,
      choose: tell,
    },
    confirmMessage: async (_title, text, send) => {
      messages.push(text);
      await send(`${text}\nMind the tests.`);
      return true;
    },
    clock,
    newId: () => "new",
    state: { get: (key) => kept.get(key), update: async (key, value) => void kept.set(key, value) },
    revision: ({ session }, path, blob) => `${session} ${path} ${blob?.slice(0, 1)}` as never,
    resolveAgents: async (target, selected) => (selected?.length ? selected : target ? [target] : []),
  });
  return stage;
}

export const at = (session: string) => ({ hostId: "a", session });
export const run = async (command: string, ...args: unknown[]) => {
  void fakeVscode.commands.get(command)?.(...args);
  await settle();
};
