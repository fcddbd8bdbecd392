import path from "node:path";
import { installCacheDirectory, installOnce, npmInstall, type Progress } from "../installCache.ts";
import { compileCache } from "../compileCache.ts";

/** The two published agents that the suites drive, pinned: their wire behaviour is part of what is tested. */
const AGENT_VERSIONS = {
  "@zed-industries/codex-acp": "0.16.0",
  "@google/gemini-cli": "0.61.0",
} as const;

/** One entry of the `agents` list in the host's config file. `${home}`, `${workspace}` and `${sessionId}` are the host's to expand. */
export interface AgentConfig {
  readonly id: string;
  readonly displayName: string;
  readonly description?: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Written into the agent's home before it starts; a value that is not text is written as JSON. */
  readonly files: Readonly<Record<string, unknown>>;
  readonly models?: readonly { readonly id: string; readonly name: string }[];
  /** It makes name spaces of its own for its commands. */
  readonly hasOwnSandbox?: boolean;
  /** The mode that the host switches the agent to. */
  readonly mode?: string;
}

export interface RealAgents {
  readonly codex: AgentConfig;
  readonly gemini: AgentConfig;
  readonly versions: Readonly<Record<string, string>>;
  /** Folder that holds the installed packages. */
  readonly directory: string;
}

export interface RealAgentOptions {
  /** Base URL of a model server, without a trailing slash: `http://127.0.0.1:PORT`. */
  readonly modelServerUrl: string;
  /**
   * `ask` (the default): the agents ask for permission for each edit and for each command that is not plainly harmless.
   * `never`: they just do it, inside whatever isolation the host gives them.
   */
  readonly approval?: "ask" | "never";
  /** Told before a download starts, because that takes a while. */
  readonly onProgress?: Progress;
}

/**
 * Installs codex-acp and gemini-cli from npm on first use (323 MB, about ten seconds) and returns their catalogue
 * entries, pointed at a model server. Rejects with npm's own output if the installation fails.
 */
export async function ensureRealAgents(options: RealAgentOptions): Promise<RealAgents> {
  const directory = await installAgents(options.onProgress ?? (() => {}));
  return {
    codex: codexConfig(directory, options),
    gemini: geminiConfig(directory, options),
    versions: AGENT_VERSIONS,
    directory,
  };
}

async function installAgents(onProgress: Progress): Promise<string> {
  const versions = Object.values(AGENT_VERSIONS).join("-");
  const target = path.join(installCacheDirectory(), `agents-${versions}-${process.platform}-${process.arch}`);
  return await installOnce(target, async (staging) => {
    onProgress("Installing codex-acp and gemini-cli from npm (once, 323 MB)");
    await npmInstall(staging, ...Object.entries(AGENT_VERSIONS).map(([name, version]) => `${name}@${version}`));
  });
}

/**
 * The agents' shells find the Node that runs this process first, so that a repository's `node --test` runs on it.
 * The temporary folder is the agent's own: codex refuses a `CODEX_HOME` inside the temporary folder.
 */
export function commonEnv(): Record<string, string> {
  const system = ["/usr/local/bin", "/usr/bin", "/bin"];
  return {
    PATH: [path.dirname(process.execPath), ...system].join(path.delimiter),
    HOME: "${home}",
    TMPDIR: "${home}/tmp",
    NO_COLOR: "1",
    ...compileCache,
  };
}

function codexConfig(directory: string, options: RealAgentOptions): AgentConfig {
  const asks = options.approval !== "never";
  const native = `codex-acp-${process.platform}-${process.arch}`;
  const executable = process.platform === "win32" ? "codex-acp.exe" : "codex-acp";
  return {
    id: "codex",
    displayName: "Codex",
    description: `codex-acp ${AGENT_VERSIONS["@zed-industries/codex-acp"]}`,
    // The platform's binary, not its Node wrapper: ending the wrapper leaves the binary running.
    command: [path.join(directory, "node_modules", "@zed-industries", native, "bin", executable)],
    env: { ...commonEnv(), CODEX_HOME: "${home}/.codex", MODEL_KEY: "unused" },
    hasOwnSandbox: true,
    files: {
      "tmp/.keep": "",
      // A model that codex has metadata of; for any other it puts a warning before the first answer.
      ".codex/config.toml": [
        'model = "gpt-5.3-codex"',
        'model_provider = "scripted"',
        `approval_policy = "${asks ? "untrusted" : "never"}"`,
        // Its own sandbox needs kernel features that a container may lack, so without a person it relies on the host's.
        `sandbox_mode = "${asks ? "workspace-write" : "danger-full-access"}"`,
        "[model_providers.scripted]",
        'name = "Scripted"',
        `base_url = "${options.modelServerUrl}/s/\${sessionId}/v1"`,
        'env_key = "MODEL_KEY"',
        'wire_api = "responses"',
        "",
      ].join("\n"),
    },
  };
}

function geminiConfig(directory: string, options: RealAgentOptions): AgentConfig {
  return {
    id: "gemini",
    displayName: "Gemini CLI",
    description: `gemini-cli ${AGENT_VERSIONS["@google/gemini-cli"]}`,
    command: [
      process.execPath,
      path.join(directory, "node_modules", "@google", "gemini-cli", "bundle", "gemini.js"),
      "--acp",
      "--skip-trust",
      "-m",
      "gemini-2.5-flash",
      "--approval-mode",
      options.approval === "never" ? "yolo" : "default",
    ],
    env: {
      ...commonEnv(),
      GEMINI_API_KEY: "unused",
      GOOGLE_GEMINI_BASE_URL: `${options.modelServerUrl}/s/\${sessionId}`,
      GEMINI_CLI_NO_RELAUNCH: "true",
    },
    files: {
      "tmp/.keep": "",
      ".gemini/settings.json": {
        security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: false } },
        privacy: { usageStatisticsEnabled: false },
        telemetry: { enabled: false },
        general: { disableAutoUpdate: true, disableUpdateNag: true },
      },
    },
  };
}
