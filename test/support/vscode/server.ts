import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ensureCodeServer } from "./codeServer.ts";
import { pathWithOwnNode, type Progress } from "../installCache.ts";
import { guardAgainstKill, killGroup, type Lifetime } from "./lifetime.ts";

export interface ServerOptions {
  /** Packed extensions, installed before the first page opens. */
  readonly vsix?: readonly string[];
  /** User settings, over the harness's own. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Reaches the extension host. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a free one. */
  readonly port?: number;
  /** Built-in extensions to leave out, by id. */
  readonly skipBuiltin?: readonly string[];
  /** Further arguments of the server, such as those that say where its agent host is. */
  readonly args?: readonly string[];
  /** Begins the names of the log files. */
  readonly name?: string;
  /** Where `logs/` goes. */
  readonly outputDir: string;
  readonly onProgress?: Progress;
}

export interface VsCodeServer {
  readonly port: number;
  readonly token: string;
  /** VS Code's version. */
  readonly version: string;
  /** Holds everything of this run; removed with it. */
  readonly tempDir: string;
  /** The server's data: `data/User/settings.json`, `extensions`, `data/logs`. */
  readonly dataDir: string;
}

/** Nothing that asks, updates, recommends or phones home; no chat bar; no walkthrough over the page. */
const quietSettings = {
  "chat.disableAIFeatures": true,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "git.openRepositoryInParentFolders": "never",
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "window.autoDetectColorScheme": true,
  "workbench.enableExperiments": false,
  "workbench.preferredDarkColorTheme": "Dark Modern",
  "workbench.preferredLightColorTheme": "Light Modern",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

/**
 * Starts VS Code's server on loopback in its own process group, with an empty profile in a temporary folder. All of it
 * ends with `lifetime`. Rejects with the end of the server's output when it does not come up.
 */
export async function startServer(lifetime: Lifetime, options: ServerOptions): Promise<VsCodeServer> {
  const codeServer = await ensureCodeServer(options.onProgress);
  const tempDir = await realpath(await mkdtemp(path.join(tmpdir(), "muster-vscode-")));
  lifetime.defer(() => rm(tempDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const dataDir = path.join(tempDir, "data");
  const logs = path.join(options.outputDir, "logs");
  const name = options.name ?? "vscode";
  await mkdir(logs, { recursive: true });
  await writeSettings(dataDir, options.settings ?? {});
  lifetime.defer(() =>
    cp(path.join(dataDir, "data", "logs"), path.join(logs, `${name}-vscode`), { recursive: true }).catch(() => {}),
  );

  const token = randomBytes(16).toString("hex");
  const install = (options.vsix ?? []).flatMap((file) => ["--install-extension", path.resolve(file)]);
  const loopback = ["--host", "127.0.0.1", "--port", String(options.port ?? 0), "--connection-token", token];
  const profile = ["--server-data-dir", dataDir, "--telemetry-level", "off", "--accept-server-license-terms"];
  const quiet = ["--disable-workspace-trust", "--disable-update-check", "--reconnection-grace-time", "30"];
  const child = spawn(
    process.execPath,
    [
      `--import=${pathToFileURL(path.join(import.meta.dirname, "native", "serverKey.mjs")).href}`,
      codeServer.serverMain,
      ...loopback,
      ...profile,
      ...quiet,
      ...(options.args ?? []),
      ...(install.length > 0 ? ["--start-server", "--force", ...install] : []),
    ],
    { stdio: ["ignore", "pipe", "pipe"], detached: true, env: serverEnvironment(options, tempDir) },
  );
  const log = createWriteStream(path.join(logs, `${name}-server.log`));
  let output = "";
  const { promise: listening, resolve, reject } = Promise.withResolvers<number>();
  const hear = (chunk: Buffer) => {
    log.write(chunk);
    output = (output + chunk.toString("utf8")).slice(-20_000);
    const port = /listening on (\d+)/.exec(output)?.[1];
    if (port !== undefined) resolve(Number(port));
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  child.on("error", reject);
  const exited = new Promise<void>((done) => child.on("exit", () => done()));
  child.on("exit", (code, signal) => {
    reject(new Error(`VS Code's server ended (${code ?? signal}) before it was ready:\n${output.slice(-2_000)}`));
  });
  const { pid } = child;
  if (pid !== undefined) {
    const release = guardAgainstKill(pid, tempDir);
    lifetime.defer(async () => {
      killGroup(pid);
      release();
      await exited;
      log.end();
    });
  }
  return { port: await listening, token, version: codeServer.version, tempDir, dataDir };
}

/** The workbench's user settings are a file of the server. */
export async function writeSettings(dataDir: string, settings: Readonly<Record<string, unknown>>): Promise<void> {
  const user = path.join(dataDir, "data", "User");
  await mkdir(user, { recursive: true });
  await writeFile(path.join(user, "settings.json"), JSON.stringify({ ...quietSettings, ...settings }, undefined, 2));
}

function serverEnvironment(options: ServerOptions, tempDir: string): NodeJS.ProcessEnv {
  // Started from a terminal inside VS Code, the outer one's variables would steer the inner one.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$)/.test(name));
  return {
    ...Object.fromEntries(inherited),
    PATH: pathWithOwnNode(),
    TMPDIR: tempDir,
    // VS Code keeps a device id and a typings cache there.
    XDG_CACHE_HOME: path.join(tempDir, "cache"),
    VSCODE_SKIP_BUILTIN_EXTENSIONS: ["GitHub.copilot-chat", ...(options.skipBuiltin ?? [])].join(","),
    ...options.env,
  };
}
