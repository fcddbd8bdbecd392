import path from "node:path";
import { installCacheDirectory, installOnce, npmInstall } from "../installCache.ts";
import { type AgentConfig, commonEnv, type RealAgentOptions } from "./realAgents.ts";

/** The platform's own package: the one named `opencode-ai` brings the binaries of several. */
const OPENCODE = { name: `opencode-${process.platform}-${process.arch}`, version: "1.18.33", size: "177 MB" } as const;
const CLAUDE = { name: "@agentclientprotocol/claude-agent-acp", version: "0.101.0", size: "401 MB" } as const;

/** Two more published agents, pinned, each installed when a suite first asks for it. Rejects with npm's own output. */
export const WIDER_AGENTS = { opencode: ensureOpencode, claude: ensureClaude } as const;

async function install(
  { name, version, size }: { readonly name: string; readonly version: string; readonly size: string },
  { onProgress }: RealAgentOptions,
): Promise<string> {
  const target = path.join(installCacheDirectory(), `agents-${path.posix.basename(name)}-${version}`);
  return await installOnce(target, async (staging) => {
    onProgress?.(`Installing ${name} from npm (once, ${size})`);
    await npmInstall(staging, `${name}@${version}`);
  });
}

async function ensureOpencode(options: RealAgentOptions): Promise<AgentConfig> {
  const directory = await install(OPENCODE, options);
  const answer = options.approval === "never" ? "allow" : "ask";
  return {
    id: "opencode",
    displayName: "opencode",
    description: `opencode ${OPENCODE.version}`,
    command: [path.join(directory, "node_modules", OPENCODE.name, "bin", "opencode"), "acp"],
    env: {
      ...commonEnv(),
      OPENCODE_DISABLE_MODELS_FETCH: "1",
      OPENCODE_DISABLE_AUTOUPDATE: "1",
      OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
      OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
    },
    files: {
      "tmp/.keep": "",
      ".config/opencode/opencode.json": {
        autoupdate: false,
        share: "disabled",
        // Each of them is a program, or a repository, of its own.
        snapshot: false,
        lsp: false,
        formatter: false,
        model: "scripted/scripted-1",
        small_model: "scripted/scripted-1",
        enabled_providers: ["scripted"],
        provider: {
          scripted: {
            npm: "@ai-sdk/openai-compatible",
            name: "Scripted",
            options: { baseURL: `${options.modelServerUrl}/s/\${sessionId}/v1`, apiKey: "unused" },
            models: {
              "scripted-1": {
                name: "Scripted",
                tool_call: true,
                limit: { context: 128_000, output: 8_192 },
                cost: { input: 1, output: 2 },
              },
            },
          },
        },
        permission: { edit: answer, bash: answer, webfetch: "deny" },
      },
    },
  };
}

async function ensureClaude(options: RealAgentOptions): Promise<AgentConfig> {
  const directory = await install(CLAUDE, options);
  return {
    id: "claude",
    displayName: "Claude",
    description: `claude-agent-acp ${CLAUDE.version}`,
    command: [process.execPath, path.join(directory, "node_modules", CLAUDE.name, "dist", "index.js")],
    env: {
      ...commonEnv(),
      ANTHROPIC_BASE_URL: `${options.modelServerUrl}/s/\${sessionId}`,
      ANTHROPIC_API_KEY: "unused",
      ANTHROPIC_MODEL: "claude-sonnet-4-5",
      ANTHROPIC_SMALL_FAST_MODEL: "claude-haiku-4-5",
      CLAUDE_CONFIG_DIR: "${home}/.claude",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
    },
    files: { "tmp/.keep": "" },
    // In its own first choice a model decides what a person should be asked.
    mode: options.approval === "never" ? "acceptEdits" : "default",
  };
}
