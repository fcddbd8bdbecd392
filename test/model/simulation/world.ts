import { assertNever } from "../../../src/base/appError.ts";
import { channelKind } from "../../../src/protocol/reduce.ts";
import { ROOT_URI } from "../../../src/protocol/uris.ts";
import { FakeClock, settle } from "../../support/fakeClock.ts";
import { clientStep } from "./clientSteps.ts";
import { CoreHost } from "./coreHost.ts";
import { Dice } from "../../support/dice.ts";
import type { Happening, Schedule } from "./happenings.ts";
import { hostStep } from "./hostSteps.ts";
import type { LinkNature } from "./link.ts";
import { SimClient } from "./simClient.ts";
import type { SimHost } from "./simHost.ts";
import { channelsOf, sessions } from "./startStates.ts";
import { VscodeLikeHost } from "./vscodeLikeHost.ts";

export type HostKind = "core" | "vscode";

const steady: LinkNature = { delayMs: () => 0, diesAfter: undefined };
/** Longer than any wait of a client: backing off, a handshake without an answer, a channel's grace. */
const restMs = 90_000;

/** One host, three clients and everything that happens between them. The first client's connection is never cut. */
export class World {
  readonly #clock = new FakeClock();
  readonly #dice: Dice;
  readonly #host: SimHost;
  readonly #clients: readonly [SimClient, ...SimClient[]];
  readonly #schedule: Schedule;
  #token = 0;

  constructor(kind: HostKind, schedule: Schedule) {
    this.#schedule = schedule;
    this.#dice = new Dice(schedule.seed);
    const { windowSize, maxQueuedBytes } = schedule;
    this.#host =
      kind === "core"
        ? new CoreHost(this.#clock, this.#dice, { maxActions: windowSize, maxQueuedBytes })
        : new VscodeLikeHost(this.#clock, this.#dice, windowSize);
    this.#clients = [this.#client("steady", () => steady), this.#client("flaky-1"), this.#client("flaky-2")];
  }

  /** Runs the whole schedule and returns what was wrong, as sentences. */
  async run(): Promise<readonly string[]> {
    await this.#host.start();
    for (const client of this.#clients) {
      client.client.connect();
      for (const { kind, uri } of channelsOf(sessions[0] ?? "").slice(0, 4)) client.open(kind, uri);
    }
    await this.#clock.advance(10);
    for (const happening of this.#schedule.happenings) {
      this.#happen(happening);
      // Without a pause the next thing happens in the same breath.
      if (happening.pauseMs > 0) await this.#clock.advance(happening.pauseMs);
      else if (this.#dice.chance(0.5)) await settle();
    }
    await this.#rest();
    const problems = [...this.#host.check(), ...this.#clients.flatMap((client) => client.check())];
    if (problems.length === 0) problems.push(...(await this.#findStrays()));
    for (const client of this.#clients) client.dispose();
    this.#host.dispose();
    return problems;
  }

  #client(name: string, nature: () => LinkNature = () => this.#flaky()): SimClient {
    return new SimClient({ name, clock: this.#clock, dice: this.#dice, host: this.#host, nature });
  }

  #flaky(): LinkNature {
    const dice = this.#dice;
    const typical = dice.pick([0, 1, 30, 300]);
    return {
      delayMs: () => (dice.chance(0.02) ? 3_000 : dice.below(typical + 1)),
      diesAfter: dice.chance(0.4) ? 1 + dice.below(25) : undefined,
    };
  }

  /** Whatever is broken is mended, and then time passes until nothing moves any more. */
  async #rest(): Promise<void> {
    this.#host.calm();
    if (!this.#host.isUp) await this.#start();
    for (const client of this.#clients) client.calm();
    await this.#clock.advance(restMs);
    for (const client of this.#clients) {
      client.link?.bury();
      client.retry();
    }
    await this.#clock.advance(restMs);
  }

  /** Nobody gets the actions of channels that nobody follows. */
  async #findStrays(): Promise<string[]> {
    for (const client of this.#clients) client.strays = 0;
    for (const uri of this.#host.history.uris) this.#act(uri, 1);
    await this.#clock.advance(1_000);
    return this.#clients.filter((client) => client.strays > 0).map((client) => `${client.strays} actions for nobody`);
  }

  async #start(): Promise<void> {
    if (!this.#host.isUp) await this.#host.start();
  }

  #happen(happening: Happening): void {
    const client = this.#clients[happening.who % this.#clients.length] ?? this.#clients[0];
    const session = sessions[happening.where % sessions.length] ?? "";
    const channels = channelsOf(session);
    const channel = channels[happening.which % channels.length]?.uri ?? ROOT_URI;
    const isSteady = client === this.#clients[0];
    switch (happening.kind) {
      case "act":
        return this.#act(happening.which === 6 ? ROOT_URI : channel, happening.choice);
      case "burst":
        for (let count = 0; count < 30; count++) this.#act(channel, happening.choice + count);
        return;
      case "dispatch":
        void client.dispatch(
          channel,
          clientStep(kindOf(channel), client.shown(channel), happening.choice, ++this.#token),
        );
        return;
      case "open":
        return client.open(kindOf(channel), channel);
      case "close":
        return client.close(channel);
      case "cut":
        return isSteady ? undefined : client.link?.cut();
      case "freeze":
        return isSteady ? undefined : client.link?.freeze();
      case "stall":
        if (isSteady) return;
        client.link?.setReading(false);
        this.#clock.setTimeout(() => client.link?.setReading(true), [10, 2_000, 12_000][happening.choice % 3] ?? 10);
        return;
      case "disconnect":
        return client.client.disconnect();
      case "connect":
        return client.client.connect();
      case "create":
        if (happening.choice % 2 === 0) return this.#host.createSession(session);
        void client.client.request("createSession", { channel: session }).catch(() => undefined);
        return;
      case "dispose":
        if (happening.choice % 2 === 0) return this.#host.disposeSession(session);
        void client.client.request("disposeSession", { channel: session }).catch(() => undefined);
        return;
      case "endHost":
        this.#host.end(happening.how);
        this.#clock.setTimeout(() => void this.#start(), [0, 500, 5_000][happening.choice % 3] ?? 0);
        return;
      default:
        return assertNever(happening);
    }
  }

  #act(uri: string, choice: number): void {
    const state = this.#host.state(uri);
    if (state === undefined) return;
    for (const action of hostStep(kindOf(uri), state, choice, ++this.#token)) this.#host.act(uri, action);
  }
}

function kindOf(uri: string) {
  return channelKind(uri) ?? "root";
}
