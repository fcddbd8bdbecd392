import type { Client } from "../../client/client.ts";
import type { ProtectedResource } from "../../protocol/content.ts";

/** What an agent of a host asks for. */
export interface AgentNeed {
  /** What people call the agent. */
  readonly agent: string;
  readonly asked: ProtectedResource;
}

/** What the agents of a host can't work without. @param provider of the one kind of agent that is meant. */
export function requiredOf(client: Pick<Client, "root">, provider?: string): readonly AgentNeed[] {
  return needsOf(client, provider).filter(({ asked }) => asked.required !== false);
}

/** Also what would be of use to them. */
export function needsOf({ root }: Pick<Client, "root">, provider?: string): readonly AgentNeed[] {
  const agents = (root.state?.agents ?? []).filter((agent) => provider === undefined || agent.provider === provider);
  return agents.flatMap(({ displayName, protectedResources = [] }) =>
    (protectedResources ?? []).map((asked) => ({ agent: displayName, asked })),
  );
}
