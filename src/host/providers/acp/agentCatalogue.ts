import path from "node:path";
import { AppError } from "../../../base/appError.ts";
import type { HomeFiles } from "../../isolation/homeFiles.ts";
import { cleanEnvironment } from "../../workspaces/environment.ts";
import { isExecutable } from "../../executable.ts";
import type { TokensOf } from "./turnUsage.ts";

/**
 * One agent of the host's configuration. Texts may hold `${home}`, `${workspace}`, `${sessionId}` and `${env:NAME}`; a
 * variable whose whole value is `${env:NAME?}` is left out when the host does not have it.
 */
export interface AcpAgent {
  readonly id: string;
  readonly displayName: string;
  readonly description?: string | undefined;
  /** Program and arguments. A bare program name is looked for on the agent's PATH. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** An npm prefix, where the program is looked for first: a folder with `node_modules/.bin` or, of global installs, `bin`. */
  readonly prefix?: string | undefined;
  /** Written below the agent's home before it starts; a value that is no text is written as JSON. */
  readonly files?: Readonly<Record<string, unknown>> | undefined;
  readonly models?: readonly { readonly id: string; readonly name: string }[] | undefined;
  /** Servers that it cannot do without, besides those whose addresses its configuration holds; as `egress.allow` has them. */
  readonly hosts?: readonly string[] | undefined;
  /** It confines its commands with name spaces of its own, which others may not make. */
  readonly hasOwnSandbox?: boolean | undefined;
  /** Mode to switch to when the agent offers it. */
  readonly mode?: string | undefined;
  /** Which tokens it tells in the answer to a prompt. Default "turn". */
  readonly tokens?: TokensOf | undefined;
}

export interface Expansion {
  readonly home: string;
  readonly workspace: string;
  readonly sessionId: string;
  /** The host's own environment, for `${env:NAME}`. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Throws `agent.missing` for a variable that is not set: an agent with half a configuration fails in stranger ways. */
export function expand(text: string, agent: AcpAgent, values: Expansion): string {
  return text.replaceAll(
    /\$\{(home|workspace|sessionId|env:([A-Za-z_][A-Za-z0-9_]*)(\??))\}/g,
    (_whole, name: string, variable?: string, optional?: string) => {
      if (name === "home") return values.home;
      if (name === "workspace") return values.workspace;
      if (name === "sessionId") return values.sessionId;
      const value = values.env[variable ?? ""];
      if (value !== undefined || optional === "?") return value ?? "";
      throw new AppError(
        "agent.missing",
        `${agent.displayName} can't start: its configuration needs the variable ${variable}, which the host does not have. Set it where the host is started.`,
      );
    },
  );
}

/**
 * From scratch: nothing of the host's own environment but what the configuration names. The agent's own variables stand
 * above those of the workspace.
 */
export function agentEnvironment(
  agent: AcpAgent,
  values: Expansion,
  ofWorkspace: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const isThere = (value: string) => {
    const optional = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\?\}$/.exec(value)?.[1];
    return optional === undefined || values.env[optional] !== undefined;
  };
  const given = Object.entries(agent.env ?? {})
    .filter(([, value]) => isThere(value))
    .map(([name, value]) => [name, expand(value, agent, values)]);
  return { ...cleanEnvironment(values.home, values.env["PATH"]), ...ofWorkspace, ...Object.fromEntries(given) };
}

/** Values that came from the host's environment: keys, as far as the host can tell. */
export function secretsOf(agent: AcpAgent, values: Expansion): string[] {
  const texts = [...Object.values(agent.env ?? {}), ...agent.command, ...Object.values(agent.files ?? {}).map(textOf)];
  const names = texts.flatMap((text) =>
    Array.from(text.matchAll(/\$\{env:([A-Za-z_][A-Za-z0-9_]*)\??\}/g), (match) => match[1] ?? ""),
  );
  return names.map((name) => values.env[name] ?? "").filter((value) => value.length >= 8);
}

/** The configured files, by their paths below the agent's home. */
export function agentFiles(agent: AcpAgent, values: Expansion): HomeFiles {
  const files = Object.entries(agent.files ?? {}).map(([name, content]) => {
    const file = path.normalize(name);
    if (path.isAbsolute(name) || file === "." || file.endsWith(path.sep) || file.split(path.sep)[0] === "..") {
      throw new AppError(
        "agent.missing",
        `${agent.displayName} can't start: its file "${name}" lies outside the agent's home.`,
      );
    }
    return [file, expand(textOf(content), agent, values)];
  });
  return Object.fromEntries(files);
}

function textOf(content: unknown): string {
  return typeof content === "string" ? content : JSON.stringify(content, undefined, 2);
}

/** The command with its program as an absolute path. Throws `agent.missing` when there is no such program. */
export async function findCommand(agent: AcpAgent, values: Expansion, searchPath: string): Promise<readonly string[]> {
  const [program = "", ...args] = agent.command.map((word) => expand(word, agent, values));
  const candidates = program.includes(path.sep)
    ? [path.resolve("/", program)]
    : [...prefixDirectories(agent), ...searchPath.split(path.delimiter)].map((directory) =>
        path.join(directory, program),
      );
  for (const candidate of candidates) {
    if (path.isAbsolute(candidate) && (await isExecutable(candidate))) return [candidate, ...args];
  }
  throw new AppError(
    "agent.missing",
    `${agent.displayName} can't start: the command "${program}" was not found on the host. Install it there, or correct "command" of the agent "${agent.id}" in the host's configuration.`,
    { details: { agent: agent.id, command: program } },
  );
}

function prefixDirectories({ prefix }: AcpAgent): string[] {
  if (prefix === undefined) return [];
  return [path.join(prefix, "node_modules", ".bin"), path.join(prefix, "bin"), prefix];
}
