import { describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import type { Caller } from "../../../../src/host/gateway/hostApi.ts";
import { refsOf } from "../../../../src/host/sessions/sessionRefs.ts";
import { UpdateTrains, type UpdateTrainsPorts } from "../../../../src/host/sessions/updateTrains.ts";
import { emptyForecast } from "../../../../src/protocol/fleetConflicts.ts";
import type { ResultOf } from "../../../../src/protocol/methods.ts";
import { fleetConflictsUri } from "../../../../src/protocol/uris.ts";
import { FakeClock, settle } from "../../../support/fakeClock.ts";
import { memoryDisk, MemoryLog } from "../../../support/memoryLog.ts";
import { aState } from "../../protocol/builders.ts";

type Run = Awaited<ReturnType<UpdateTrainsPorts["runOf"]>>;
type Updated = ResultOf<"x-fleet/updateFromBase">;

const repository = "https://git.example/a.git";
const track = fleetConflictsUri(repository);
const [ann, bob, cat, dan] = ["aaaaaaaa", "bbbbbbbb", "cccccccc", "dddddddd"].map((id) => `ahp-session:/${id}`) as [
  string,
  string,
  string,
  string,
];
const caller: Caller = {
  principal: "ann",
  role: "operator",
  sessions: "own",
  clientId: "c",
  archivesFirst: false,
  makesDrafts: false,
};
const checkpoint = {
  id: "5",
  turnId: "",
  commit: "c",
  tree: "t",
  createdAt: "2026-01-01T00:00:00Z",
  files: 0,
  additions: 0,
  deletions: 0,
};
const updated = (commits: number): Updated => ({ checkpoint, safety: "4", baseCommit: "b", commits });
const busy = () => new AppError("conflict", "It works.", { details: { isBusy: true } });
const clash = () => new AppError("conflict", "The same lines of a.ts.", { details: { files: ["a.ts"] } });

/** A host whose sessions answer when the test says so. */
async function aHost(disk = memoryDisk()) {
  const clock = new FakeClock();
  const log = new MemoryLog(clock, disk);
  const channels = new Channels({ log, logger: silentLogger });
  const asked = new Map<string, PromiseWithResolvers<Updated>>();
  const order: string[] = [];
  const acts: string[] = [];
  const runOf = async (session: string): Promise<Run> => {
    const refs = refsOf(session);
    if (!channels.isLoaded(refs.fleet) && !(await channels.load(refs.fleet))) {
      const of = session === dan ? "https://git.example/other.git" : repository;
      channels.create(refs.fleet, "fleetSession", { ...aState("fleetSession"), session, repository: of });
    }
    return {
      refs,
      updateFromBase: () => {
        order.push(session);
        const answer = Promise.withResolvers<Updated>();
        asked.set(session, answer);
        return answer.promise;
      },
      acted: ({ by }) => void acts.push(`${session} by ${by}`),
    };
  };
  let ids = 0;
  const trains = new UpdateTrains({ channels, clock, logger: silentLogger, newId: () => `t${++ids}`, runOf });
  const state = () => channels.state("fleetConflicts", track)?.train;
  return {
    disk,
    log,
    order,
    acts,
    channels,
    trains,
    states: () => state()?.stops.map((stop) => stop.state),
    train: state,
    start: async (...[first = ann, ...others]: readonly string[]) => {
      const answer = await trains.methods["x-fleet/startTrain"]({ channel: first, others: [...others] }, caller);
      await settle();
      return answer.train;
    },
    stop: () => trains.methods["x-fleet/stopTrain"]({ channel: ann }, caller),
    answer: async (session: string, answer: Updated | AppError) => {
      if (answer instanceof AppError) asked.get(session)?.reject(answer);
      else asked.get(session)?.resolve(answer);
      await settle();
    },
  };
}

describe("a train of updates", () => {
  it("goes in the order of merging, one at a time, and tells what became of each", async () => {
    const host = await aHost();
    const forecast = { ...emptyForecast("git.example/a", ""), mergeOrder: [cat, ann, bob] };
    host.channels.create(track, "fleetConflicts", forecast);
    await host.start(ann, bob, cat, ann);
    expect([host.order, host.states()]).toEqual([[cat], ["updating", "waiting", "waiting"]]);
    await host.answer(cat, updated(2));
    await host.answer(ann, busy());
    await host.answer(bob, updated(0));
    expect(host.train()).toMatchObject({
      by: "ann",
      stops: [
        { session: cat, state: "updated", commits: 2, safety: "4" },
        { session: ann, state: "busy", message: "It works." },
        { session: bob, state: "current" },
      ],
      endedAt: expect.any(String),
    });
    expect(host.acts).toEqual([`${cat} by ann`]);
  });

  it("ends at the first that can't be updated, and leaves the others as they are", async () => {
    const host = await aHost();
    await host.start(ann, bob, cat);
    await host.answer(ann, clash());
    expect(host.train()).toMatchObject({
      stops: [{ state: "refused", message: "The same lines of a.ts." }, { state: "left" }, { state: "left" }],
      endedAt: expect.any(String),
    });
    expect(host.order).toEqual([ann]);
  });

  it("is stopped before its next stop", async () => {
    const host = await aHost();
    await host.stop();
    await host.start(ann, bob);
    await host.stop();
    await host.answer(ann, updated(1));
    expect(host.states()).toEqual(["updated", "left"]);
  });

  it("goes on after a restart of the host, from where it was", async () => {
    const host = await aHost();
    await host.start(ann, bob, cat);
    await host.answer(ann, updated(1));
    host.trains.dispose();
    await host.answer(bob, new AppError("cancelled", "The host ends."));
    expect(host.states()).toEqual(["updated", "updating", "waiting"]);
    await host.log.close();
    const again = await aHost(host.disk);
    await again.trains.resume([repository, "https://git.example/unknown.git"]);
    await settle();
    await again.answer(bob, updated(0));
    await again.answer(cat, updated(3));
    expect([again.order, again.states()]).toEqual([
      [bob, cat],
      ["updated", "current", "updated"],
    ]);
    await again.trains.resume([repository]);
    expect(again.order).toHaveLength(2);
  });

  it("is one at a time for a repository, of that repository alone", async () => {
    const host = await aHost();
    await host.start(ann, bob);
    await expect(host.start(cat)).rejects.toMatchObject({ code: "conflict" });
    await expect(host.start(ann, dan)).rejects.toMatchObject({ code: "request.invalid" });
    await expect(
      host.start(...Array.from({ length: 201 }, (_, index) => `ahp-session:/session-${index}`)),
    ).rejects.toMatchObject({
      code: "request.invalid",
    });
    await host.answer(ann, updated(1));
    await host.answer(bob, updated(1));
    await expect(host.start(cat)).resolves.toMatchObject({ id: "t2" });
  });
});
