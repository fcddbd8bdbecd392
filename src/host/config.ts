import { readFileSync } from "node:fs";
import path from "node:path";
import * as z from "zod/mini";
import { AppError } from "../base/appError.ts";
import { Isolation } from "../protocol/fleet.ts";
import { UnknownAgent, withWellKnownAgents } from "./providers/acp/wellKnownAgents.ts";

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
  /** The mode that the agent is switched to, if it has it. */
  mode: z.optional(z.string()),
  /** The well-known agent that the rest was taken from. */
  use: z.optional(z.string()),
  /** Absolute directory of an npm prefix, in which the program is looked for before the PATH. */
  prefix: z.optional(z.string().check(z.refine((directory) => path.isAbsolute(directory), "must be absolute"))),
});
export type AgentConfig = z.infer<typeof AgentConfig>;

/** The host's configuration file (JSON). Everything has a default; without agents nothing can be launched. */
export const HostConfig = z.looseObject({
  agents: z._default(z.array(AgentConfig), []),
  limits: z._default(
    z.looseObject({
      /** Agents that work at the same time; further ones wait in a queue. Default 4. */
      concurrentSessions: z._default(z.int().check(z.minimum(1), z.maximum(1_000)), 4),
      /** Minutes that an agent's process waits for the next message. Default 10. */
      agentIdleMinutes: z._default(z.number().check(z.minimum(0)), 10),
      /** Processes that may wait at the same time. Default: as many as may work. */
      idleAgents: z.optional(z.int().check(z.minimum(0))),
    }),
    { concurrentSessions: 4, agentIdleMinutes: 10 },
  ),
  agentWatch: z._default(
    z.looseObject({
      /** Minutes that a working agent may say nothing before its session says so; 0 for ever. Default 10. */
      silentMinutes: z._default(z.number().check(z.minimum(0)), 10),
    }),
    { silentMinutes: 10 },
  ),
  /** How agents are confined. "bubblewrap" needs the program bwrap; without it agents do not start. Default "none". */
  isolation: z._default(Isolation, "none"),
  repositories: z._default(
    z.looseObject({
      /** Absolute directories whose repositories may be named by path or file: address. Default: none. */
      allowLocal: z._default(z.array(z.string()), []),
      /** Addresses that editors offer for new sessions, besides those in use. Default: none. */
      known: z._default(z.array(Text), []),
      /** Tokens for servers, by origin: `{ "https://git.example.com": { "tokenEnv": "GIT_TOKEN" } }`. */
      credentials: z._default(z.record(z.string(), z.looseObject({ tokenEnv: Text })), {}),
    }),
    { allowLocal: [], known: [], credentials: {} },
  ),
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
  gateway: z._default(
    z.looseObject({
      /** Origins of web pages that may connect, as browsers write them. Editors send none. Default: none. */
      allowedOrigins: z._default(z.array(z.string()), []),
    }),
    { allowedOrigins: [] },
  ),
});
export type HostConfig = z.infer<typeof HostConfig>;

/** Throws AppError `request.invalid` with a sentence that names the file and the member that is wrong. */
export function readConfig(file: string | undefined): HostConfig {
  if (file === undefined) return HostConfig.parse({});
  return parseConfig(readText(file), file);
}

export function parseConfig(text: string, file: string): HostConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError("request.invalid", `The configuration ${file} is not JSON: ${String(error)}.`, { cause: error });
  }
  const parsed = HostConfig.safeParse(withUsedAgents(value, file));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const member = issue?.path.join(".") || "the file";
    throw new AppError(
      "request.invalid",
      `In the configuration ${file}, ${member} is not valid: ${issue?.message ?? "unknown"}.`,
    );
  }
  const config = parsed.data;
  const ids = config.agents.map((agent) => agent.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined)
    throw new AppError("request.invalid", `In the configuration ${file}, two agents have the id "${twice}".`);
  const relative = config.repositories.allowLocal.find((directory) => !path.isAbsolute(directory));
  if (relative !== undefined) {
    throw new AppError(
      "request.invalid",
      `In the configuration ${file}, repositories.allowLocal holds "${relative}", which is no absolute path.`,
    );
  }
  return config;
}

/** What is no object is left for the schema to refuse. */
function withUsedAgents(value: unknown, file: string): unknown {
  if (typeof value !== "object" || value === null || !("agents" in value)) return value;
  try {
    return { ...value, agents: withWellKnownAgents(value.agents) };
  } catch (error) {
    if (!(error instanceof UnknownAgent)) throw error;
    throw new AppError("request.invalid", `In the configuration ${file}, ${error.message}.`, { cause: error });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new AppError("request.invalid", `The configuration ${file} could not be read: ${String(error)}.`, {
      cause: error,
    });
  }
}

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
