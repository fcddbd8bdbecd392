import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { hostMain } from "../support/hostPrograms.ts";

/** What agents do is what these tests look at; those of the isolation choose it themselves. */
const unconfined = { isolation: "none" };

/** A data directory with a configuration, on which hosts are started one after the other. */
export class HostDirectory {
  readonly path: string;
  /** Variables that the next hosts get besides those of the tests. */
  env: Readonly<Record<string, string>> = {};

  constructor(config: object) {
    this.path = mkdtempSync(path.join(tmpdir(), "muster-host-"));
    writeFileSync(path.join(this.path, "config.json"), JSON.stringify({ ...unconfined, ...config }));
  }

  configure(config: object): void {
    writeFileSync(path.join(this.path, "config.json"), JSON.stringify({ ...unconfined, ...config }));
  }

  /** The owner's. */
  get tokenFile(): string {
    return path.join(this.path, "token");
  }

  /** A real host process, ready to be connected to. */
  async start(...extra: readonly string[]): Promise<HostProcess> {
    const data = path.join(this.path, "data");
    const args = [
      hostMain,
      "serve",
      "--data",
      data,
      "--port",
      "0",
      "--config",
      path.join(this.path, "config.json"),
      "--token-file",
      this.tokenFile,
      ...extra,
    ];
    const env = { ...process.env, ...this.env };
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const lines = createInterface({ input: child.stdout });
    const line = await Promise.race([
      once(lines, "line").then(([text]) => String(text)),
      once(child, "exit").then(([code]) => {
        throw new Error(`The host ended with ${String(code)}: ${stderr}`);
      }),
    ]);
    const { url } = JSON.parse(line) as { url: string };
    return new HostProcess(child, url, readFileSync(this.tokenFile, "utf8").trim(), () => stderr);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class HostProcess {
  readonly #child: ChildProcess;
  readonly url: string;
  readonly token: string;
  readonly stderr: () => string;

  constructor(child: ChildProcess, url: string, token: string, stderr: () => string) {
    this.#child = child;
    this.url = url;
    this.token = token;
    this.stderr = stderr;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves at the next piece of what it writes to standard error. */
  async nextWords(): Promise<void> {
    if (this.#child.stderr) await once(this.#child.stderr, "data");
  }

  /** The signal that ended it, or its exit code, once it has ended. */
  async ended(): Promise<NodeJS.Signals | number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
    return this.#child.signalCode ?? this.#child.exitCode;
  }

  /** As the operating system or a power cut would: no signal handler runs. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** The exit code after a polite request. */
  async stop(): Promise<number | null> {
    await this.#end("SIGTERM");
    return this.#child.exitCode;
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill(signal);
    await exited;
  }
}
