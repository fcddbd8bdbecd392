import * as z from "zod/mini";
import { AuthRequirement, ErrorInfo } from "./content.ts";
import { loose, Meta, openUnion, opt, Uri } from "./schema.ts";

/** Sorted most specific first; the first entry decides, and an empty list means enabled. */
export const Enablement = loose({ kind: z.string(), uri: opt(Uri), enabled: z.boolean() });
export type Enablement = z.infer<typeof Enablement>;

export const McpServerState = openUnion(
  "kind",
  [
    loose({ kind: z.literal("starting") }),
    loose({ kind: z.literal("ready") }),
    z.extend(AuthRequirement, { kind: z.literal("authRequired") }),
    loose({ kind: z.literal("error"), error: opt(ErrorInfo) }),
    loose({ kind: z.literal("stopped") }),
  ],
  {},
);
export type McpServerState = z.infer<typeof McpServerState>;

const named = { id: z.string(), uri: Uri, name: z.string(), _meta: opt(Meta) };

const mcpServer = loose({
  ...named,
  type: z.literal("mcpServer"),
  enablement: opt(z.array(Enablement)),
  state: McpServerState,
  /** `mcp://` side channel while the server is ready. */
  channel: opt(Uri),
  mcpApp: z.optional(z.unknown()),
});

const leaf = { ...named, enabled: opt(z.boolean()), description: opt(z.string()) };

export const CustomizationChild = openUnion(
  "type",
  [
    loose({ ...leaf, type: z.literal("agent"), model: opt(z.string()), tools: opt(z.array(z.string())) }),
    loose({ ...leaf, type: z.literal("skill") }),
    loose({ ...leaf, type: z.literal("prompt") }),
    loose({ ...leaf, type: z.literal("rule"), alwaysApply: opt(z.boolean()), globs: opt(z.array(z.string())) }),
    loose({ ...leaf, type: z.literal("hook") }),
    mcpServer,
  ],
  {},
);
export type CustomizationChild = z.infer<typeof CustomizationChild>;

/** What a session was extended with: a plugin or a directory with its parts, or an MCP server of its own. */
export const Customization = openUnion(
  "type",
  [
    loose({
      ...named,
      type: z.literal("plugin"),
      enablement: opt(z.array(Enablement)),
      version: opt(z.string()),
      clientId: opt(z.string()),
      load: opt(loose({ kind: z.string(), message: opt(z.string()) })),
      children: opt(z.array(CustomizationChild)),
    }),
    loose({
      ...named,
      type: z.literal("directory"),
      enabled: opt(z.boolean()),
      contents: z.string(),
      writable: opt(z.boolean()),
      children: opt(z.array(CustomizationChild)),
    }),
    mcpServer,
  ],
  {},
);
export type Customization = z.infer<typeof Customization>;
