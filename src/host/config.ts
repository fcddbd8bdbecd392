import { readFileSync } from "node:fs";
import path from "node:path";
import * as z from "zod/mini";
import { AppError } from "../base/appError.ts";
import { Isolation } from "../protocol/fleet.ts";

const Text = z.string().check(z.minLength(1));

/**
 * One kind of agent that this host can run: a program that speaks the Agent Client Protocol on its standard streams.
 *
 *     { "id": "codex", "displayName": "Codex", "command": ["codex-acp"], "env": { "OPENAI_API_KEY": "${env:OPENAI_API_KEY}" } }
 *
 * In `command`, `env` and `files` these are replaced: `${home}` the agent's own home, `${workspace}` the checkout,
 * `${sessionId}`, and `${env:NAME}` a variable of the host's environment (an agent gets nothing else of it).
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
  const parsed = HostConfig.safeParse(value);
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
