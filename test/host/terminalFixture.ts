import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { AhpClient } from "../../src/client/ahpClient.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { dialWebSocket } from "../../src/extension/hosts/wsTransport.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import type { ParamsOf } from "../../src/protocol/methods.ts";
import type { Transport } from "../../src/protocol/jsonrpc.ts";
import type { TerminalState } from "../../src/protocol/terminal.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import { createSession, hostConfig, remoteRepository } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

export const sessionId = "abcdef01-term-0000";
export const session = `ahp-session:/${sessionId}`;
const claim = { kind: "session", session } as const;

/** A host process with one session whose workspace is ready, and terminals in it. */
export class TerminalFixture {
  readonly #repository: Awaited<ReturnType<typeof remoteRepository>>;
  readonly #directory: HostDirectory;
  readonly #clients: AhpClient[] = [];
  #host: HostProcess;
  #wire: WireClient;
  #opened = 0;

  private constructor(
    repository: Awaited<ReturnType<typeof remoteRepository>>,
    directory: HostDirectory,
    host: HostProcess,
    wire: WireClient,
  ) {
    this.#repository = repository;
    this.#directory = directory;
    this.#host = host;
    this.#wire = wire;
  }

  static async start(config: object = {}): Promise<TerminalFixture> {
    const repository = await remoteRepository();
    const directory = new HostDirectory({ ...hostConfig(repository.directory), ...config });
    const host = await directory.start();
    const wire = await WireClient.connect(host.url, host.token);
    const all = await createSession(wire, sessionId, "sample", repository.remote);
    await wire.until(() => wire.state("fleetSession", all.fleet).phase === "ready");
    return new TerminalFixture(repository, directory, host, wire);
  }

  get host(): HostProcess {
    return this.#host;
  }

  /** A raw client: the latest host's. */
  get wire(): WireClient {
    return this.#wire;
  }

  get dataDirectory(): string {
    return `${this.#directory.path}/data`;
  }

  /** As after a power cut. */
  async killAndRestart(): Promise<void> {
    await this.#host.kill();
    this.#host = await this.#directory.start();
    this.#wire = await WireClient.connect(this.#host.url, this.#host.token);
  }

  /** Opens a terminal and watches it. Its shell has shown its prompt. */
  async open({ channel, ...params }: Partial<ParamsOf<"createTerminal">> = {}): Promise<Terminal> {
    this.#opened += 1;
    const uri = channel ?? `ahp-terminal:/${sessionId}/terminal-${this.#opened}`;
    const terminal = new Terminal(this.#wire, uri);
    await this.#wire.request("createTerminal", { channel: uri, claim, cols: 100, rows: 30, ...params });
    await this.#wire.subscribe("terminal", terminal.uri);
    await terminal.until((state) => textOf(state).length > 0);
    return terminal;
  }

  /** The product's own client, whose connection can be cut. */
  client(clientId: string): { readonly client: AhpClient; readonly cut: () => void } {
    let transport: Transport | undefined;
    const client = new AhpClient({
      dial: async (attempt) => {
        transport = await dialWebSocket(this.#host.url, this.#host.token, attempt, silentLogger);
        return transport;
      },
      clientId,
      clientInfo: { name: "muster-test", version: "0" },
      clock: systemClock,
      random: () => 0,
      logger: silentLogger,
    });
    this.#clients.push(client);
    client.connect();
    return { client, cut: () => transport?.close() };
  }

  async dispose(): Promise<void> {
    for (const client of this.#clients) client.dispose();
    this.#wire.close();
    await this.#host.stop();
    this.#directory.remove();
    this.#repository.remove();
  }
}

/** One terminal as a person at a keyboard has it. */
export class Terminal {
  readonly uri: string;
  readonly #wire: WireClient;

  constructor(wire: WireClient, uri: string) {
    this.#wire = wire;
    this.uri = uri;
  }

  get state(): TerminalState {
    return this.#wire.state("terminal", this.uri);
  }

  type(text: string): void {
    this.#wire.dispatch(this.uri, { type: "terminal/input", data: text });
  }

  async until(isSo: (state: TerminalState) => boolean): Promise<void> {
    await this.#wire.until(() => isSo(this.state));
  }

  /**
   * What a command prints. Its end is a line that the command line does not hold, so that its echo is not taken for it;
   * what is told may begin with the end of the echo.
   */
  async run(command: string): Promise<string> {
    const from = textOf(this.state).length;
    this.type(`${command}; echo E''ND\r`);
    await this.until((state) => textOf(state).slice(from).includes("END\r\n"));
    const said = textOf(this.state).slice(from);
    // Without the end of bash's bracketed paste, with which it answers every line.
    return said.slice(said.indexOf("\n") + 1, said.indexOf("END\r\n")).replaceAll("\x1b[?2004l\r", "");
  }
}

export function textOf(state: TerminalState | undefined): string {
  return (state?.content ?? []).map((part) => (part.type === "unclassified" ? part.value : "")).join("");
}

/** Whether a process runs; one that only waits to be reaped does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** How many processes of this machine were started with just these words. */
export function countRunning(...command: readonly string[]): number {
  const wanted = command.map((word) => `${word}\0`).join("");
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8") === wanted && isRunning(Number(pid));
    } catch {
      return false;
    }
  }).length;
}

/** What a process has open. */
export function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

/** Bytes, the most that a process has had in memory. */
export function peakMemory(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}
