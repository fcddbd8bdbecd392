import type { HostConfig } from "../config.ts";
import { Redactor } from "../logging/redactor.ts";

/** A variable of the host is named, not told. */
const reference = /^\$\{env:\w+\}$/;

/**
 * The configuration as it holds, defaults and all, fit to be shown: what an agent gets as `env` or `files` is hidden
 * unless it only names a variable of the host.
 */
export function effectiveConfig(config: HostConfig): Record<string, unknown> {
  const redactor = new Redactor([], { maxText: 100_000, maxItems: 10_000, maxDepth: 32 });
  const hide = (value: unknown) => (typeof value === "string" && reference.test(value) ? value : "[hidden]");
  const hideAll = (values: object | undefined) =>
    values && Object.fromEntries(Object.entries(values).map(([name, value]) => [name, hide(value)]));
  const agents = config.agents.map(({ env, files, ...agent }) => ({
    ...(redactor.value(agent) as object),
    ...(env && { env: hideAll(env) }),
    ...(files && { files: hideAll(files) }),
  }));
  // Under these names are names of variables, and no values of theirs.
  const { credentials } = config.repositories;
  const shown = redactor.fields({ ...config, agents: [] });
  return { ...shown, agents, repositories: { ...(shown["repositories"] as object), credentials } };
}
