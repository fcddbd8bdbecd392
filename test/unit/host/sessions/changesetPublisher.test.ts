import { beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import { ChangesetPublisher } from "../../../../src/host/sessions/changesetPublisher.ts";
import { refsOf } from "../../../../src/host/sessions/sessionRefs.ts";
import type { ChangedFile, Checkpoint, Workspace } from "../../../../src/host/workspaces/workspace.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { MemoryLog } from "../../../support/memoryLog.ts";

const refs = refsOf("ahp-session:/12345678");
const file: ChangedFile = {
  path: "a.ts",
  status: "added",
  after: { oid: "a".repeat(40), size: 1, mode: "100644" },
  additions: 1,
  deletions: 0,
  binary: false,
};
const checkpoint: Checkpoint = {
  id: "1",
  commit: "c".repeat(40),
  tree: "d".repeat(40),
  base: "b".repeat(40),
  parent: "b".repeat(40),
  createdAt: "2026-01-01T00:00:00Z",
  files: 1,
  additions: 1,
  deletions: 0,
  nestedRepositories: [],
};

const turn = { turnId: "t", from: checkpoint.parent };

/** Of a workspace only this is asked. */
function aWorkspace(changes: Workspace["changes"]): Workspace {
  const unused = () => Promise.reject(new Error("not asked in these tests"));
  return {
    repository: "https://github.com/acme/widgets",
    paths: { root: "/w", home: "/h", gitDir: "/g" },
    branch: "agent/x",
    baseBranch: "main",
    baseCommit: "b".repeat(40),
    checkpoints: [],
    checkpoint: unused,
    restore: unused,
    update: unused,
    apply: unused,
    drop: unused,
    snapshot: unused,
    changes,
    readBlob: unused,
    push: unused,
    confirmPush: unused,
  };
}

describe("the changeset at a checkpoint", () => {
  let channels: Channels;
  let publisher: ChangesetPublisher;
  const shown = () => channels.state("changeset", refs.branchChanges)?.files.length;
  beforeEach(() => {
    const clock = new FakeClock();
    channels = new Channels({ log: new MemoryLog(clock), logger: silentLogger });
    channels.create(refs.branchChanges, "changeset", { status: "ready", files: [] });
    publisher = new ChangesetPublisher({ channels, clock, logger: silentLogger }, refs);
  });

  it("becomes known together with the files that it holds: never the one without the other", async () => {
    const seen: (number | undefined)[] = [];
    const record = () => {
      seen.push(shown());
      queueMicrotask(() => seen.push(shown()));
    };
    await publisher.settle(
      aWorkspace(async () => [file]),
      checkpoint,
      turn,
      record,
    );
    expect(seen).toEqual([0, 1]);
  });

  it("is recorded even where its files cannot be told, because it is what a restart goes on from", async () => {
    let recorded = 0;
    const workspace = aWorkspace(() => Promise.reject(new Error("git failed")));
    await expect(publisher.settle(workspace, checkpoint, turn, () => recorded++)).rejects.toThrow("git failed");
    expect(recorded).toBe(1);
    expect(shown()).toBe(0);
  });
});
