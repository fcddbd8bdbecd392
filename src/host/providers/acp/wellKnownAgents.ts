import type { AcpAgent } from "./agentCatalogue.ts";
import { isRecord } from "../../../base/isRecord.ts";

/** What the host knows of an agent, so that its configuration is one line: `{ "use": "codex" }`. */
export interface WellKnownAgent extends Omit<AcpAgent, "id" | "prefix"> {
  /** Variables with a key, one of which the agent needs; empty when that depends on how it is set up. */
  readonly keys: readonly string[];
  /** How to come by it. */
  readonly install: string;
}

/** Variables that are passed on if the host has them. */
function passedOn(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `\${env:${name}?}`]));
}

const codexKeys = ["OPENAI_API_KEY", "CODEX_API_KEY"];
const geminiKeys = ["GEMINI_API_KEY", "GOOGLE_API_KEY"];
const claudeKeys = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"];
const providerKeys = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY", "GROQ_API_KEY"];
const providerHosts = [
  "api.anthropic.com",
  "api.openai.com",
  "generativelanguage.googleapis.com",
  "openrouter.ai",
  "api.groq.com",
];
const copilotKeys = ["COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"];

/**
 * Commands, variables, files and modes as the agents' own documentation has them. Every agent asks a person before it edits
 * or runs something where it can be told to; updates at run time are off, because a host decides what it runs.
 */
const agents = {
  codex: {
    displayName: "Codex",
    command: ["codex-acp"],
    env: {
      // Outside the temporary directory, or codex refuses its own helpers.
      CODEX_HOME: "${home}/.codex",
      NO_BROWSER: "1",
      // In its mode "agent" a model decides what a person should be asked.
      INITIAL_AGENT_MODE: "workspace-write",
      ...passedOn(...codexKeys, "OPENAI_BASE_URL"),
    },
    files: { ".codex/config.toml": 'approval_policy = "on-request"\nsandbox_mode = "workspace-write"\n' },
    tokens: "lastRequest",
    hosts: ["api.openai.com", "auth.openai.com", "chatgpt.com"],
    hasOwnSandbox: true,
    keys: codexKeys,
    install: "npm install -g @agentclientprotocol/codex-acp",
  },
  gemini: {
    displayName: "Gemini CLI",
    command: ["gemini", "--acp", "--skip-trust"],
    env: {
      GEMINI_CLI_NO_RELAUNCH: "true",
      ...passedOn(...geminiKeys, "GOOGLE_GEMINI_BASE_URL", "GOOGLE_CLOUD_PROJECT", "GOOGLE_GENAI_USE_VERTEXAI"),
    },
    files: {
      ".gemini/settings.json": {
        security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: false } },
        general: { disableAutoUpdate: true, disableUpdateNag: true },
        privacy: { usageStatisticsEnabled: false },
        telemetry: { enabled: false },
      },
    },
    hosts: [
      "generativelanguage.googleapis.com",
      "cloudcode-pa.googleapis.com",
      "aiplatform.googleapis.com",
      "oauth2.googleapis.com",
    ],
    keys: geminiKeys,
    install: "npm install -g @google/gemini-cli",
  },
  claude: {
    displayName: "Claude",
    command: ["claude-agent-acp"],
    env: {
      CLAUDE_CONFIG_DIR: "${home}/.claude",
      DISABLE_AUTOUPDATER: "1",
      // Reports and notices, which need servers that nobody would want to be asked about.
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      ...passedOn(...claudeKeys, "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL", "ANTHROPIC_SMALL_FAST_MODEL"),
    },
    // In its mode "auto" a model decides what a person should be asked.
    mode: "default",
    hosts: ["api.anthropic.com", "console.anthropic.com", "platform.claude.com"],
    keys: claudeKeys,
    install: "npm install -g @agentclientprotocol/claude-agent-acp",
  },
  opencode: {
    displayName: "opencode",
    command: ["opencode", "acp"],
    env: { OPENCODE_DISABLE_AUTOUPDATE: "1", ...passedOn(...providerKeys) },
    files: {
      ".config/opencode/opencode.json": {
        autoupdate: false,
        share: "disabled",
        permission: { edit: "ask", bash: "ask" },
      },
    },
    tokens: "lastRequest",
    hosts: [...providerHosts, "models.dev", "opencode.ai"],
    // It has providers that need none, and those of its own configuration.
    keys: [],
    install: "npm install -g opencode-ai",
  },
  qwen: {
    displayName: "Qwen Code",
    command: ["qwen", "--acp"],
    env: passedOn("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL", "DASHSCOPE_API_KEY"),
    mode: "default",
    hosts: [
      "api.openai.com",
      "dashscope.aliyuncs.com",
      "dashscope-intl.aliyuncs.com",
      "chat.qwen.ai",
      "portal.qwen.ai",
    ],
    keys: ["OPENAI_API_KEY", "DASHSCOPE_API_KEY"],
    install: "npm install -g @qwen-code/qwen-code",
  },
  copilot: {
    displayName: "GitHub Copilot",
    command: ["copilot", "--acp"],
    env: passedOn(...copilotKeys),
    hosts: ["api.github.com", "*.githubcopilot.com"],
    keys: copilotKeys,
    install: "npm install -g @github/copilot",
  },
  cline: {
    displayName: "Cline",
    command: ["cline", "--acp", "--auto-approve", "false"],
    env: passedOn("CLINE_API_KEY", ...providerKeys),
    hosts: [...providerHosts, "api.cline.bot"],
    keys: ["CLINE_API_KEY"],
    install: "npm install -g cline",
  },
  goose: {
    displayName: "goose",
    command: ["goose", "acp"],
    env: passedOn("GOOSE_PROVIDER", "GOOSE_MODEL", ...providerKeys),
    hosts: providerHosts,
    keys: [],
    install: "see the documentation of goose",
  },
  vibe: {
    displayName: "Mistral Vibe",
    command: ["vibe-acp"],
    env: passedOn("MISTRAL_API_KEY"),
    hosts: ["api.mistral.ai"],
    keys: ["MISTRAL_API_KEY"],
    install: "see the documentation of mistral-vibe",
  },
} as const satisfies Readonly<Record<string, WellKnownAgent>>;

