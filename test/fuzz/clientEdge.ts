import type { AppError } from "../../src/base/appError.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { isSame } from "../../src/base/isSame.ts";
import { AhpClient } from "../../src/client/ahpClient.ts";
import type { ChannelHandle } from "../../src/client/client.ts";
import { type ChannelState, channelKind } from "../../src/protocol/reduce.ts";
import { startStates } from "../model/simulation/startStates.ts";
import { aSummary } from "../support/clientOnFakeHost.ts";
import { Dice } from "../support/dice.ts";
import { FakeClock, settle } from "../support/fakeClock.ts";
import { FakeHost } from "../support/fakeHost.ts";
import { FakeTransport } from "../support/fakeTransport.ts";
import { hostFrames } from "./corpus.ts";
import { Faults } from "./faults.ts";
import { malformed } from "./mutate.ts";
import { expectedOf } from "./oracle.ts";

const framesPerBatch = 25;
const batchesPerScene = 8;
const clientId = "client-1";
const session = "ahp-session:/session-0";
const states = startStates(session, new Date(0).toISOString());
const uris: [string, ...string[]] = ["ahp-root://", ...states.keys()];

/** Where a connection stands when its host turns hostile. */
const phases = ["greeting", "resuming", "live"] as const;
type Phase = (typeof phases)[number];

/** A client, a good host, and a connection that somebody else speaks on. */
class Scene {
  readonly #clock = new FakeClock();
  readonly #host = new FakeHost();
  readonly #client: AhpClient;
  readonly #handles: readonly ChannelHandle<ChannelState>[];
  readonly #faults: Faults;
  readonly #dispatched: Promise<unknown>[] = [];
  #dial: () => FakeTransport = () => this.#host.connect();
  #transport = this.#host.connect();
  #frame = "";

  constructor(faults: Faults) {
    this.#faults = faults;
    for (const [uri, [, state]] of states) this.#host.put(uri, state);
    this.#host.sessions.set(session, aSummary(session));
    this.#client = new AhpClient({
      dial: async () => {
        this.#transport = this.#dial();
        return this.#transport;
      },
      clientId,
      clientInfo: { name: "fuzzed" },
      clock: this.#clock,
      random: () => 0.5,
      // An error in the log is something that this client did not foresee.
      logger: {
        ...silentLogger,
        error: (text, fields) => this.#wrong(`the client says: ${text} ${JSON.stringify(fields)}`),
      },
    });
    this.#handles = Array.from(states.keys(), (uri) => this.#client.subscribe(channelKind(uri) ?? "root", uri));
    for (const { ready } of this.#handles) ready.catch(() => undefined);
  }

  async reach(phase: Phase): Promise<void> {
    const hostile = () => FakeTransport.pair()[0];
    if (phase === "greeting") this.#dial = hostile;
    this.#client.connect();
    await settle();
    if (phase === "greeting") return;
    if (phase === "live") return this.#dispatchSome();
    this.#dial = hostile;
    this.#transport.drop();
    await this.#clock.advance(1_000);
  }

  /** One batch of frames on the connection as it is. False when the client has ended it. */
  async suffer(corpus: readonly string[], dice: Dice): Promise<boolean> {
    const transport = this.#transport;
    const owed: string[] = [];
    const from = transport.sent.length;
    this.#faults.begin();
    for (let left = framesPerBatch; left > 0 && transport.isOpen; left--) {
      this.#frame = malformed(corpus, dice);
      const { id, method, isOwed } = expectedOf(this.#frame);
      if (isOwed && method !== undefined && id !== undefined) owed.push(id);
      this.#faults.take(this.#frame, () => transport.receive(this.#frame));
    }
    await settle();
    await this.#clock.advance(dice.below(3) * 400);
    const said = transport.sent.slice(from).map((text) => JSON.parse(text) as Record<string, unknown>);
    for (const message of said) this.#judge(message);
    if (!transport.isOpen || this.#client.state.kind === "waiting" || this.#client.state.kind === "refused")
      return false;
    for (const id of owed) {
      const answers = said.filter((message) => !("method" in message) && JSON.stringify(message["id"]) === id).length;
      if (answers < 1) this.#wrong(`the client owes an answer to ${id}`);
    }
    return true;
  }

  /** Whatever was sent: the client is sound, and with a good host it gets to the truth. */
  async recover(corpus: readonly string[], dice: Dice): Promise<void> {
    const { state } = this.#client;
    // The sentence of an error that the host has sent is the host's; whoever shows it makes it safe.
    if ("error" in state && !isReported(state.error)) this.#wrong(`no sentence: ${state.error.message}`);
    const old = this.#transport;
    this.#dial = () => this.#host.connect();
    this.#host.restart();
    old.drop();
    this.#client.connect();
    await this.#clock.advance(90_000);
    if (this.#client.state.kind !== "live") return this.#wrong(`the client stays ${this.#client.state.kind}`);
    this.#checkTruth("after a good host came back");
    // Nothing that arrives on a connection of the past means anything.
    old.isOpen = true;
    for (let left = 5; left > 0; left--) old.receive(malformed(corpus, dice));
    await settle();
    this.#checkTruth("after frames of the past");
    this.#client.dispose();
    await settle();
    await Promise.all(this.#dispatched);
    if (this.#clock.pending > 0) this.#wrong(`${this.#clock.pending} timers outlive the client`);
  }

  #dispatchSome(): void {
    for (const title of ["One", "Two"]) {
      const dispatched = this.#client.dispatch(session, { type: "session/titleChanged", title });
      this.#dispatched.push(dispatched.catch(() => undefined));
    }
  }

  #checkTruth(when: string): void {
    for (const { uri, status, state } of this.#handles) {
      if (status !== "live") this.#wrong(`${uri} is ${status} ${when}`);
      else if (!isSame(state, this.#host.state(uri))) this.#wrong(`${uri} is shown wrong ${when}`);
    }
    const table = Array.from(this.#client.sessions.all.values());
    if (!this.#client.sessions.isCurrent || !isSame(table, Array.from(this.#host.sessions.values()))) {
      this.#wrong(`the list of sessions is wrong ${when}`);
    }
  }

  #judge(message: Record<string, unknown>): void {
    const isRequest = typeof message["method"] === "string" && typeof message["params"] === "object";
    const isAnswer = "id" in message && "result" in message !== "error" in message;
    if (message["jsonrpc"] !== "2.0" || isRequest === isAnswer)
      this.#wrong(`the client says ${JSON.stringify(message)}`);
    if ("result" in message) this.#wrong("the client grants what a host asks of it");
  }

  #wrong(sort: string): void {
    this.#faults.add(sort, this.#frame);
  }
}

function isReported(error: AppError): boolean {
  return "rpcCode" in error.details || /^[^\n]{10,400}[.?!]$/.test(error.message);
}

/** Malformed frames at a client, before its greeting is answered, while it resumes, and while it mirrors channels. */
export async function fuzzClientEdge(frames: number, seed: number): Promise<Faults> {
  const faults = new Faults();
  const dice = new Dice(seed);
  const corpus = hostFrames(uris, clientId);
  while (faults.frames < frames) {
    const scene = new Scene(faults);
    await scene.reach(dice.pick(phases));
    for (let batch = 0; batch < batchesPerScene; batch++) if (!(await scene.suffer(corpus, dice))) break;
    await scene.recover(corpus, dice);
  }
  return faults;
}
