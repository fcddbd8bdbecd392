import { beforeEach, describe, expect, it } from "vitest";
import { Review } from "../../../../src/extension/review/review.ts";
import { changedFilesOf } from "../../../../src/extension/fleet/changedFiles.ts";
import { blobUri, compareChangesetUri, fileUri, fleetSessionUri } from "../../../../src/protocol/uris.ts";
import { aSession, session } from "../../../support/aChat.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { aSummary } from "../../../support/clientOnFakeHost.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";

beforeEach(() => fakeVscode.reset());

const oid = (digit: string) => digit.repeat(40);
const file = {
  id: "f1",
  edit: {
    before: { uri: fileUri("s1", "a.ts"), content: { uri: blobUri("s1", oid("1")) } },
    after: { uri: fileUri("s1", "a.ts"), content: { uri: blobUri("s1", oid("2")) } },
  },
};

async function aReview(files: readonly (typeof file)[] = [file]) {
  const { connections, host, clock } = await aFleet((host) => {
    host.methods = ["x-fleet/compare"];
    host.sessions.set(session, aSummary(session));
    host.put(session, aSession());
    host.put(fleetSessionUri("s1"), {
      session,
      provider: "sample",
      createdAt: "2026-01-01T00:00:00Z",
      repository: "https://github.com/acme/widgets",
      isolation: "none",
      phase: "ready",
      checkpoints: [],
      usage: { inputTokens: 0, outputTokens: 0 },
    });
    const changeset = compareChangesetUri(session, "1", "3");
    host.put(changeset, { status: "ready", files: [...files] });
    host.answers["x-fleet/compare"] = () => ({ result: { changeset, files: 1, additions: 1, deletions: 1 } });
    host.answers["resourceRead"] = ({ uri }) => ({
      result: { data: Buffer.from(`content of ${String(uri).at(-1)}`).toString("base64"), encoding: "base64" },
    });
  });
  const review = new Review({
    hosts: connections,
    commands: { register: () => ({ dispose: () => undefined }) },
    contexts: { set: () => undefined },
    telemetry: { send: () => undefined },
    state: { get: () => undefined, update: async () => undefined },
    clock,
    newId: () => "id",
    resolveAgent: async (target) => target,
    titleOf: () => "Fix the parser",
    onError: (error) => {
      throw error;
    },
  });
  return { review, host, target: { hostId: "a", session } };
}

describe("two checkpoints", () => {
  it("are compared in the editor's own diff, by the objects that the host names", async () => {
    const { review, host, target } = await aReview();
    await review.openComparison(target, "1", "3");
    expect(host.heard.find(({ method }) => method === "x-fleet/compare")?.params).toMatchObject({ from: "1", to: "3" });
    const opened = fakeVscode.executed.find(({ command }) => command === "vscode.changes");
    expect(opened?.args[0]).toBe("Fix the parser (checkpoint 1..3)");
    expect(opened?.args[1]).toHaveLength(1);
  });

  it("that hold the same are said to", async () => {
    const { review, target } = await aReview([]);
    await expect(review.openComparison(target, "1", "3")).rejects.toThrow("hold the same files");
  });
});

describe("a changed file", () => {
  it("is read on both sides at its objects, and has no text where it is not there", async () => {
    const { review, target } = await aReview();
    const [changed] = changedFilesOf({ files: [file] });
    expect(await review.readSides(target, changed!)).toEqual({ before: "content of 1", after: "content of 2" });
    const { before: _before, ...added } = file.edit;
    const [created] = changedFilesOf({ files: [{ id: "f2", edit: added }] });
    expect(await review.readSides(target, created!)).toEqual({ before: "", after: "content of 2" });
  });
});
