import type { HostConfig } from "../config.ts";

const reference = /\$\{env:(\w+)\}/g;
/** Values of variables with such names are secrets. */
const secretVariable = /key|token|secret|pass(?:w|phrase|$)|credential|auth|cookie|dsn|connection_?string/i;

/** Values that must be seen nowhere: what the environment and the configuration name as secrets. */
export function configuredSecrets(config: HostConfig, env: Readonly<Record<string, string | undefined>>): string[] {
  const own = Object.entries(env).filter(([name]) => secretVariable.test(name));
  const given = config.agents.flatMap((agent) => Object.entries(agent.env ?? {}));
  const literal = given.filter(([name, value]) => secretVariable.test(name) && !value.includes("${"));
  const referred = given.flatMap(([, value]) => Array.from(value.matchAll(reference), ([, name = ""]) => env[name]));
  const tokens = Object.values(config.repositories.credentials).map(({ tokenEnv }) => env[tokenEnv]);
  return [...[...own, ...literal].map(([, value]) => value), ...referred, ...tokens].filter(
    (value) => value !== undefined,
  );
}
