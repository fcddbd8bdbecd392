import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import { type Disposable, Disposables } from "../../src/base/disposables.ts";
import type { Logger } from "../../src/base/logger.ts";
import { AhpClient } from "../../src/client/ahpClient.ts";
import type { ChannelHandle } from "../../src/client/client.ts";
import type { ConnectionState } from "../../src/client/connectionState.ts";
import { hostDial } from "../../src/extension/hosts/hostDial.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import type { ChatState } from "../../src/protocol/chatState.ts";
import type { Transport } from "../../src/protocol/jsonrpc.ts";
import type { SessionState } from "../../src/protocol/sessionState.ts";
import { chatUri } from "../../src/protocol/uris.ts";
import { TestRepository } from "../support/repositories/testRepository.ts";
import { startVsCodeAgentHost, type VsCodeAgentHost, whyNoAgentHost } from "../support/vscode/agentHost.ts";

const missing = await whyNoAgentHost();

/** The one agent that the host offers without an account. */
export const provider = "copilotcli";

/** What a suite works with, from its `beforeAll` on. */
export interface Scene {
  readonly fixture: AgentHostFixture;
  /** Connected, and with the host's list of sessions. */
  readonly client: AhpClient;
  /** `file:` URI of a git work tree on the host. */
  readonly folder: string;
}

/**
 * A suite against an agent host of VS Code of its own. Where that can't be had, one skipped test says why. What a client
 * of the suite could not read of the host's messages makes the suite fail. `env` is asked for when the host starts.
 */
export function describeAgentHost(
  name: string,
  body: (scene: Scene) => void,
  env?: () => Promise<Readonly<Record<string, string>>>,
): void {
  describe(`VS Code's agent host: ${name}`, () => {
    if (missing !== undefined) {
      it.skip(`can't be started here, so nothing of this is tested: ${missing}`, () => undefined);
      return;
    }
    const scene: { fixture?: AgentHostFixture; client?: AhpClient; folder?: string } = {};
    beforeAll(async () => {
      scene.fixture = await AgentHostFixture.start(name.replaceAll(/\W+/g, "-"), await env?.());
      scene.folder = (await scene.fixture.repository()).uri;
      scene.client = await scene.fixture.connected();
    });
    afterAll(async () => {
      await scene.fixture?.dispose();
      expect(scene.fixture?.complaints).toEqual([]);
    });
    // Complete whenever a test runs.
    body(scene as Scene);
  });
}

export interface Seat {
  /** Default: the host's own. */
  readonly port?: number;
  readonly token?: string | undefined;
  readonly clock?: Clock;
  /** Sees, and may change, what passes. */
  readonly tap?: (frame: string, from: "client" | "host") => string;
}

export interface Session {
  readonly uri: string;
  readonly session: ChannelHandle<SessionState>;
  readonly chat: ChannelHandle<ChatState>;
}

/** A host, the clients that look at it, and what they complained about. */
export class AgentHostFixture {
  readonly host: VsCodeAgentHost;
  /** All that a client logged as a warning or an error. */
  readonly complaints: string[] = [];
  readonly #clients = new Disposables();
  #count = 0;

  private constructor(host: VsCodeAgentHost) {
    this.host = host;
  }

  static async start(name: string, env: Readonly<Record<string, string>> = {}): Promise<AgentHostFixture> {
    return new AgentHostFixture(await startVsCodeAgentHost({ name: `agent-host-${name}`, env }));
  }

  /** A client that has not connected. It ends with the fixture. */
  client(seat: Seat = {}): AhpClient {
    const { port = this.host.port, clock = systemClock, tap } = seat;
    const token = "token" in seat ? seat.token : this.host.token;
    const logger = this.#logger;
    const dial = hostDial({ url: `ws://127.0.0.1:${port}`, token: async () => token, logger });
    const client: AhpClient = new AhpClient({
      dial: tap ? async (attempt) => tapped(await dial(attempt), tap) : dial,
      clientId: `client-${++this.#count}`,
      clientInfo: { name: "muster-test", version: "0" },
      clock,
      random: () => 0,
      logger,
    });
    return this.#clients.add(client);
  }

  async connected(seat: Seat = {}): Promise<AhpClient> {
    const client = this.client(seat);
    client.connect();
    await untilConnection(client, "live");
    await until(client.sessions.onDidChange, () => client.sessions.isCurrent);
    return client;
  }

  /** A git work tree in the host's home, with one commit of two files. */
  async repository(): Promise<{ readonly git: TestRepository; readonly uri: string }> {
    const git = await TestRepository.create(`repository-${++this.#count}`, this.host.home);
    await git.git("config", "user.name", "Muster Test");
    await git.git("config", "user.email", "muster@example.invalid");
    await git.commitSteps([{ message: "Start", files: { "a.txt": "one\n", "src/x.ts": "export const x = 1;\n" } }]);
    return { git, uri: pathToFileURL(git.path).href };
  }

