import * as vscode from "vscode";
import * as z from "zod/mini";
import { toLine, toVisibleText } from "../../base/visibleText.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { LaunchDraft } from "./launchDraft.ts";

/** One entry of the setting `muster.launch.templates`. */
const UserTemplate = z.object({
  name: z.string().check(z.minLength(1)),
  description: z.optional(z.string()),
  prompt: z.string().check(z.minLength(1)),
  /** Id of the kind of agent. */
  agent: z.optional(z.string()),
  model: z.optional(z.string()),
  budgetUsd: z.optional(z.number().check(z.positive())),
  timeLimitMinutes: z.optional(z.number().check(z.minimum(1))),
  priority: z.optional(z.enum(["low", "normal", "high"])),
  attempts: z.optional(z.int().check(z.minimum(1), z.maximum(8))),
});
type UserTemplate = z.infer<typeof UserTemplate>;

export interface Template {
  readonly name: string;
  readonly description: string;
  readonly prompt: string;
  readonly choices: Partial<LaunchDraft>;
}

/** One entry of the setting, as a person wrote it. */
export function parseUserTemplate(entry: unknown): Result<Template, string> {
  const parsed = UserTemplate.safeParse(entry);
  if (parsed.success) return ok(fromUser(parsed.data));
  const member = parsed.error.issues[0]?.path.join(".") || "entry";
  return err(vscode.l10n.t("Its {0} is missing, or not of the kind that is wanted.", member));
}

function fromUser(template: UserTemplate): Template {
  const { name, description = "", prompt, agent, model, budgetUsd, timeLimitMinutes, priority, attempts } = template;
  const choices = {
    ...(agent !== undefined && { provider: agent, model }),
    ...(model !== undefined && { model }),
    ...(budgetUsd !== undefined && { budgetUsd }),
    ...(timeLimitMinutes !== undefined && { timeLimitMinutes }),
    ...(priority !== undefined && { priority }),
    ...(attempts !== undefined && attempts > 1 && { count: attempts }),
  };
  return { name, description, prompt, choices };
}

const maxFile = 60_000;

/**
 * A file of `.github/agents`: front matter between two lines of `---`, then the prompt. Whoever can write to the repository
 * wrote it, so of the front matter only `name` and `description` count, each a plain text in one line; nothing in it chooses
 * an agent, a host or a limit. Everything else is refused or, where GitHub gives it a meaning, passed over.
 */
export function parseRepositoryTemplate(file: string, text: string): Result<Template, string> {
  if (text.length > maxFile) return err(vscode.l10n.t("It is too long."));
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  let body = lines;
  const facts = new Map<string, string>();
  if (lines[0]?.trimEnd() === "---") {
    const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === "---");
    if (end < 0) return err(vscode.l10n.t("Its front matter does not end."));
    for (const line of lines.slice(1, end)) {
      // Lists and nested values belong to keys that have no meaning here.
      if (/^\s*(?:#.*)?$/.test(line) || /^(?:\s+|-\s)/.test(line)) continue;
      const [, key, value] = /^([A-Za-z][\w-]*):(?:\s+(\S.*)?)?$/.exec(line) ?? [];
      if (key === undefined) return err(vscode.l10n.t('Its front matter has a line that is no "name: value".'));
      if (facts.has(key)) return err(vscode.l10n.t("Its front matter has {0} twice.", key));
      facts.set(key, unquoted(value ?? ""));
    }
    body = lines.slice(end + 1);
  }
  const prompt = toVisibleText(body.join("\n")).trim();
  if (prompt === "") return err(vscode.l10n.t("It has no prompt."));
  const name = toLine(facts.get("name") ?? "", 80) || toLine(file.replace(/(?:\.agent)?\.md$/, ""), 80);
  return ok({ name, description: toLine(facts.get("description") ?? "", 200), prompt, choices: {} });
}

function unquoted(value: string): string {
  const [, double, single] = /^(?:"([^"\\]*)"|'([^']*)')\s*$/.exec(value) ?? [];
  return double ?? single ?? value.replace(/(?<!\s)\s+#[^]*/, "").trim();
}
