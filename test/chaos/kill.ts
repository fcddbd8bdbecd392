import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { silentLogger } from "../../src/base/logger.ts";
import { parseStoredRecord } from "../../src/host/channels/storedRecord.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import type { StateAction } from "../../src/protocol/actions.ts";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { HostDirectory, type HostProcess } from "../host/hostProcess.ts";
import { failureOf, remoteRepository, watch } from "../host/sessionFixture.ts";
import { WireClient } from "../host/wireClient.ts";
import { Dice } from "../support/dice.ts";
import { sampleAgentConfig } from "../support/sampleAgent/sampleAgentConfig.ts";
import { type Acknowledged, checkLog, nothingSeen, type SeenPrefix } from "./ledger.ts";
import { isResumable, Load } from "./load.ts";
import type { ChaosOptions, ChaosReport } from "./report.ts";
import { within } from "./report.ts";

/** How long all sessions together may take to come to rest, when the machine is busy with nothing else: */
const patienceMs = 60_000;
/** and for each of them. */
const patienceOfSessionMs = 2_000;

/** What happens to a host that works, in the end of each run. */
export interface Fault {
  /** A run lasts until a client has seen fewer envelopes than this, at random, */
  readonly frames: number;
  /** or for this long. */
  readonly ms: number;
  /** The host does not survive it. Otherwise its clients do not. */
  readonly isFatal: boolean;
  /** Does it, and answers with what is wrong with how the host took it. */
  strike(host: HostProcess, clients: readonly WireClient[]): Promise<readonly string[]>;
}

export const fatal = { frames: 120, ms: 4_000, isFatal: true } as const;

/** As the operating system or a power cut would. */
export function kill(options: ChaosOptions): Promise<ChaosReport> {
  const strike = async (host: HostProcess) => {
    await host.kill();
    return [];
  };
  return runs(options, { ...fatal, strike });
}

/**
 * Lets a fault strike a working host at random moments and, if that was its end, starts it again on the same data. Each
 * time: nothing that a client was told is lost, doubled or changed, every interrupted turn is a failure that can be resumed
 * and is resumed, nothing was pushed that was not asked for.
 */
export async function runs(options: ChaosOptions, fault: Fault): Promise<ChaosReport> {
  const scene = await Scene.open(options, fault);
  const until = performance.now() + (options.minutes ?? 0) * 60_000;
  const isOver = (run: number) =>
    options.minutes === undefined ? run > options.runs : run > 1 && performance.now() > until;
  try {
    for (let run = 1; !isOver(run); run += 1) {
      await scene.run(run);
      if (run % 10 === 0) options.note(`${run} runs: ${scene.problems.length} problems`);
    }
  } catch (error) {
    scene.problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    await scene.close();
  }
  return { problems: scene.problems, summary: scene.summary() };
}

class Scene {
  readonly problems: string[] = [];
  readonly #options: ChaosOptions;
  readonly #repository: Awaited<ReturnType<typeof remoteRepository>>;
  readonly #directory: HostDirectory;
  readonly #dice: Dice;
  readonly #load: Load;
  readonly #fault: Fault;
  readonly #restartMs: number[] = [];
  #host: HostProcess;
  #seen: SeenPrefix = nothingSeen;
  #told = 0;
  #interrupted = 0;

  private constructor(
    options: ChaosOptions,
    repository: Awaited<ReturnType<typeof remoteRepository>>,
    directory: HostDirectory,
    host: HostProcess,
    fault: Fault,
  ) {
    this.#options = options;
    this.#fault = fault;
    this.#repository = repository;
    this.#directory = directory;
    this.#host = host;
    this.#dice = new Dice(options.seed);
    this.#load = new Load(this.#dice, repository.remote);
  }

  static async open(options: ChaosOptions, fault: Fault): Promise<Scene> {
    const repository = await remoteRepository();
    // Every change of a branch of the remote leaves a line.
    spawnSync("git", ["-C", repository.remote, "config", "core.logAllRefUpdates", "always"]);
    const directory = new HostDirectory({
      agents: [sampleAgentConfig({ paceMs: 5 })],
      limits: { concurrentSessions: Math.max(1, options.sessions - 1) },
      repositories: { allowLocal: [repository.directory] },
      shutdown: { finishTurnsSeconds: 1 },
    });
    return new Scene(options, repository, directory, await directory.start(), fault);
  }

