import { toLine } from "../../base/visibleText.ts";
import { wordsOf } from "../../protocol/content.ts";
import type { ToolCall } from "../../protocol/toolCall.ts";
import { runsCommand, toToolInputView } from "./toolInput.ts";
import { t } from "../kit/l10n.ts";

export interface ToolCardView {
  readonly icon: string;
  /** What the icon says, for those who do not see it. */
  readonly state: string;
  readonly tone: "running" | "done" | "failed" | "cancelled";
  readonly title: string;
  /** The command or the path, on one line. */
  readonly summary: string;
  readonly exitCode: number | undefined;
  /** Lines that its edits add and remove. */
  readonly edits: { readonly added: number; readonly removed: number } | undefined;
}

/** The closed row of a tool call. */
export function toolCardView(toolCall: ToolCall): ToolCardView {
  const input = "toolInput" in toolCall ? toToolInputView(toolCall.toolInput, runsCommand(toolCall)) : undefined;
  const said = "invocationMessage" in toolCall ? wordsOf(toolCall.invocationMessage) : "";
  const title = toLine(said || toolCall.displayName || toolCall.toolName, 160);
  const exitCode = exitCodeOf(toolCall);
  const command = input?.command ?? "";
  // Many agents say the command in the title already.
  const summary = title.includes(toLine(command, 120)) ? "" : toLine(command, 160);
  const base = { title, summary, exitCode, edits: editsOf(toolCall) };
  switch (toolCall.status) {
    case "streaming":
      return { ...base, icon: "loading", state: t("Preparing"), tone: "running" };
    case "pending-confirmation":
    case "pending-result-confirmation":
      return { ...base, icon: "shield", state: t("Waits for approval"), tone: "running" };
    case "auth-required":
      return { ...base, icon: "lock", state: t("Waits for sign-in"), tone: "running" };
    case "running":
      return { ...base, icon: "loading", state: t("Running"), tone: "running" };
    case "completed": {
      const done = toLine(wordsOf(toolCall.pastTenseMessage), 160) || title;
      const failed = !toolCall.success;
      return {
        ...base,
        title: done,
        summary: done.includes(toLine(command, 120)) ? "" : summary,
        icon: failed ? "error" : "check",
        state: failed ? t("Failed") : t("Done"),
        tone: failed ? "failed" : "done",
      };
    }
    case "cancelled": {
      const state = toolCall.reason === "skipped" ? t("Skipped") : t("Denied");
      return { ...base, icon: "circle-slash", state, tone: "cancelled" };
    }
    default:
      return {
        ...base,
        icon: "tools",
        state: t("Tool call"),
        tone: "done",
        title: t("A tool call of a kind unknown here"),
      };
  }
}

function exitCodeOf(toolCall: ToolCall): number | undefined {
  const content = ("content" in toolCall ? toolCall.content : undefined) ?? [];
  for (const item of content) if (item.type === "terminal") return item.result?.exitCode;
  return undefined;
}

function editsOf(toolCall: ToolCall): ToolCardView["edits"] {
  const content = ("content" in toolCall ? toolCall.content : undefined) ?? [];
  const diffs = content.flatMap((item) => (item.type === "fileEdit" && item.diff ? [item.diff] : []));
  if (diffs.length === 0) return undefined;
  return diffs.reduce<{ added: number; removed: number }>(
    (sum, diff) => ({ added: sum.added + (diff.added ?? 0), removed: sum.removed + (diff.removed ?? 0) }),
    { added: 0, removed: 0 },
  );
}
