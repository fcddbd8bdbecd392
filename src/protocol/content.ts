import * as z from "zod/mini";
import { loose, Meta, opt, Uri } from "./schema.ts";

export const ErrorInfo = loose({
  errorType: z.string(),
  /** A sentence for people. */
  message: z.string(),
  stack: opt(z.string()),
  _meta: opt(Meta),
});
export type ErrorInfo = z.infer<typeof ErrorInfo>;

/** Content that is read on demand by `resourceRead(uri)`. */
export const ContentRef = loose({
  uri: Uri,
  /** Bytes, if known. */
  sizeHint: opt(z.number()),
  /** MIME type. */
  contentType: opt(z.string()),
  nonce: opt(z.string()),
});
export type ContentRef = z.infer<typeof ContentRef>;

export const FileSide = loose({ uri: Uri, content: ContentRef });
export type FileSide = z.infer<typeof FileSide>;

/** No `before` is a created file, no `after` a deleted one, different URIs a rename. `diff` counts lines. */
export const FileEdit = loose({
  before: opt(FileSide),
  after: opt(FileSide),
  diff: opt(loose({ added: opt(z.number()), removed: opt(z.number()) })),
});
export type FileEdit = z.infer<typeof FileEdit>;

export const StringOrMarkdown = z.union([z.string(), loose({ markdown: z.string() })]);
export type StringOrMarkdown = z.infer<typeof StringOrMarkdown>;

/** What a short text says, for a line without markdown: a link is its words, or the name of what it leads to; code has no ticks. */
export function wordsOf(text: StringOrMarkdown | undefined): string {
  if (typeof text !== "object") return text ?? "";
  return text.markdown
    .replaceAll(/\[([^[\]\n]*)\]\(([^()\s]*)\)/g, (_, words: string, target: string) => words || nameOf(target))
    .replaceAll(/`([^`\n]+)`/g, "$1");
}

function nameOf(target: string): string {
  return target.split(/[/\\]/).findLast((part) => part !== "") ?? "";
}

/** 0-based; `character` counts UTF-16 units. */
export const TextPosition = loose({ line: z.number(), character: z.number() });
export type TextPosition = z.infer<typeof TextPosition>;

export const TextRange = loose({ start: TextPosition, end: TextPosition });
export type TextRange = z.infer<typeof TextRange>;

/** Totals of one turn so far; the last one sent wins. */
export const UsageInfo = loose({
  inputTokens: opt(z.number()),
  outputTokens: opt(z.number()),
  cacheReadTokens: opt(z.number()),
  model: opt(z.string()),
  _meta: opt(Meta),
});
export type UsageInfo = z.infer<typeof UsageInfo>;

/** Protected resource metadata of RFC 9728. */
export const ProtectedResource = loose({
  resource: z.string(),
  resource_name: opt(z.string()),
  authorization_servers: opt(z.array(z.string())),
  scopes_supported: opt(z.array(z.string())),
  /** Absent means true. */
  required: opt(z.boolean()),
});
export type ProtectedResource = z.infer<typeof ProtectedResource>;

/** What an MCP server asks before it (or one of its calls) goes on. */
export const AuthRequirement = loose({
  reason: z.string(),
  resource: ProtectedResource,
  requiredScopes: opt(z.array(z.string())),
  description: opt(z.string()),
});
export type AuthRequirement = z.infer<typeof AuthRequirement>;

export const ToolDefinition = loose({
  name: z.string(),
  title: opt(z.string()),
  description: opt(z.string()),
  inputSchema: opt(z.record(z.string(), z.unknown())),
  outputSchema: opt(z.record(z.string(), z.unknown())),
  annotations: opt(z.record(z.string(), z.unknown())),
  _meta: opt(Meta),
});
export type ToolDefinition = z.infer<typeof ToolDefinition>;

/** One property of a host's or a session's configuration: JSON Schema with AHP's own hints. */
export const ConfigProperty = loose({
  type: z.string(),
  title: opt(z.string()),
  description: opt(z.string()),
  default: z.optional(z.unknown()),
  enum: opt(z.array(z.unknown())),
  enumLabels: opt(z.array(z.string())),
  enumDescriptions: opt(z.array(z.string())),
  readOnly: opt(z.boolean()),
  items: z.optional(z.unknown()),
  properties: opt(z.record(z.string(), z.unknown())),
  required: opt(z.array(z.string())),
  additionalProperties: z.optional(z.unknown()),
  /** Values come from `sessionConfigCompletions`. */
  enumDynamic: opt(z.boolean()),
  sessionMutable: opt(z.boolean()),
});
export type ConfigProperty = z.infer<typeof ConfigProperty>;

export const ConfigSchema = loose({
  type: z.string(),
  properties: z.record(z.string(), ConfigProperty),
  required: opt(z.array(z.string())),
});
export type ConfigSchema = z.infer<typeof ConfigSchema>;

export const ConfigValues = z.record(z.string(), z.unknown());
export type ConfigValues = z.infer<typeof ConfigValues>;

export const ConfigState = loose({ schema: ConfigSchema, values: ConfigValues });
export type ConfigState = z.infer<typeof ConfigState>;
