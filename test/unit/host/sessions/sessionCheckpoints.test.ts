import { beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import { ChangesetPublisher } from "../../../../src/host/sessions/changesetPublisher.ts";
import { SessionCheckpoints } from "../../../../src/host/sessions/sessionCheckpoints.ts";
import { SessionRecord } from "../../../../src/host/sessions/sessionRecord.ts";
import { refsOf } from "../../../../src/host/sessions/sessionRefs.ts";
import type { CheckpointPlace } from "../../../../src/host/workspaces/checkpointCommit.ts";
import type { Checkpoint, Workspace } from "../../../../src/host/workspaces/workspace.ts";
import { turnChangesetUri } from "../../../../src/protocol/uris.ts";
import { aState } from "../../protocol/builders.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { MemoryLog } from "../../../support/memoryLog.ts";

const refs = refsOf("ahp-session:/12345678");
const oid = (n: number) => String(n).padStart(40, "0");

function aCheckpoint(n: number, place: CheckpointPlace): Checkpoint {
  return {
    id: String(n),
    commit: oid(n),
    tree: oid(n + 10_000),
    base: oid(0),
    parent: oid(n - 1),
    createdAt: "2026-01-01T00:00:00Z",
    files: 1,
    additions: 1,
    deletions: 0,
    nestedRepositories: [],
    place,
  };
}

/** A workspace whose every checkpoint has other files. */
class FakeWorkspace {
  checkpoints: Checkpoint[] = [];
  readonly baseCommit = oid(0);
  readonly compared: string[] = [];
  readonly dropped: string[] = [];

  async checkpoint(_title: string, place: CheckpointPlace): Promise<Checkpoint> {
    const taken = aCheckpoint((Number(this.checkpoints.at(-1)?.id) || 0) + 1, place);
    this.checkpoints = [...this.checkpoints, taken];
    return taken;
  }

  async changes(from: string, to: string): Promise<[]> {
    this.compared.push(`${Number(from)}..${Number(to)}`);
    return [];
  }

  async drop(ids: readonly string[]): Promise<void> {
    this.dropped.push(...ids);
    this.checkpoints = this.checkpoints.filter(({ id }) => !ids.includes(id));
  }
}

let channels: Channels;
let checkpoints: SessionCheckpoints;
let workspace: FakeWorkspace;
const asWorkspace = () => workspace as Partial<Workspace> as Workspace;
const fleet = () => channels.state("fleetSession", refs.fleet);

beforeEach(() => {
  const clock = new FakeClock();
  channels = new Channels({ log: new MemoryLog(clock), logger: silentLogger });
  channels.create(refs.branchChanges, "changeset", { status: "ready", files: [] });
  channels.create(refs.fleet, "fleetSession", aState("fleetSession"));
  channels.create(refs.chat, "chat", aState("chat"));
  workspace = new FakeWorkspace();
  const ports = { channels, clock, logger: silentLogger };
  checkpoints = new SessionCheckpoints(ports, new SessionRecord(channels, refs), new ChangesetPublisher(ports, refs));
});

describe("the checkpoints of a session", () => {
  it("show what a turn changed from before it began, however many there were meanwhile", async () => {
    await checkpoints.afterTurn(asWorkspace(), "t1", "One");
    const place = { kind: "asked" as const, turnId: "t2", turns: 2 };
    await workspace.checkpoint("By hand", place);
    await checkpoints.afterTurn(asWorkspace(), "t2", "Two");
    // The branch from its base, then the turn from the end of the one before.
    expect(workspace.compared).toEqual(["0..1", "0..1", "0..3", "1..3"]);
    expect(channels.state("changeset", turnChangesetUri(refs.session, "t2"))).toMatchObject({ status: "ready" });
    expect(fleet()?.checkpoints.map(({ id }) => id)).toEqual(["1", "2", "3"]);
  });

  it("become known when the workspace is opened, if a crash kept them from the log", async () => {
    await workspace.checkpoint("Lost", { kind: "turn", turnId: "t1", turns: 1 });
    await checkpoints.meet(asWorkspace());
    expect(fleet()?.checkpoints).toMatchObject([{ id: "1", turnId: "t1", kind: "turn" }]);
    const compared = workspace.compared.length;
    await checkpoints.meet(asWorkspace());
    expect(workspace.compared).toHaveLength(compared);
    expect(fleet()?.untold).toBeUndefined();
    await workspace.checkpoint("A person's changes", { kind: "applied", turnId: "t1", turns: 1 });
    await checkpoints.meet(asWorkspace());
    expect(fleet()?.untold).toEqual([expect.stringContaining("A person changed files")]);
  });

  it("are 200 at least and 220 at most: the oldest go, in git first and then for everybody", async () => {
    for (let turn = 1; turn <= 221; turn += 1) await checkpoints.afterTurn(asWorkspace(), `t${turn}`, "Turn");
    await Promise.resolve();
    expect(workspace.dropped).toEqual(Array.from({ length: 21 }, (_, index) => String(index + 1)));
    expect(fleet()?.checkpoints).toHaveLength(200);
    expect(fleet()?.checkpoints[0]?.id).toBe("22");
    expect(fleet()?.head).toBe(oid(221));
  });
});
