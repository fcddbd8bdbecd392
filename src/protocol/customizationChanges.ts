import type { Customization, CustomizationChild, Enablement, McpServerState } from "./customization.ts";

/** Changes to a session's customizations. Each function returns its input when nothing changes. */

type Customizations = Customization[] | undefined;
/** A container's child may stand wherever a top-level one may: the ids share one space. */
type AnyCustomization = Customization | CustomizationChild;

export function idOf(customization: AnyCustomization): unknown {
  return "id" in customization ? customization.id : undefined;
}

function childrenOf(customization: Customization): CustomizationChild[] | undefined {
  if (customization.type !== "plugin" && customization.type !== "directory") return undefined;
  return customization.children ?? undefined;
}

/** Removes a container with its children, or one child. */
export function removeCustomization(customizations: Customizations, id: string): Customizations {
  if (!customizations) return customizations;
  const kept = customizations.filter((one) => idOf(one) !== id);
  if (kept.length !== customizations.length) return kept;
  const index = customizations.findIndex((one) => childrenOf(one)?.some((child) => idOf(child) === id));
  const container = customizations[index];
  const children = container && childrenOf(container);
  if (!container || !children) return customizations;
  const changed = { ...container, children: children.filter((child) => idOf(child) !== id) } as Customization;
  return customizations.with(index, changed);
}

/** `update` gets the top-level customization with the id, or else the first child with it. */
export function updateCustomization(
  customizations: Customizations,
  id: string,
  update: <T extends AnyCustomization>(customization: T) => T,
): Customizations {
  if (!customizations) return customizations;
  const top = customizations.findIndex((one) => idOf(one) === id);
  const owner = customizations[top];
  if (owner) return replaceAt(customizations, top, update(owner));
  for (const [index, container] of customizations.entries()) {
    const children = childrenOf(container);
    const at = children?.findIndex((child) => idOf(child) === id) ?? -1;
    const child = children?.[at];
    if (!children || !child) continue;
    const updated = replaceAt(children, at, update(child));
    return updated === children
      ? customizations
      : customizations.with(index, { ...container, children: updated } as Customization);
  }
  return customizations;
}

function replaceAt<T>(list: T[], index: number, item: T): T[] {
  return list[index] === item ? list : list.with(index, item);
}

/** Plugins and MCP servers remember where the choice was made; everything else only what it came to. */
export function toggle<T extends AnyCustomization>(customization: T, enablement: Enablement[]): T {
  if (customization.type === "plugin" || customization.type === "mcpServer") {
    const { enablement: _former, ...rest } = { enablement: undefined, ...customization };
    return (enablement.length > 0 ? { ...rest, enablement } : rest) as T;
  }
  return { ...customization, enabled: enablement[0]?.enabled ?? true };
}

/** An absent `channel` takes the former one away. Anything but an MCP server stays as it is. */
export function withServerState<T extends AnyCustomization>(
  customization: T,
  state: McpServerState,
  channel: string | undefined,
): T {
  if (customization.type !== "mcpServer") return customization;
  const { channel: _former, ...rest } = { channel: undefined, ...customization };
  return { ...rest, state, ...(typeof channel === "string" ? { channel } : {}) } as T;
}
