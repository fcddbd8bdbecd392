import path from "node:path";
import * as z from "zod/mini";
import { AppError } from "../base/appError.ts";
import { AccessConfig } from "./access/accessConfig.ts";
import { GatewayConfig } from "./gateway/gatewayConfig.ts";
import {
  BoxConfig,
  defaultBox,
  defaultEgress,
  EgressConfig,
  HostPattern,
  IsolationChoice,
} from "./isolation/isolationConfig.ts";
import { RepositoriesConfig } from "./workspaces/repositoriesConfig.ts";
import { LimitsConfig } from "./sessions/limitsConfig.ts";
import { SpendConfig } from "./spend/spendConfig.ts";
import { LogConfig, ShutdownConfig } from "./operations/operationsConfig.ts";

const Text = z.string().check(z.minLength(1));

/**
 * One kind of agent that this host can run: a program that speaks the Agent Client Protocol on its standard streams.
 *
 *     { "id": "codex", "displayName": "Codex", "command": ["codex-acp"], "env": { "OPENAI_API_KEY": "${env:OPENAI_API_KEY}" } }
 *
 * In `command`, `env` and `files` these are replaced: `${home}` the agent's own home, `${workspace}` the checkout,
 * `${sessionId}`, and `${env:NAME}` a variable of the host's environment (an agent gets nothing else of it).
 *
 *     { "use": "codex" }
 *
 * stands for an agent that the host knows (wellKnownAgents.ts); further members replace what it knows.
 */
export const AgentConfig = z.looseObject({
  /** Names the agent in sessions: keep it for as long as there are any. */
  id: z.string().check(z.regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)),
  displayName: Text,
  description: z.optional(z.string()),
  /** Program and arguments. A bare name is looked for on the PATH. */
  command: z.array(z.string()).check(z.minLength(1)),
  env: z.optional(z.record(z.string(), z.string())),
  /** Files below the agent's home, made before it starts: a text, or any other value as JSON. */
  files: z.optional(z.record(z.string(), z.unknown())),
  /** What people may choose from; without it the agent decides. */
  models: z.optional(z.array(z.looseObject({ id: Text, name: Text }))),
  /** Servers that it may connect to besides those whose addresses this entry holds: "api.example.com". */
  hosts: z.optional(z.array(HostPattern)),
  /** It confines its commands with name spaces of its own, which others may not make. */
  hasOwnSandbox: z.optional(z.boolean()),
  /** The mode that the agent is switched to, if it has it. */
  mode: z.optional(z.string()),
  /**
   * Which tokens the agent tells in its answer to a prompt: those of the "turn" (default), of its "lastRequest" to the
   * model alone, or of the "conversation" so far.
   */
  tokens: z.optional(z.enum(["turn", "lastRequest", "conversation"])),
  /** The well-known agent that the rest was taken from. */
  use: z.optional(z.string()),
  /** Absolute directory of an npm prefix, in which the program is looked for before the PATH. */
  prefix: z.optional(z.string().check(z.refine((directory) => path.isAbsolute(directory), "must be absolute"))),
});
export type AgentConfig = z.infer<typeof AgentConfig>;

/** The host's configuration file (JSON, comments allowed). Everything has a default; without agents nothing can be launched. */
export const HostConfig = z.looseObject({
  agents: z._default(z.array(AgentConfig), []),
  limits: LimitsConfig,
  agentWatch: z._default(
    z.looseObject({
      /** Minutes that a working agent may say nothing before its session says so; 0 for ever. Default 10. */
      silentMinutes: z._default(z.number().check(z.minimum(0)), 10),
    }),
    { silentMinutes: 10 },
  ),
  isolation: IsolationChoice,
  box: z._default(BoxConfig, defaultBox),
  egress: z._default(EgressConfig, defaultEgress),
  repositories: RepositoriesConfig,
  disk: z._default(
    z.looseObject({
      /** With fewer megabytes left where the host keeps its data, nothing is begun any more. Default 200. */
      minFreeMegabytes: z._default(z.number().check(z.minimum(0)), 200),
      /** Megabytes kept in reserve for what was accepted before the disk was full. Default 8. */
      reserveMegabytes: z._default(z.number().check(z.minimum(0), z.maximum(1_024)), 8),
    }),
    { minFreeMegabytes: 200, reserveMegabytes: 8 },
  ),
  retention: z._default(
    z.looseObject({
      /** Days after which a session that was disposed of is deleted for good. Default 30. */
      disposedDays: z._default(z.number().check(z.minimum(0)), 30),
    }),
    { disposedDays: 30 },
  ),
  log: LogConfig,
  shutdown: ShutdownConfig,
  access: AccessConfig,
  gateway: GatewayConfig,
  spend: SpendConfig,
});
export type HostConfig = z.infer<typeof HostConfig>;

/** Tokens by origin, from the variables that the configuration names. Throws for a variable that is not set. */
export function configuredTokens(
  config: HostConfig,
  env: Readonly<Record<string, string | undefined>>,
): Map<string, string> {
  const entries = Object.entries(config.repositories.credentials).map(([origin, { tokenEnv }]) => {
    const token = env[tokenEnv];
    if (!URL.canParse(origin))
      throw new AppError("request.invalid", `"${origin}" under repositories.credentials is no address.`);
    if (!token)
      throw new AppError(
        "request.invalid",
        `The variable ${tokenEnv}, which holds the token for ${origin}, is not set.`,
      );
    return [new URL(origin).origin, token] as const;
  });
  return new Map(entries);
}
