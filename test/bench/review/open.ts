import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { silentLogger } from "../../../src/base/logger.ts";
import { changedFilesOf } from "../../../src/extension/fleet/changedFiles.ts";
import { toMultiDiff } from "../../../src/extension/review/reviewDiffs.ts";
import { decodeText } from "../../../src/extension/review/revisionText.ts";
import { changesetOf } from "../../../src/host/sessions/changesetFiles.ts";
import { systemClock } from "../../../src/host/systemClock.ts";
import { GitWorkspaces } from "../../../src/host/workspaces/gitWorkspaces.ts";
import { noCredentials, type Workspace } from "../../../src/host/workspaces/workspace.ts";
import { ChangesetState } from "../../../src/protocol/changeset.ts";
import { dataDirectory } from "../host/dataDirectory.ts";
import { compare, interleave, wallOf } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { git, linesAFile, makeOrigin, writeAll } from "./manyFiles.ts";

/** What fits on a large screen when a multi-file diff opens: VS Code reads the others when they are scrolled to. */
const visibleFiles = 20;

/**
 * From "Review changes" to the first files on the screen: the host asks git what differs, the list goes over the wire, and
 * both sides of the visible files are read. Beside it, what `git difftool --dir-diff` does before any tool can start.
 */
export const open: Part = async (options) => {
  const files = at(options, 1_000, 200, 10);
  const directory = mkdtempSync(dataDirectory("review"));
  const origin = path.join(directory, "origin.git");
  try {
    await makeOrigin(origin, files);
    const host = await GitWorkspaces.create({
      dataDir: path.join(directory, "data"),
      allowLocal: [directory],
      clock: systemClock,
      logger: silentLogger,
      path: process.env["PATH"] ?? "",
    });
    const workspace = await host.provision({
      sessionId: "review-session",
      branch: "agent/review",
      repository: origin,
      credentials: noCredentials,
      onStage: () => undefined,
      signal: new AbortController().signal,
    });
    writeAll(workspace.paths.root, files, 2);
    await workspace.checkpoint("Everything");

    const plain = path.join(directory, "plain");
    await git(directory, "clone", "--quiet", `file://${origin}`, plain);
    writeAll(plain, files, 2);
    await git(plain, "commit", "--quiet", "--all", "--message=Everything");

    const costs = await interleave(
      {
        ours: () => wallOf(() => openReview(host)),
        git: () => wallOf(() => prepareDifftool(plain)),
      },
      at(options, 7, 3, 1),
    );
    const of = `${files} files, ${files * linesAFile} lines`;
    return [
      compare(`${of}: open a review / git difftool --dir-diff until its tool starts, ms`, costs.ours, costs.git, {
        atMost: 1,
      }),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

/** Opened anew each time, so that nothing is remembered from the time before. */
async function openReview(host: GitWorkspaces): Promise<void> {
  const workspace = await host.open("review-session");
  const head = workspace.checkpoints.at(-1)?.commit ?? "";
  const changed = await workspace.changes(workspace.baseCommit, head);
  const told = JSON.stringify({ status: "ready", ...changesetOf("review-session", changed) });
  const read = changedFilesOf(ChangesetState.parse(JSON.parse(told)));
  const { baseCommit } = workspace;
  const facts = { title: "Review", snapshot: undefined, baseCommit, head, isMoving: false, files: read };
  const { rows } = toMultiDiff("host", facts);
  if (rows.length !== changed.length) throw new Error(`${rows.length} rows of ${changed.length} files`);
  await Promise.all(read.slice(0, visibleFiles).map((file) => readSides(workspace, [file.before, file.after])));
}

async function readSides(workspace: Workspace, sides: readonly ({ blob?: { oid: string } | undefined } | undefined)[]) {
  for (const side of sides) {
    if (side?.blob !== undefined) decodeText(await workspace.readBlob(side.blob.oid, 5_000_000));
  }
}

async function prepareDifftool(plain: string): Promise<void> {
  await git(plain, "difftool", "--dir-diff", "--no-prompt", "--extcmd=true", "HEAD~1", "HEAD");
}
