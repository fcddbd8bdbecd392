import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import { emptyForecast } from "../../protocol/fleetConflicts.ts";
import type { FleetTrain, TrainStop } from "../../protocol/fleetTrain.ts";
import { fleetConflictsUri, parseFleetConflictsUri } from "../../protocol/uris.ts";
import type { Channels } from "../channels/channels.ts";
import type { FleetHandlers } from "../gateway/hostApi.ts";
import type { SessionRun } from "./sessionRun.ts";

export interface UpdateTrainsPorts {
  readonly channels: Channels;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  /** Brings the session into memory. Throws for a URI that names none. */
  readonly runOf: (session: string) => Promise<Pick<SessionRun, "refs" | "updateFromBase" | "acted">>;
}

const maxStops = 200;

/**
 * Sessions of a repository that are updated from their base one after the other. A train goes on without the client that
 * started it, and after a restart of the host: where it is, its repository's forecast channel tells. It ends at the first
 * session that can't be updated, and passes over those that work.
 */
export class UpdateTrains implements Disposable {
  readonly #ports: UpdateTrainsPorts;
  /** By the channel of the forecast. */
  readonly #going = new Map<string, { isStopped: boolean }>();
  #isDisposed = false;

  constructor(ports: UpdateTrainsPorts) {
    this.#ports = ports;
  }

  readonly methods: Pick<FleetHandlers, "x-fleet/startTrain" | "x-fleet/stopTrain"> = {
    "x-fleet/startTrain": async ({ channel, others }, { principal }) => ({
      train: await this.#start(channel, others, principal),
    }),
    "x-fleet/stopTrain": async ({ channel }) => {
      const going = this.#going.get(await this.#trackOf(channel));
      if (going) going.isStopped = true;
      return {};
    },
  };

  /** Goes on with what was under way when the host ended. @param repositories their addresses */
  async resume(repositories: Iterable<string>): Promise<void> {
    const { channels } = this.#ports;
    for (const track of new Set(Array.from(repositories, fleetConflictsUri))) {
      if (this.#isDisposed || !(await channels.load(track))) continue;
      const train = channels.state("fleetConflicts", track)?.train;
      if (train && train.endedAt === undefined) void this.#go(track, train);
    }
  }

  dispose(): void {
    this.#isDisposed = true;
  }

  async #start(first: string, others: readonly string[], by: string): Promise<FleetTrain> {
    const { channels, clock, newId } = this.#ports;
    channels.assertTakesWork();
    const track = await this.#trackOf(first);
    const sessions = Array.from(new Set([first, ...others]));
    if (sessions.length > maxStops) {
      throw new AppError("request.invalid", `At most ${maxStops} agents can be updated at once.`);
    }
    for (const session of sessions) {
      if ((await this.#trackOf(session)) !== track) {
        throw new AppError("request.invalid", "The agents work on different repositories: update each by itself.");
      }
    }
    const now = new Date(clock.now()).toISOString();
    if (!(await channels.load(track)))
      channels.create(track, "fleetConflicts", emptyForecast(parseFleetConflictsUri(track) ?? "", now));
    if (this.#going.has(track)) {
      throw new AppError(
        "conflict",
        "Agents of this repository are being updated already. Wait until that is done, or stop it.",
      );
    }
    const { mergeOrder = [] } = channels.state("fleetConflicts", track) ?? {};
    const place = (session: string) => (mergeOrder.includes(session) ? mergeOrder.indexOf(session) : mergeOrder.length);
    const ordered = sessions.toSorted((a, b) => place(a) - place(b));
    const stops = ordered.map((session): TrainStop => ({ session, state: "waiting" }));
    const train = { id: newId(), by, stops, startedAt: now };
    channels.dispatch(track, { type: "x-fleet/trainChanged", train });
    void this.#go(track, train);
    return train;
  }

  async #go(track: string, train: FleetTrain): Promise<void> {
    const going = { isStopped: false };
    this.#going.set(track, going);
    let { stops } = train;
    const tell = async (changed: TrainStop, endedAt?: string) => {
      stops = stops.map((stop) => (stop.session === changed.session ? changed : stop));
      await this.#tell(track, { ...train, stops, ...(endedAt !== undefined && { endedAt }) });
    };
    try {
      for (const { session, state } of stops) {
        if (going.isStopped) break;
        // One that was under way when the host ended is there already, or was not begun.
        if (state !== "waiting" && state !== "updating") continue;
        await tell({ session, state: "updating" });
        const reached = await this.#update(session, train.by);
        if (this.#isDisposed) return;
        await tell(reached);
        going.isStopped ||= reached.state === "refused";
      }
      const left = (stop: TrainStop): TrainStop => (stop.state === "waiting" ? { ...stop, state: "left" } : stop);
      const endedAt = new Date(this.#ports.clock.now()).toISOString();
      await this.#tell(track, { ...train, stops: stops.map(left), endedAt });
    } catch (error) {
      this.#ports.logger.warn("a train of updates was given up", { error: String(error) });
    } finally {
      this.#going.delete(track);
    }
  }

  async #update(session: string, by: string): Promise<TrainStop> {
    try {
      const run = await this.#ports.runOf(session);
      const { commits, safety, checkpoint } = await run.updateFromBase({}, () => {});
      if (commits === 0) return { session, state: "current" };
      run.acted({ act: "recorded", on: checkpoint.id, by });
      return { session, state: "updated", commits, safety };
    } catch (error) {
      const failure = AppError.from(error, "Couldn't update the agent");
      const state = failure.details["isBusy"] === true ? "busy" : "refused";
      return { session, state, message: failure.message };
    }
  }

  async #tell(track: string, train: FleetTrain): Promise<void> {
    const { channels } = this.#ports;
    if (!this.#isDisposed && (await channels.load(track)))
      channels.dispatch(track, { type: "x-fleet/trainChanged", train });
  }

  async #trackOf(session: string): Promise<string> {
    const { refs } = await this.#ports.runOf(session);
    return fleetConflictsUri(this.#ports.channels.state("fleetSession", refs.fleet)?.repository ?? "");
  }
}
