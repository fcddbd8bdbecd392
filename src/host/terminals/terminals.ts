import path from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import { META_NS } from "../../protocol/fleet.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import { RPC, RpcError } from "../../protocol/jsonrpc.ts";
import type { ParamsOf } from "../../protocol/methods.ts";
import { channelKind } from "../../protocol/reduce.ts";
import type { TerminalInfo } from "../../protocol/root.ts";
import type { TerminalClaim } from "../../protocol/terminal.ts";
import { parseTerminalUri, ROOT_URI } from "../../protocol/uris.ts";
import type { Channels, CommittedAction } from "../channels/channels.ts";
import { refuseSize, terminalLimits } from "../channels/terminalPolicy.ts";
import { endMarked } from "../offspring.ts";
import { makeHomeDirectory } from "../workspaces/environment.ts";
import type { Isolation } from "../isolation/isolation.ts";
import type { MachineMeter } from "../machine/machineMeter.ts";
import { HostTerminal } from "./hostTerminal.ts";
import type { PtySize, PtySpawner } from "./pty.ts";
import type { ScrollbackLimits } from "./scrollback.ts";
import { findShell, shellEnvironment } from "./shell.ts";
import { startDirectory } from "./startDirectory.ts";

/** The session in whose workspace a terminal opens. */
export interface TerminalPlace {
  readonly sessionId: string;
  readonly session: string;
  /** Absolute paths: the checkout, and the home that its agent has too. */
  readonly root: string;
  readonly home: string;
  /** Variables of the workspace. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface TerminalsOptions {
  readonly channels: Channels;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isolation: Isolation;
  readonly spawner: PtySpawner;
  /** The host's own, for PATH and SHELL only. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Bytes that wait to be sent to the slowest reader of a channel. */
  readonly backlogOf: (uri: string) => number;
  /** Of the log: tells this host's processes from another's. */
  readonly epoch: string;
  readonly scrollback?: ScrollbackLimits;
  /** Told of each shell that is started. */
  readonly meter?: Pick<MachineMeter, "watch">;
}

const maxTerminals = { ofSession: 20, ofHost: 100 };
const listDelayMs = 200;

/**
 * Shells of people in the workspaces of this host. Root state's `terminals` names each of them until it is disposed of,
 * and in `_meta.muster.session` the session to which it belongs; so it is also how they are found again after a restart,
 * when none of them runs any more.
 */
export class Terminals implements Disposable {
  readonly #options: TerminalsOptions;
  readonly #live = new Map<string, HostTerminal>();
  /** Every listed terminal and its session. */
  readonly #sessions = new Map<string, string>();
  readonly #opening = new Map<string, Promise<void>>();
  readonly #owned = new Disposables();
  #listTimer: Disposable | undefined;
  #isStopped = false;

  constructor(options: TerminalsOptions) {
    this.#options = options;
    this.#owned.add(options.channels.onCommitted((batch) => batch.forEach((committed) => this.#follow(committed))));
  }

  /** What ran when the last host ended has ended with it; what is left of it is ended here, and its channel says so. */
  async restore(isSession: (session: string) => boolean): Promise<void> {
    const { channels, clock, epoch, logger } = this.#options;
    for (const info of channels.state("root", ROOT_URI)?.terminals ?? []) {
      const { resource } = info;
      const session = sessionOf(info);
      if (!(await channels.load(resource))) continue;
      if (session === undefined || !isSession(session)) {
        channels.remove(resource);
        continue;
      }
      this.#sessions.set(resource, session);
      if (channels.state("terminal", resource)?.lifecycle?.status !== "running") continue;
      channels.dispatch(resource, { type: "terminal/exited" });
      void endMarked(markerOf(epoch, resource), clock).then((isAllGone) => {
        if (!isAllGone) logger.warn("a terminal's processes could not all be ended", { terminal: resource });
      });
    }
    this.#tellList();
  }