  /** A file or folder in the host's home. */
  uri(...segments: string[]): string {
    return pathToFileURL(path.join(this.host.home, ...segments)).href;
  }

  async dispose(): Promise<void> {
    this.#clients.dispose();
    await this.host.dispose();
  }

  readonly #logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (message, fields) => void this.complaints.push(`${message} ${JSON.stringify(fields)}`),
    error: (message, fields) => void this.complaints.push(`${message} ${JSON.stringify(fields)}`),
    child: () => this.#logger,
  };
}

function tapped(transport: Transport, tap: NonNullable<Seat["tap"]>): Transport {
  return {
    send: (text) => transport.send(tap(text, "client")),
    close: (code, reason) => transport.close(code, reason),
    onMessage: (listener) => transport.onMessage((text) => listener(tap(text, "host"))),
    onClose: (listener) => transport.onClose(listener),
  };
}

/** Remembers the methods that a client calls. */
export function callsOf(methods: string[]): NonNullable<Seat["tap"]> {
  return (frame, from) => {
    const method: unknown = Reflect.get(JSON.parse(frame), "method");
    if (from === "client" && typeof method === "string") methods.push(method);
    return frame;
  };
}

export function newSessionUri(): string {
  return `${provider}:/${crypto.randomUUID()}`;
}

/** Creates a session in the folder, without a worktree unless `config` says so, and follows it and its chat. */
export async function newSession(
  { client, folder }: Pick<Scene, "client" | "folder">,
  config: Record<string, unknown> = {},
): Promise<Session> {
  const uri = newSessionUri();
  const params = { channel: uri, provider, workingDirectories: [folder], config: { isolation: "folder", ...config } };
  await client.request("createSession", params);
  return follow(client, uri);
}

export async function follow(client: AhpClient, uri: string): Promise<Session> {
  const session = client.subscribe("session", uri);
  const chat = client.subscribe("chat", chatUri(uri));
  await Promise.all([session.ready, chat.ready]);
  return { uri, session, chat };
}

/** Sends a prompt and waits for its turn to end, which without an account it does at once, in an error. */
export async function failTurn(client: AhpClient, { chat }: Session, turnId: string, text = "Fix it"): Promise<void> {
  await client.dispatch(chat.uri, startTurn(turnId, text));
  await untilState(chat, ({ turns, activeTurn }) => !activeTurn && turns.some(({ id }) => id === turnId));
}

export function aMessage(text: string) {
  return { text, origin: { kind: "user" as const } };
}

export function startTurn(turnId: string, text: string) {
  const startedAt = new Date().toISOString();
  return { type: "chat/turnStarted" as const, turnId, startedAt, message: aMessage(text) };
}

/** More envelopes than the host keeps for those who come back: titles of a session, the last one `Title <count - 1>`. */
export async function flood(client: AhpClient, session: string, count = 1200): Promise<void> {
  // A client has at most 1,000 actions on the way.
  for (let sent = 0; sent < count; sent += 400) {
    const titles = Array.from({ length: 400 }, (_, index) => `Title ${sent + index}`);
    await Promise.all(titles.map((title) => client.dispatch(session, { type: "session/titleChanged", title })));
  }
}

/** Resolves as soon as `isSo`; `listen` says when to look again. */
export function until(listen: (listener: () => void) => Disposable, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (isSo()) return resolve();
    const listening = listen(() => {
      if (!isSo()) return;
      listening.dispose();
      resolve();
    });
  });
}

export async function untilState<S>(handle: ChannelHandle<S>, fits: (state: S) => boolean): Promise<S> {
  const state = () => (handle.state !== undefined && fits(handle.state) ? handle.state : undefined);
  await until(handle.onDidChange, () => state() !== undefined);
  return state() as S;
}

export async function untilConnection<K extends ConnectionState["kind"]>(
  client: AhpClient,
  kind: K,
): Promise<Extract<ConnectionState, { kind: K }>> {
  await until(client.onDidChangeState, () => client.state.kind === kind);
  return client.state as Extract<ConnectionState, { kind: K }>;
}

/** Time that runs `factor` times as fast, so that what takes minutes takes seconds. */
export function fasterClock(factor: number): Clock {
  return {
    now: () => systemClock.now() * factor,
    elapsed: () => systemClock.elapsed() * factor,
    setTimeout: (callback, ms) => systemClock.setTimeout(callback, ms / factor),
  };
}
