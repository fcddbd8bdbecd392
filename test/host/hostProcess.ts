import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/host/main.ts", import.meta.url));

/** A data directory with a configuration, on which hosts are started one after the other. */
export class HostDirectory {
  readonly path: string;

  constructor(config: object) {
    this.path = mkdtempSync(path.join(tmpdir(), "muster-host-"));
    writeFileSync(path.join(this.path, "config.json"), JSON.stringify(config));
  }

  configure(config: object): void {
    writeFileSync(path.join(this.path, "config.json"), JSON.stringify(config));
  }

  /** A real host process from source, ready to be connected to. */
  async start(...extra: readonly string[]): Promise<HostProcess> {
    const data = path.join(this.path, "data");
    const args = [
      MAIN,
      "serve",
      "--data",
      data,
      "--port",
      "0",
      "--config",
      path.join(this.path, "config.json"),
      ...extra,
    ];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const lines = createInterface({ input: child.stdout });
    const line = await Promise.race([
      once(lines, "line").then(([text]) => String(text)),
      once(child, "exit").then(([code]) => {
        throw new Error(`The host ended with ${String(code)}: ${stderr}`);
      }),
    ]);
    const ready = JSON.parse(line) as { url: string; tokenFile: string };
    return new HostProcess(child, ready.url, readFileSync(ready.tokenFile, "utf8").trim(), () => stderr);
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