  /**
   * Opens a shell and its channel. Throws `request.invalid`, `conflict`, `limit.exceeded`, `isolation.missing`, or
   * `permission.denied` where this host can open none.
   */
  async create(params: ParamsOf<"createTerminal">, place: TerminalPlace, clientId: string): Promise<void> {
    const { channel: uri } = params;
    checkUri(uri, place);
    const size = checkedSize(params);
    const claim = checkedClaim(params.claim, clientId);
    if (this.#isStopped) throw new AppError("cancelled", "The host is stopping.");
    if (this.#opening.has(uri) || this.#sessions.has(uri)) throw alreadyExists();
    const opening = Promise.withResolvers<void>();
    this.#opening.set(uri, opening.promise);
    this.#sessions.set(uri, place.session);
    try {
      await this.#open(params, place, size, claim);
    } catch (error) {
      this.#sessions.delete(uri);
      throw error;
    } finally {
      this.#opening.delete(uri);
      opening.resolve();
    }
  }

  /** Ends the shell and all that it started, then its channel. */
  async remove(uri: string): Promise<void> {
    if (!this.#sessions.has(uri)) {
      throw new RpcError(RPC.channelNotFound, "There is no such terminal.", { [META_NS]: { code: "notFound" } });
    }
    await this.#opening.get(uri);
    await this.#live.get(uri)?.end();
    this.#live.get(uri)?.dispose();
    this.#live.delete(uri);
    if (!this.#sessions.delete(uri)) return;
    this.#options.channels.remove(uri);
    this.#tellList();
  }

  /** All of a session that ends. */
  async removeOf(session: string): Promise<void> {
    const own = Array.from(this.#sessions).filter(([, each]) => each === session);
    await Promise.all(own.map(([uri]) => this.remove(uri).catch(() => {})));
  }

  /** Ends every shell; the channels say so. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#opening.values());
    await Promise.all(Array.from(this.#live.values(), (terminal) => terminal.end()));
    this.#tellList();
    this.dispose();
  }

  dispose(): void {
    this.#listTimer?.dispose();
    for (const terminal of this.#live.values()) terminal.dispose();
    this.#owned.dispose();
  }

  async #open(
    params: ParamsOf<"createTerminal">,
    place: TerminalPlace,
    size: PtySize,
    claim: TerminalClaim,
  ): Promise<void> {
    const { channels, isolation, spawner, env, epoch, logger } = this.#options;
    const { channel: uri, name } = params;
    await this.#makeRoom(place.session);
    if (await channels.isTaken(uri)) throw alreadyExists();
    const cwd = await startDirectory(params.cwd, place.root);
    const shell = await findShell(env);
    await makeHomeDirectory(place.home, ["tmp"]);
    const plan = await isolation.plan({
      sessionId: place.sessionId,
      command: [shell],
      env: { ...place.env, ...shellEnvironment(shell, place.home, env["PATH"]) },
      root: place.root,
      home: place.home,
      cwd,
      hasTerminal: true,
    });
    const { clock, backlogOf, scrollback } = this.#options;
    const onChanged = () => this.#tellListLater();
    const title = name?.trim().slice(0, terminalLimits.titleLength) ?? "";
    const terminal = new HostTerminal(uri, title !== "", { channels, clock, backlogOf, onChanged, scrollback });
    const marker = markerOf(epoch, uri);
    const pty = await spawner.spawn({ plan, marker, ...size }, terminal).catch(async (error: unknown) => {
      await plan.box?.end();
      throw error;
    });
    terminal.attach(pty, plan.box);
    this.#options.meter?.watch(place.sessionId, { marker, cgroups: plan.box?.cgroups });
    this.#live.set(uri, terminal);
    channels.create(uri, "terminal", {
      title: title || path.basename(shell),
      cwd: pathToFileURL(cwd).href,
      ...size,
      content: [],
      lifecycle: { status: "running" },
      claim,
      isPty: true,
    });
    logger.info("terminal opened", { session: place.sessionId, isolation: isolation.kind });
    this.#tellList();
  }

  /** A session that has its number of terminals loses the oldest of those that have ended. */
  async #makeRoom(session: string): Promise<void> {
    const running = Array.from(this.#live.values()).filter((terminal) => terminal.isRunning);
    if (running.length >= maxTerminals.ofHost) {
      throw new AppError("limit.exceeded", `This host has ${maxTerminals.ofHost} terminals open. Close some of them.`);
    }
    const own = Array.from(this.#sessions.keys()).filter((uri) => this.#sessions.get(uri) === session);
    if (own.length <= maxTerminals.ofSession) return;
    const ended = own.find((uri) => !this.#opening.has(uri) && !this.#live.get(uri)?.isRunning);
    if (ended !== undefined) return await this.remove(ended);
    throw new AppError(
      "limit.exceeded",
      `This agent has ${maxTerminals.ofSession} terminals open. Close one of them first.`,
    );
  }

  /** What an action asks of the shell, once it is durable. */
  #follow({ channel, kind, action, origin, refused }: CommittedAction): void {
    if (kind !== "terminal" || origin === undefined || refused !== undefined) return;
    const terminal = this.#live.get(channel);
    if (action.type === "terminal/input") terminal?.input(action.data);
    else if (action.type === "terminal/resized") terminal?.resize(action);
    else if (action.type === "terminal/titleChanged" || action.type === "terminal/claimed") {
      if (action.type === "terminal/titleChanged") terminal?.named();
      if (this.#sessions.has(channel)) this.#tellListLater();
    }
  }

  #tellListLater(): void {
    if (this.#isStopped) return;
    this.#listTimer ??= this.#options.clock.setTimeout(() => this.#tellList(), listDelayMs);
  }

  #tellList(): void {
    const { channels } = this.#options;
    this.#listTimer?.dispose();
    this.#listTimer = undefined;
    const terminals = Array.from(this.#sessions).flatMap(([uri, session]) => this.#infoOf(uri, session) ?? []);
    if (JSON.stringify(channels.state("root", ROOT_URI)?.terminals ?? []) === JSON.stringify(terminals)) return;
    channels.dispatch(ROOT_URI, { type: "root/terminalsChanged", terminals });
  }

  #infoOf(uri: string, session: string): TerminalInfo | undefined {
    const state = this.#options.channels.state("terminal", uri);
    if (!state) return undefined;
    const { title, claim, lifecycle } = state;
    return { resource: uri, title, claim, lifecycle, _meta: { [META_NS]: { session } } };
  }
}

function markerOf(epoch: string, uri: string): string {
  return `${epoch} ${uri}`;
}

function sessionOf(info: TerminalInfo): string | undefined {
  return fleetMeta("terminal", info)?.session;
}

function alreadyExists(): RpcError {
  return new RpcError(RPC.alreadyExists, "That terminal exists already.", { [META_NS]: { code: "conflict" } });
}

/** Any address of a terminal will do, but none that says to be of another session. */
function checkUri(uri: string, place: TerminalPlace): void {
  const isTerminal = channelKind(uri) === "terminal" && uri.length <= terminalLimits.uriLength;
  if (isTerminal && (parseTerminalUri(uri)?.sessionId ?? place.sessionId) === place.sessionId) return;
  throw new AppError(
    "request.invalid",
    `A terminal of this session has the address ahp-terminal:/${place.sessionId}/ and an id that the client makes.`,
  );
}

function checkedSize({ cols = 80, rows = 24 }: { cols?: number | undefined; rows?: number | undefined }): PtySize {
  const refused = refuseSize({ cols, rows });
  if (refused !== undefined) throw new AppError("request.invalid", refused);
  return { cols, rows };
}

function checkedClaim(claim: TerminalClaim, clientId: string): TerminalClaim {
  if (claim.kind === "session" || (claim.kind === "client" && claim.clientId === clientId)) return claim;
  throw new AppError("request.invalid", "A client may claim a terminal for itself or for a session only.");
}
