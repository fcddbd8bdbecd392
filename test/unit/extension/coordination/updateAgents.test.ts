import { beforeEach, describe, expect, it } from "vitest";
import { chatUri } from "../../../../src/protocol/uris.ts";
import { settle } from "../../../support/fakeClock.ts";
import type { FakeHost } from "../../../support/fakeHost.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";
import { aCheckpoint, ann, aStage, at, bob, cat, channel, run } from "./aStage.ts";

beforeEach(() => fakeVscode.reset());

describe("updating agents from their base", () => {
  const updated = (over: object = {}) => ({ checkpoint: {}, safety: "4", baseCommit: "b", commits: 2, ...over });
  const checkpoint = aCheckpoint;

  const train = (over: object) => ({
    id: "t1",
    by: "me",
    stops: [
      { session: ann, state: "updating" },
      { session: bob, state: "waiting" },
    ],
    startedAt: "2026-01-01T00:00:00Z",
    ...over,
  });
  const under = (host: FakeHost, over: object = {}) =>
    host.act(channel, { type: "x-fleet/trainChanged", train: train(over) } as never);
  const starting = (host: FakeHost) => {
    host.answers["x-fleet/startTrain"] = () => {
      under(host);
      return { result: { train: train({}) } };
    };
    host.answers["x-fleet/restore"] = () => ({ result: { checkpoint: aCheckpoint, safety: "6" } });
    host.answers["x-fleet/stopTrain"] = () => ({ result: {} });
  };
  const asked = (host: FakeHost, method: string) =>
    host.heard.filter((each) => each.method === method).map(({ params }) => params);

  it("of several is the host's, which tells how far it is and who could not; what was done can be undone", async () => {
    const stage = await aStage(starting);
    stage.button = "Undo";
    await run("muster.agent.updateFromBase", at(ann), [at(ann), at(bob)]);
    expect(asked(stage.host, "x-fleet/startTrain")).toMatchObject([{ channel: ann, others: [bob] }]);
    expect(stage.progress.at(-1)).toMatch(/^1 of 2: /);
    expect(stage.told).toEqual([]);
    const stops = [
      { session: ann, state: "updated", commits: 2, safety: "4" },
      { session: bob, state: "refused", message: "The same lines." },
      { session: cat, state: "left" },
    ];
    under(stage.host, { stops, endedAt: "2026-01-01T00:00:01Z" });
    await settle();
    expect(stage.told).toEqual([
      expect.stringMatching(/was updated from its base: 2 commits\. .*: The same lines\. 1 was left as it is\.$/),
    ]);
    expect(asked(stage.host, "x-fleet/restore")).toMatchObject([{ channel: ann, checkpoint: "4" }]);
  });

  it("of one is reviewed at a click, for its files are others than before", async () => {
    const stage = await aStage((host) => {
      host.answers["x-fleet/updateFromBase"] = () => ({ result: updated({ checkpoint: aCheckpoint }) });
    });
    stage.button = "Review Changes";
    await run("muster.agent.updateFromBase", at(ann));
    expect(stage.told).toEqual([expect.stringContaining("was updated from its base: 2 commits.")]);
    expect(fakeVscode.executed.at(-1)).toMatchObject({ command: "muster.agent.review", args: [at(ann)] });
  });

  it("of several ends before the next when the person cancels", async () => {
    const stage = await aStage(starting);
    await run("muster.agent.updateFromBase", at(ann), [at(ann), at(bob)]);
    stage.cancel();
    await settle();
    expect(asked(stage.host, "x-fleet/stopTrain")).toMatchObject([{ channel: ann }]);
    expect(stage.told).toEqual([]);
  });

  it("of several goes on where this window can't see it, or after a drop", async () => {
    const stage = await aStage((host) => {
      starting(host);
      host.answers["x-fleet/startTrain"] = () => {
        host.channels.delete(channel);
        return { result: { train: train({}) } };
      };
    });
    await run("muster.agent.updateFromBase", at(ann), [at(ann), at(bob)]);
    expect(stage.told).toEqual([expect.stringContaining("The host goes on by itself")]);
    const dropped = await aStage(starting);
    await run("muster.agent.updateFromBase", at(ann), [at(ann), at(bob)]);
    dropped.host.dropAll();
    await settle();
    expect(dropped.told).toEqual([]);
    dropped.cancel();
    await settle();
    expect(dropped.told).toEqual([expect.stringContaining("The host goes on by itself")]);
  });

  it("of one that can't be is a failure like any other; without news it says so", async () => {
    const stage = await aStage((host) => {
      host.answers["x-fleet/updateFromBase"] = ({ channel: session }) =>
        session === bob
          ? { error: { code: -32000, message: "Same lines.", data: { muster: { code: "conflict" } } } }
          : { result: updated({ checkpoint, commits: 0 }) };
    });
    await run("muster.agent.updateFromBase", at(bob));
    expect(stage.presented).toMatchObject([{ code: "conflict", message: "Same lines." }]);
    await run("muster.agent.updateFromBase", at(ann));
    expect(stage.told).toEqual([expect.stringContaining("nothing to update")]);
  });
});

describe("an agent that git can't bring onto its base", () => {
  const refusal = {
    code: -32000,
    message: "The same lines.",
    data: { files: ["a.ts", "b`[x](command:y)`.ts"], muster: { code: "conflict" } },
  };
  const clashing = (host: FakeHost) => {
    host.answers["x-fleet/updateFromBase"] = ({ leaveConflicts }) =>
      leaveConflicts === true
        ? { result: { checkpoint: aCheckpoint, safety: "4", baseCommit: "b", commits: 2, conflicts: ["a.ts"] } }
        : { error: refusal };
  };
  const updates = (host: FakeHost) =>
    host.heard.filter(({ method }) => method === "x-fleet/updateFromBase").map(({ params }) => params);

  it("gets both sides and is told which files, when the person has read it", async () => {
    const stage = await aStage(clashing);
    stage.button = "Let the Agent Resolve It…";
    await run("muster.agent.updateFromBase", at(ann));
    await settle();
    expect(stage.told).toEqual([expect.stringContaining("have changed the same lines")]);
    expect(stage.messages).toEqual([expect.stringMatching(/- `a\.ts`\n- `b'\[x\]\(command:y\)'\.ts`/)]);
    expect(updates(stage.host)).toEqual([
      expect.not.objectContaining({ leaveConflicts: true }),
      expect.objectContaining({ channel: ann, leaveConflicts: true }),
    ]);
    expect(JSON.stringify(stage.host.state(chatUri(ann)))).toContain("Mind the tests.");
  });

  it("is left as it is when the person does not want that", async () => {
    const stage = await aStage(clashing);
    await run("muster.agent.updateFromBase", at(ann));
    expect(updates(stage.host)).toHaveLength(1);
    expect(stage.messages).toEqual([]);
  });

  it("is told nothing when it could not be updated meanwhile", async () => {
    const stage = await aStage((host) => {
      host.answers["x-fleet/updateFromBase"] = () => ({ error: refusal });
    });
    stage.button = "Let the Agent Resolve It…";
    await run("muster.agent.updateFromBase", at(ann));
    await settle();
    expect(stage.presented).toMatchObject([{ code: "conflict", message: "The same lines." }]);
    expect(JSON.stringify(stage.host.state(chatUri(ann)))).not.toContain("Mind the tests.");
  });
});