export const WELL_KNOWN_AGENTS: ReadonlyMap<string, WellKnownAgent> = new Map(Object.entries(agents));

/** An agent of the configuration names an agent that the host does not know. */
export class UnknownAgent extends Error {
  /** Its place in the configuration. */
  readonly path: readonly (string | number)[];

  constructor(use: unknown, index: number) {
    super(
      `agents.${index}.use is ${JSON.stringify(use)}; this host knows ${[...WELL_KNOWN_AGENTS.keys()].join(", ")}. For any other agent leave "use" out and give "id", "displayName" and "command"`,
    );
    this.path = ["agents", index, "use"];
  }
}

/**
 * The `agents` of a configuration with what `use` stands for in its place. What an entry says itself wins: `env` and
 * `files` member by member, everything else whole. Anything that is not in this shape is left for the schema to refuse.
 * @throws UnknownAgent
 */
export function withWellKnownAgents(configured: unknown): unknown {
  if (!Array.isArray(configured)) return configured;
  return configured.map((entry: unknown, index) => {
    if (!isRecord(entry) || entry["use"] === undefined) return entry;
    const { use } = entry;
    const known = typeof use === "string" ? WELL_KNOWN_AGENTS.get(use) : undefined;
    if (!known) throw new UnknownAgent(use, index);
    const { keys: _keys, install: _install, ...agent } = known;
    const merged = (own: unknown, ours: object | undefined) =>
      own === undefined || isRecord(own) ? { ...ours, ...own } : own;
    return {
      id: use,
      ...agent,
      ...entry,
      env: merged(entry["env"], agent.env),
      files: merged(entry["files"], agent.files),
    };
  });
}
