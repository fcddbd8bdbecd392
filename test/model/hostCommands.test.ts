import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AppError } from "../../src/base/appError.ts";
import type { StateAction } from "../../src/protocol/actions.ts";
import { Dice } from "../support/dice.ts";
import { FakeClock } from "../support/fakeClock.ts";
import { CoreHost } from "./simulation/coreHost.ts";
import { NONCE } from "./simulation/history.ts";
import { SimClient } from "./simulation/simClient.ts";
import { channelsOf, sessions } from "./simulation/startStates.ts";

/** What should be, by session: its title, and what somebody has typed in its chat. */
interface Model {
  readonly titles: Map<string, string>;
  readonly drafts: Map<string, string>;
  /** Addresses of sessions that are or were. */
  readonly taken: Set<string>;
}

/** The host's core with three clients on it. Between two commands everything comes to rest. */
class Real {
  readonly clock = new FakeClock();
  readonly host: CoreHost;
  readonly clients: readonly SimClient[];
  nonce = 0;

  constructor() {
    const dice = new Dice(1);
    this.host = new CoreHost(this.clock, dice, { maxActions: 1_000, maxQueuedBytes: 8_000_000 });
    this.host.calm();
    const nature = () => ({ delayMs: () => 0, diesAfter: undefined });
    this.clients = ["one", "two", "three"].map(
      (name) => new SimClient({ name, clock: this.clock, dice, host: this.host, nature }),
    );
  }

  async start(): Promise<void> {
    await this.host.start();
    for (const client of this.clients) client.calm();
    await this.rest();
  }

  async rest(): Promise<void> {
    await this.clock.advance(300);
  }

  client(who: number): SimClient {
    const client = this.clients[who];
    if (client === undefined) throw new Error("There are three clients.");
    return client;
  }

  stop(): void {
    for (const client of this.clients) client.dispose();
    this.host.dispose();
  }
}

type Command = fc.AsyncCommand<Model, Real>;

function command(name: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return {
    check: () => true,
    toString: () => name,
    run: async (model, real) => {
      await run(model, real);
      await real.rest();
      expect(real.clients.flatMap((client) => client.check())).toEqual([]);
      for (const client of real.clients) {
        const titles = Array.from(client.client.sessions.all.values(), ({ resource, title }) => [resource, title]);
        expect(new Map(titles as [string, string][])).toEqual(model.titles);
      }
    },
  };
}

/** Sends an action and tells whether it was taken. */
async function taken(real: Real, who: number, uri: string, action: StateAction): Promise<boolean> {
  const outcome = real.client(who).dispatch(uri, Object.assign(action, { [NONCE]: ++real.nonce }));
  await real.rest();
  return (await outcome) === "resolved";
}

const create = (who: number, session: string) =>
  command(`${who} creates ${session}`, async ({ titles, taken: addresses }, real) => {
    const created = real.client(who).client.request("createSession", { channel: session, provider: "sample" });
    const title = `Untitled ${new Date(real.clock.now()).toISOString()}`;
    const outcome = created.then(
      () => "made",
      (error: unknown) => (error as AppError).code,
    );
    await real.rest();
    // An address is given once, also that of a session that is gone.
    expect(await outcome).toBe(addresses.has(session) ? "conflict" : "made");
    if (!addresses.has(session)) titles.set(session, title);
    addresses.add(session);
  });

const dispose = (who: number, session: string) =>
  command(`${who} disposes of ${session}`, async ({ titles, drafts }, real) => {
    const disposed = real.client(who).client.request("disposeSession", { channel: session });
    const outcome = disposed.then(
      () => "gone",
      (error: unknown) => (error as AppError).code,
    );
    await real.rest();
    expect(await outcome).toBe(titles.delete(session) ? "gone" : "notFound");
    drafts.delete(session);
  });

const rename = (who: number, session: string, title: string) =>
  command(`${who} calls ${session} "${title}"`, async ({ titles }, real) => {
    const isTaken = await taken(real, who, session, { type: "session/titleChanged", title });
    expect(isTaken).toBe(titles.has(session) && title !== "");
    if (isTaken) titles.set(session, title);
  });

const draft = (who: number, session: string, text: string) =>
  command(`${who} drafts in ${session}`, async ({ titles, drafts }, real) => {
    const chat = channelsOf(session)[1]?.uri ?? "";
    const message = { text, origin: { kind: "user" } };
    const isTaken = await taken(real, who, chat, { type: "chat/draftChanged", draft: message });
    expect(isTaken).toBe(titles.has(session));
    if (isTaken) drafts.set(session, text);
  });

const follow = (who: number, session: string) =>
  command(`${who} opens ${session}`, async ({ titles, drafts }, real) => {
    const client = real.client(who);
    for (const { kind, uri } of channelsOf(session).slice(0, 2)) client.open(kind, uri);
    await real.rest();
    const chat = client.shown(channelsOf(session)[1]?.uri ?? "") as { draft?: { text: string } } | undefined;
    if (titles.has(session)) expect(chat?.draft?.text).toBe(drafts.get(session));
  });

const unfollow = (who: number, session: string) =>
  command(`${who} closes ${session}`, async (_model, real) => {
    for (const { uri } of channelsOf(session)) real.client(who).close(uri);
    // Longer than a channel is kept for somebody who comes back.
    await real.clock.advance(31_000);
  });

const arbitraryCommand = fc
  .record({
    who: fc.nat(2),
    session: fc.constantFrom(...sessions),
    text: fc.constantFrom("", "A", "B", "C"),
    what: fc.nat(6),
  })
  .map(({ who, session, text, what }): Command => {
    const commands = [
      create(who, session),
      dispose(who, session),
      rename(who, session, text),
      draft(who, session, text),
      follow(who, session),
      unfollow(who, session),
    ];
    return commands[what] ?? follow(who, session);
  });

/** `MUSTER_PROPERTY_RUNS` is for all properties together; a sequence of commands takes longer than a schedule. */
const runs = Number(process.env["MUSTER_PROPERTY_RUNS"] ?? 2000);

describe("FUZ-7: three clients on one host", () => {
  it("see what a plain map says, whatever they do in whatever order", { timeout: 600_000 }, async () => {
    const holds = fc.asyncProperty(
      fc.commands([arbitraryCommand], { maxCommands: 25, size: "max" }),
      async (commands) => {
        const real = new Real();
        await real.start();
        const titles = new Map(real.host.list().map(({ resource, title }) => [resource, title]));
        const model = { titles, drafts: new Map<string, string>(), taken: new Set(titles.keys()) };
        await fc.asyncModelRun(() => ({ model, real }), commands);
        real.stop();
      },
    );
    await fc.assert(holds, { numRuns: Math.ceil(runs * 0.15), seed: 1 });
  });
});
