import type { EgressConfig } from "../isolationConfig.ts";
import type { EgressGate } from "./gate.ts";
import { type HostTarget, matchesAny } from "./hostPattern.ts";

/** Lets a connection through, as undefined, or says in a sentence why not. */
export type Admit = (target: HostTarget, gone: AbortSignal) => Promise<string | undefined>;

/** What the configuration says, and then whom it lets decide. */
export function admission(
  sessionId: string,
  hosts: readonly string[],
  { allow, deny }: Pick<EgressConfig, "allow" | "deny">,
  gate: EgressGate | undefined,
): Admit {
  return async (target, gone) => {
    const isDenied = matchesAny(deny, target);
    if (!isDenied && (matchesAny(allow, target) || matchesAny(hosts, target))) return undefined;
    // Nobody can know whose a number is.
    const isName = /[a-z]/.test(target.host) && !target.host.includes(":");
    if (!isDenied && isName && (await gate?.ask(sessionId, target, gone))) return undefined;
    return `Muster does not let this session connect to ${target.host}:${target.port}. Do without it, or ask the person to allow ${target.host} for this session and try again.`;
  };
}
