import type { CommandArgs, CommandId } from "../../../../src/extension/ids.ts";
import { Review } from "../../../../src/extension/review/review.ts";
import { startReviewing } from "../../../../src/extension/review/reviewing.ts";
import type { ChangesetFile } from "../../../../src/protocol/changeset.ts";
import type { FleetCheckpoint } from "../../../../src/protocol/fleetCheckpoints.ts";
import {
  annotationsUri,
  blobUri,
  branchChangesetUri,
  compareChangesetUri,
  fileUri,
  fleetSessionUri,
} from "../../../../src/protocol/uris.ts";
import { aChat, aSession, chat, session } from "../../../support/aChat.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { aSummary } from "../../../support/clientOnFakeHost.ts";
import { settle } from "../../../support/fakeClock.ts";
import type { FakeHost } from "../../../support/fakeHost.ts";
import { fakeVscode, fakeVscodeTabs } from "../../../support/fakeVscode.ts";
import { FakeMemento } from "../ship/memento.ts";

export const target = { hostId: "a", session };
export const branch = branchChangesetUri(session);
export const annotations = annotationsUri(session);

/** A git object's id, of which the fake host knows the text by its first characters. */
export const oid = (text: string) => Buffer.from(text).toString("hex").padEnd(40, "0").slice(0, 40);
const side = (path: string, text: string) => ({
  uri: fileUri("s1", path),
  content: { uri: blobUri("s1", oid(text)) },
});

/** Each side by its text, of at most 20 characters. */
export function aChange(path: string, before: string | undefined, after: string | undefined): ChangesetFile {
  return {
    id: path,
    edit: {
      ...(before !== undefined && { before: side(path, before) }),
      ...(after !== undefined && { after: side(path, after) }),
      diff: { added: 1, removed: 0 },
    },
  };
}

export function aCheckpoint(id: string, changes: Partial<FleetCheckpoint> = {}): FleetCheckpoint {
  const base = { createdAt: "2026-01-01T00:00:00Z", files: 1, additions: 1, deletions: 0, kind: "turn" } as const;
  return { id, turnId: `t${id}`, commit: oid(`c${id}`), tree: oid(`t${id}`), ...base, ...changes };
}

/** The agent makes its next checkpoint. */
export function push(host: FakeHost, id: string, files: readonly ChangesetFile[]): void {
  host.act(fleetSessionUri("s1"), { type: "x-fleet/checkpointAdded", checkpoint: aCheckpoint(id) });
  host.act(branch, { type: "changeset/contentChanged", files: [...files] });
}

/** An agent whose host holds these files, and everything that surrounds a review of it. */
export async function aReview(files: readonly ChangesetFile[], state = new FakeMemento()) {
  const { connections, fleet, host, clock } = await aFleet((host) => {
    host.methods = ["x-fleet/compare"];
    host.sessions.set(session, aSummary(session));
    host.put(session, aSession());
    host.put(chat, aChat());
    host.put(annotations, { annotations: [] });
    host.put(branch, { status: "ready", files: [...files] });
    host.put(fleetSessionUri("s1"), {
      session,
      provider: "sample",
      createdAt: "2026-01-01T00:00:00Z",
      repository: "https://github.com/acme/widgets",
      isolation: "none",
      phase: "ready",
      baseCommit: oid("base"),
      head: oid("c1"),
      checkpoints: [aCheckpoint("1")],
      usage: { inputTokens: 0, outputTokens: 0 },
    });
    host.answers["resourceRead"] = ({ uri }) => {
      const hex =
        String(uri)
          .split("/")
          .at(-1)
          ?.replace(/(?:00)+$/, "") ?? "";
      return { result: { data: Buffer.from(hex, "hex").toString("base64"), encoding: "base64" } };
    };
    host.answers["x-fleet/compare"] = ({ from, to }) => ({
      result: {
        changeset: compareChangesetUri(session, String(from), String(to)),
        files: 1,
        additions: 1,
        deletions: 1,
      },
    });
  });
  const handlers = new Map<string, (...args: readonly unknown[]) => unknown>();
  const contexts = new Map<string, unknown>();
  const failures: unknown[] = [];
  let ids = 0;
  const ports = {
    hosts: connections,
    commands: {
      register<Id extends CommandId>(id: Id, _during: string, handle: (...args: CommandArgs[Id]) => unknown) {
        handlers.set(id, (...args) => handle(...(args as CommandArgs[Id])));
        return { dispose: () => void handlers.delete(id) };
      },
    },
    contexts: { set: (key: string, value: unknown) => void contexts.set(key, value) },
    telemetry: { send: () => undefined },
    state,
    person: new FakeMemento(),
    clock,
    newId: () => `id-${++ids}`,
    resolveAgent: async () => target,
    titleOf: () => "Fix the parser",
    dialogs: { confirm: async () => true },
    presenter: { present: async (error: unknown) => void failures.push(error) },
    openPanel: () => undefined,
    agents: () => fleet.agents.values(),
    onError: (error: unknown) => void failures.push(error),
  };
  const review = new Review(ports);
  const reviewing = startReviewing({ ...ports, review });
  const run = async (id: CommandId, ...args: readonly unknown[]) => {
    await handlers.get(id)?.(...args);
    await drawn();
  };
  /** Until the threads are drawn. */
  const drawn = async () => {
    await settle();
    await clock.advance(100);
    await settle();
  };
  /** As VS Code does: the tab of the latest diff comes to the front. */
  const opened = async (id: CommandId = "muster.agent.review") => {
    await run(id);
    const diff = fakeVscode.executed.findLast(({ command }) => command === "vscode.changes");
    const title = `${String(diff?.args[0])} (1 files)`;
    if (!fakeVscode.tabs.includes(title)) fakeVscode.tabs.unshift(title);
    fakeVscodeTabs.fire({ closed: [] });
    await drawn();
    return diff?.args[1] as readonly (readonly unknown[])[];
  };
  const dispose = () => {
    reviewing.dispose();
    review.dispose();
  };
  return { review, connections, clock, host, contexts, failures, run, opened, drawn, state, dispose };
}
