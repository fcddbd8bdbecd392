import * as z from "zod/mini";
import { ConfigSchema, ConfigState, ConfigValues, ProtectedResource } from "./content.ts";
import { Customization } from "./customization.ts";
import { type ActionOf, defineActions, loose, Meta, opt, set, type UnknownAction, Uri } from "./schema.ts";
import { TerminalClaim, TerminalLifecycle } from "./terminal.ts";

export const ModelInfo = loose({
  id: z.string(),
  provider: opt(z.string()),
  name: z.string(),
  maxContextWindow: opt(z.number()),
  maxOutputTokens: opt(z.number()),
  maxPromptTokens: opt(z.number()),
  supportsVision: opt(z.boolean()),
  policyState: opt(z.string()),
  configSchema: opt(ConfigSchema),
  _meta: opt(Meta),
});
export type ModelInfo = z.infer<typeof ModelInfo>;

/** Presence of a member is the capability. */
export const AgentCapabilities = loose({
  multipleChats: opt(loose({ fork: z.optional(z.unknown()), sideChat: z.optional(z.unknown()) })),
  multipleWorkingDirectories: opt(
    loose({ immutablePrimary: z.optional(z.unknown()), primaryReplacement: z.optional(z.unknown()) }),
  ),
});

export const AgentInfo = loose({
  /** The id that sessions name as their `provider`. */
  provider: z.string(),
  displayName: z.string(),
  description: z.string(),
  models: z.array(ModelInfo),
  protectedResources: opt(z.array(ProtectedResource)),
  customizations: opt(z.array(Customization)),
  capabilities: opt(AgentCapabilities),
});
export type AgentInfo = z.infer<typeof AgentInfo>;

export const TerminalInfo = loose({
  resource: Uri,
  title: z.string(),
  claim: TerminalClaim,
  lifecycle: opt(TerminalLifecycle),
  /** Not in AHP: hosts of ours say here to which session a terminal belongs. */
  _meta: opt(Meta),
});
export type TerminalInfo = z.infer<typeof TerminalInfo>;

/** The list of sessions is no part of it: `listSessions` and the `root/session*` notifications carry that. */
export const RootState = loose({
  agents: z.array(AgentInfo),
  /** Sessions with a running turn. */
  activeSessions: opt(z.number()),
  terminals: opt(z.array(TerminalInfo)),
  config: opt(ConfigState),
  _meta: opt(Meta),
});
export type RootState = z.infer<typeof RootState>;

export const rootActions = defineActions({
  "root/agentsChanged": { agents: z.array(AgentInfo) },
  "root/activeSessionsChanged": { activeSessions: z.number() },
  "root/terminalsChanged": { terminals: z.array(TerminalInfo) },
  "root/configChanged": { config: ConfigValues, replace: opt(z.boolean()) },
});
export type RootAction = ActionOf<typeof rootActions>;

export function reduceRoot(state: RootState, action: RootAction | UnknownAction): RootState {
  switch (action.type) {
    case "root/agentsChanged":
      return set(state, { agents: action.agents });
    case "root/activeSessionsChanged":
      return set(state, { activeSessions: action.activeSessions });
    case "root/terminalsChanged":
      return set(state, { terminals: action.terminals });
    case "root/configChanged":
      return changeConfig(state, action);
    case "(unknown)":
    default:
      return state;
  }
}

/** Of the host or of a session: means nothing to one that has no configuration. */
export function changeConfig<T extends { config?: ConfigState | undefined }>(
  owner: T,
  change: { readonly config: ConfigValues; readonly replace?: boolean | undefined },
): T {
  const { config } = owner;
  if (!config) return owner;
  const values = change.replace ? change.config : { ...config.values, ...change.config };
  return set<{ config?: ConfigState | undefined }>(owner, { config: set(config, { values }) }) as T;
}
