import { parseAuthority } from "../../isolation/egress/hostPattern.ts";
import type { IsolatedProcess } from "../../isolation/isolation.ts";
import { type AcpAgent, type Expansion, expand } from "./agentCatalogue.ts";

/** What an agent's box differs in from others. */
type Confinement = Required<Pick<IsolatedProcess, "hosts" | "hostPorts" | "hasOwnSandbox">>;

const loopback = new Set(["127.0.0.1", "localhost"]);

/** It may reach the servers of its kind, and every address that its configuration gives it. */
export function confinementOf(
  agent: AcpAgent,
  values: Expansion,
  environment: Readonly<Record<string, string>>,
): Confinement {
  const files = Object.values(agent.files ?? {}).map((content) =>
    expand(typeof content === "string" ? content : JSON.stringify(content), agent, values),
  );
  const own = Object.keys(agent.env ?? {}).map((name) => environment[name] ?? "");
  const words = agent.command.map((word) => expand(word, agent, values));
  const hosts = new Set(agent.hosts);
  const hostPorts = new Set<number>();
  for (const text of [...own, ...files, ...words]) {
    for (const [, scheme, authority = ""] of text.matchAll(/\b(https?|wss?):\/\/([^\s/?#"'`,;)}<>\\]+)/g)) {
      const defaultPort = scheme === "https" || scheme === "wss" ? 443 : 80;
      const target = parseAuthority(authority, defaultPort);
      if (!target) continue;
      if (loopback.has(target.host)) hostPorts.add(target.port);
      else hosts.add(`${target.host}:${target.port}`);
    }
  }
  const hasOwnSandbox = agent.hasOwnSandbox === true;
  return { hosts: Array.from(hosts), hostPorts: Array.from(hostPorts), hasOwnSandbox };
}