  async run(run: number): Promise<void> {
    const clients = [await this.#connect("editor"), await this.#connect("watcher")] as const;
    const [editor, watcher] = clients;
    await this.#settle(editor);
    for (const { refs } of this.#load.live) await watch(watcher, refs);
    const work = this.#load.run(editor, this.#options.sessions);
    const frames = editor.envelopes.length + this.#dice.below(this.#fault.frames);
    const moment = Promise.withResolvers<void>();
    const patience = setTimeout(moment.resolve, this.#fault.ms);
    await Promise.race([editor.until(() => editor.envelopes.length >= frames), moment.promise, work]);
    clearTimeout(patience);
    const atWork = this.#atWork(editor);
    const since = Math.max(0, ...editor.envelopes.map(({ serverSeq }) => serverSeq));
    const problems = await this.#fault.strike(this.#host, clients);
    this.problems.push(...problems.map((problem) => `run ${run}: ${problem}`));
    await Promise.all([work, ...clients.map((client) => client.closed)]);
    // A host that stops still hears who wants to go on.
    for (const turn of await this.#resumedSince(since)) atWork.delete(turn);
    await this.#checkLog(run, clients.map(told));
    if (this.#fault.isFatal) await this.#restart();
    await this.#checkSessions(run, this.#fault.isFatal ? atWork : new Set());
    this.#checkPushes(run);
  }

  async #restart(): Promise<void> {
    const started = performance.now();
    this.#host = await this.#directory.start();
    this.#restartMs.push(performance.now() - started);
  }

  summary(): string {
    const sorted = this.#restartMs.toSorted((a, b) => a - b);
    const median = Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0);
    const longest = Math.round(sorted.at(-1) ?? 0);
    const restarts = this.#fault.isFatal ? [`restart p50 ${median} ms, max ${longest} ms`] : [];
    const pushes = this.#load.sessions.reduce((sum, session) => sum + session.pushed.length, 0);
    return [
      `${this.#told} acknowledged envelopes in ${this.#seen.lastSeq} records`,
      `${this.#load.sessions.length} sessions`,
      `${this.#interrupted} interrupted turns, all resumable`,
      `${pushes} pushes answered`,
      ...restarts,
    ].join(", ");
  }

  async close(): Promise<void> {
    await this.#host.stop();
    this.#directory.remove();
    this.#repository.remove();
  }

  #connect(clientId: string): Promise<WireClient> {
    return WireClient.connect(this.#host.url, this.#host.token, clientId);
  }

  /** Every session goes on after what happened to it. */
  async #settle(client: WireClient): Promise<void> {
    const patience = patienceMs + patienceOfSessionMs * this.#load.live.length;
    await Promise.all(
      this.#load.live.map(async (session) => {
        await watch(client, session.refs);
        const stuck = () => {
          const { phase, queue } = client.state("fleetSession", session.refs.fleet);
          const { activeTurn, turns } = client.state("chat", session.refs.chat);
          return `session ${session.id} does not go on: ${JSON.stringify({ phase, queue, activeTurn, last: turns.at(-1) })}`;
        };
        await within(patience, this.#load.settle(client, session), stuck);
      }),
    );
  }

  /** Turns that are with their agents, as far as this client was told. */
  #atWork(client: WireClient): Set<string> {
    const held = new Map(client.held().map(({ channel, state }) => [channel, state]));
    const turns = this.#load.live.flatMap(({ refs }) => {
      const { phase } = (held.get(refs.fleet) ?? {}) as { phase?: string };
      const { activeTurn } = (held.get(refs.chat) ?? {}) as { activeTurn?: { id: string } };
      if (phase !== "working" || !activeTurn) return [];
      // After a cancelled turn the next one waits until the agent has let go: the work is not its own yet.
      const isBegin = (action: StateAction) =>
        (action.type === "chat/turnStarted" || action.type === "chat/turnResume") && action.turnId === activeTurn.id;
      const began = lastSeq(client, refs.chat, isBegin);
      const rested = lastSeq(client, refs.fleet, (action) => isPhase(action) && action.phase !== "working");
      const worked = client.envelopes.find(
        ({ channel, serverSeq, action }) => channel === refs.fleet && serverSeq > rested && isPhase(action),
      );
      return began <= (worked?.serverSeq ?? 0) ? [turnOf(refs.chat, activeTurn.id)] : [];
    });
    return new Set(turns);
  }

  async #resumedSince(after: number): Promise<readonly string[]> {
    const log = this.#openLog();
    const turns: string[] = [];
    for await (const { seq, channel, body } of log.read({ after })) {
      const stored = parseStoredRecord(seq, body);
      const action = stored.type === "action" ? stored.action : undefined;
      if (action?.type === "chat/turnResume") turns.push(turnOf(channel, action.turnId));
    }
    await log.close();
    return turns;
  }

  #openLog(): SqliteLog {
    const directory = path.join(this.#directory.path, "data");
    return SqliteLog.open({ directory, clock: systemClock, logger: silentLogger, readOnly: true });
  }

  async #checkLog(run: number, acknowledged: readonly Acknowledged[]): Promise<void> {
    const log = this.#openLog();
    const { problems, seen } = await checkLog(log, acknowledged, this.#seen);
    await log.close();
    this.#told += acknowledged.reduce((sum, client) => sum + client.envelopes.length, 0);
    this.#seen = seen;
    this.problems.push(...problems.map((problem) => `run ${run}: ${problem}`));
  }

  async #checkSessions(run: number, atWork: ReadonlySet<string>): Promise<void> {
    const client = await this.#connect("inspector");
    const { items } = (await client.request("listSessions", { channel: ROOT_URI })) as {
      items: { resource: string }[];
    };
    const listed = new Set(items.map((item) => item.resource));
    const fail = (problem: string) => this.problems.push(`run ${run}: ${problem}`);
    for (const { id, refs, isDisposeAsked, isDisposed } of this.#load.sessions) {
      if (isDisposed && listed.has(refs.session)) fail(`session ${id} was disposed of and is there`);
      if (isDisposeAsked) continue;
      if (!listed.has(refs.session)) {
        fail(`session ${id} was acknowledged and is lost`);
        continue;
      }
      const chat = await client.subscribe("chat", refs.chat);
      if (new Set(chat.turns.map((turn) => turn.id)).size !== chat.turns.length) fail(`session ${id} has a turn twice`);
      const last = chat.turns.at(-1);
      if (last?.state === "error") {
        if (failureOf(last)?.errorType === "agent.interrupted") this.#interrupted += 1;
        if (!isResumable(last)) fail(`session ${id} failed for good: ${JSON.stringify(failureOf(last))}`);
      }
      // What was with its agent when the host ended is not with it after the start: nothing runs again by itself.
      if (chat.activeTurn !== undefined && atWork.has(turnOf(refs.chat, chat.activeTurn.id))) {
        const { phase } = await client.subscribe("fleetSession", refs.fleet);
        if (phase === "working") fail(`session ${id} works without anybody having asked`);
      }
    }
    client.close();
    await client.closed;
  }

  /** The remote has what was answered, each once, and no more changes than were asked for. */
  #checkPushes(run: number): void {
    const updates = readUpdates(path.join(this.#repository.remote, "logs", "refs", "heads", "agent"));
    for (const session of this.#load.sessions) {
      const own = updates.filter((update) => update.branch.endsWith(session.id.slice(0, 8)));
      const fail = (problem: string) => this.problems.push(`run ${run}: session ${session.id} ${problem}`);
      if (own.length > session.pushesAsked) fail(`pushed ${own.length} times, asked ${session.pushesAsked} times`);
      for (const commit of new Set(session.pushed)) {
        const times = own.filter((update) => update.commit === commit).length;
        if (times !== 1) fail(`pushed ${commit} ${times} times`);
      }
    }
  }
}

function told(client: WireClient): Acknowledged {
  return { clientId: client.clientId, envelopes: client.envelopes, held: client.held() };
}

function turnOf(chat: string, turnId: string): string {
  return `${chat} ${turnId}`;
}

function isPhase(action: StateAction): action is Extract<StateAction, { type: "x-fleet/phaseChanged" }> {
  return action.type === "x-fleet/phaseChanged";
}

/** Of the latest action like this that the client got on a channel; what it got within a snapshot is before all of them. */
function lastSeq(client: WireClient, channel: string, matches: (action: StateAction) => boolean): number {
  const last = client.envelopes.findLast(
    (envelope) => envelope.channel === channel && envelope.rejectionReason === undefined && matches(envelope.action),
  );
  return last?.serverSeq ?? 0;
}

/** Every change of a branch in a bare repository, from its reflogs. */
function readUpdates(directory: string): { readonly branch: string; readonly commit: string }[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).flatMap((branch) =>
    readFileSync(path.join(directory, branch), "utf8")
      .trim()
      .split("\n")
      .map((line) => ({ branch, commit: line.split(" ")[1] ?? "" })),
  );
}
