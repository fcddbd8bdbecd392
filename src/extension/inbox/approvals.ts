import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { remarksOn } from "../../base/requestRemarks.ts";
import type { Clock } from "../../base/clock.ts";
import { isSame } from "../../base/isSame.ts";
import type { ConfirmationOption } from "../../protocol/toolCall.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { livePick, type LiveContent, type LiveItem } from "../platform/livePick.ts";
import { toLabel } from "../platform/plainText.ts";
import type { Telemetry } from "../platform/telemetry.ts";
import type { Confirmation, InboxItem } from "./inboxItems.ts";
import { titleOf } from "./inboxRows.ts";
import type { RequestDocuments } from "./requestDocuments.ts";
import { type RequestText, toRequestText } from "./requestText.ts";

export type ApprovalItem = Extract<InboxItem, { reason: "approval" }>;

export interface ApprovalOptions {
  readonly fleet: Pick<Fleet, "get" | "approve" | "deny" | "onDidChange">;
  readonly documents: Pick<RequestDocuments, "open">;
  readonly telemetry: Pick<Telemetry, "send">;
  readonly clock: Clock;
}

/** One agent's request, as it was shown. */
interface Ask {
  readonly key: string;
  readonly request: Confirmation;
}

type Choice =
  | { readonly kind: "approve" | "deny"; readonly optionId?: string }
  | { readonly kind: "note" | "read" | "open" | "apart" };

/** What became of it. `open`: the person wants to see the agent. `apart`: each of several is to be asked about by itself. */
export type ApprovalOutcome = "answered" | "closed" | "open" | "apart";

/** More is read in a document of its own, before it can be approved: nothing is approved that was not shown whole. */
const maxLines = 60;

/**
 * Answers permission requests without opening their agents, in VS Code's own UI. An answer goes to exactly what was shown:
 * a request that changes is shown anew, and one that is gone is answered by nobody.
 */
export class Approvals {
  readonly #options: ApprovalOptions;

  constructor(options: ApprovalOptions) {
    this.#options = options;
  }

  /** Rejects with `conflict` when the request is gone before it was answered. */
  async ask(item: ApprovalItem, preferred: "approve" | "deny" = "approve"): Promise<ApprovalOutcome> {
    let asks = asksOf(item);
    let hasRead = false;
    const read = (): LiveContent<Choice> | undefined => {
      const present = this.#present(asks);
      if (!isSame(present, asks)) hasRead = false;
      asks = present;
      return asks.length === 0 ? undefined : this.#content(asks, preferred, hasRead);
    };
    for (;;) {
      const { onDidChange } = this.#options.fleet;
      const result = await livePick({ read, onDidChange, clock: this.#options.clock, decides: true });
      if (result.kind === "over") throw goneElsewhere();
      if (result.kind !== "chosen") return "closed";
      const choice = result.value;
      switch (choice.kind) {
        case "open":
        case "apart":
          return choice.kind;
        case "read":
          await this.#options.documents.open(textOf(asks));
          hasRead = true;
          continue;
        case "note": {
          const note = await this.#askNote(asks);
          if (note === undefined) continue;
          await this.#deny(asks, { note });
          return "answered";
        }
        case "approve":
          await this.#approve(asks, choice.optionId);
          return "answered";
        default:
          await this.#deny(asks, choice.optionId === undefined ? {} : { optionId: choice.optionId });
          return "answered";
      }
    }
  }

  /** Approves what the row showed whole. */
  async approve(item: ApprovalItem): Promise<void> {
    await this.#approve(asksOf(item), undefined);
  }

  /** Those that still wait. One that waits by itself is followed to what it asks for at this moment. */
  #present(asks: readonly Ask[]): readonly Ask[] {
    const present = asks.flatMap(({ key, request }): Ask[] => {
      const found = this.#options.fleet.get(key)?.requests.find(({ id }) => id === request.id);
      if (found?.kind !== "toolConfirmation") return [];
      return asks.length === 1 || isSame(found, request) ? [{ key, request: found }] : [];
    });
    return isSame(present, asks) ? asks : present;
  }

  #content(asks: readonly Ask[], preferred: "approve" | "deny", hasRead: boolean): LiveContent<Choice> {
    const text = textOf(asks);
    const agents = asks.flatMap(({ key }) => this.#options.fleet.get(key) ?? []);
    const isLong = text.lines.length > maxLines;
    const canApprove = !text.isElsewhere && (!isLong || hasRead);
    const items: LiveItem<Choice>[] = [
      ...answers(asks, canApprove, preferred),
      ...(isLong ? [readAll(text.lines.length, hasRead)] : []),
      ...(asks.length === 1
        ? [{ label: `$(go-to-file) ${vscode.l10n.t("Open the agent")}`, value: { kind: "open" } as const }]
        : [{ label: `$(list-unordered) ${vscode.l10n.t("Answer one by one…")}`, value: { kind: "apart" } as const }]),
      ...(canApprove ? offered(asks[0]?.request) : []),
      { label: vscode.l10n.t("What it asks for"), isSeparator: true },
      ...remarksOn(text.text, vscode.l10n.t).map((remark) => ({ label: `$(warning) ${remark}` })),
      // Choosing a line of the request answers nothing.
      ...text.lines.slice(0, maxLines).map((line) => ({ label: toLabel(line, 400) || " " })),
    ];
    if (isLong) items.push({ label: "", description: moreLines(text.lines.length - maxLines) });
    if (agents.length > 1) {
      items.push({ label: vscode.l10n.t("Asked by"), isSeparator: true });
      items.push(...agents.map(({ title, place }) => ({ label: toLabel(title, 80), description: toLabel(place, 60) })));
    }
    const [first = ""] = text.lines;
    const inFull = vscode.l10n.t("The request is shown in full below the answers");
    const toRead = vscode.l10n.t("Read all of it before you approve it");
    return {
      title: `${titleOf(agents)}: ${questionOf(text)}`,
      placeholder: isLong ? toRead : text.lines.length === 1 ? toLabel(first, 120) : inFull,
      items,
    };
  }

  async #approve(asks: readonly Ask[], optionId: string | undefined): Promise<void> {
    await this.#send(asks, ({ key, request }) => this.#options.fleet.approve(key, request, optionId));
    this.#options.telemetry.send("agent.answered", { answer: "approved", from: "inbox" });
  }

  async #deny(asks: readonly Ask[], how: { optionId?: string; note?: string }): Promise<void> {
    await this.#send(asks, ({ key, request }) => this.#options.fleet.deny(key, request, how));
    this.#options.telemetry.send("agent.answered", { answer: "denied", from: "inbox" });
  }

  /** All of them, whatever becomes of the others; then the first failure, saying how many there were. */
  async #send(asks: readonly Ask[], answer: (ask: Ask) => Promise<void>): Promise<void> {
    const results = await Promise.allSettled(asks.map(answer));
    const failed = results.filter((result) => result.status === "rejected");
    if (failed[0] === undefined) return;
    const first = AppError.from(failed[0].reason, "The answer failed");
    if (asks.length === 1) throw first;
    const sentence = vscode.l10n.t("{0} of {1} were not answered.", failed.length, asks.length);
    throw new AppError(first.code, `${sentence} ${first.message}`, { cause: first });
  }

  async #askNote(asks: readonly Ask[]): Promise<string | undefined> {
    const agents = asks.flatMap(({ key }) => this.#options.fleet.get(key) ?? []);
    const note = await vscode.window.showInputBox({
      title: vscode.l10n.t("Deny: {0}", titleOf(agents)),
      prompt: vscode.l10n.t("What should the agent do instead?"),
      ignoreFocusOut: true,
    });
    return note?.trim() === "" ? undefined : note;
  }
}

function asksOf({ agents, requests }: ApprovalItem): readonly Ask[] {
  return agents.flatMap(({ key }, index) => {
    const request = requests[index];
    return request === undefined ? [] : [{ key, request }];
  });
}

/** They ask for the same. */
function textOf([first]: readonly Ask[]): RequestText {
  if (first === undefined) throw goneElsewhere();
  return toRequestText(first.request);
}

function questionOf({ kind }: Pick<RequestText, "kind">): string {
  return kind === "command" ? vscode.l10n.t("Allow this command to run?") : vscode.l10n.t("Allow this tool call?");
}

function answers(asks: readonly Ask[], canApprove: boolean, preferred: "approve" | "deny"): LiveItem<Choice>[] {
  const many = asks.length > 1;
  const approve: LiveItem<Choice> = {
    id: "approve",
    label: `$(check) ${many ? vscode.l10n.t("Approve all {0}", asks.length) : vscode.l10n.t("Approve")}`,
    description: vscode.l10n.t("once"),
    value: { kind: "approve" },
  };
  const deny: LiveItem<Choice> = {
    id: "deny",
    label: `$(close) ${many ? vscode.l10n.t("Deny all {0}", asks.length) : vscode.l10n.t("Deny")}`,
    value: { kind: "deny" },
  };
  const note: LiveItem<Choice> = {
    id: "note",
    label: `$(comment) ${vscode.l10n.t("Deny with a note…")}`,
    value: { kind: "note" },
  };
  if (!canApprove) return [deny, note];
  return preferred === "deny" ? [deny, note, approve] : [approve, deny, note];
}

/** The agent's own answers, such as one that lasts for the session. Which way they go is said by us, the rest by the agent. */
function offered(request: Confirmation | undefined): readonly LiveItem<Choice>[] {
  const call = request?.toolCall;
  const options = (call?.status === "pending-confirmation" ? call.options : undefined) ?? [];
  const known = options.flatMap((option) => toOffer(option) ?? []);
  if (known.length === 0) return [];
  return [{ label: vscode.l10n.t("Answers that the agent offers"), isSeparator: true }, ...known];
}

function toOffer({ id, label, kind }: ConfirmationOption): LiveItem<Choice> | undefined {
  if (kind !== "approve" && kind !== "deny") return undefined;
  const way = kind === "approve" ? vscode.l10n.t("Approve") : vscode.l10n.t("Deny");
  return {
    id: `option ${id}`,
    label: `$(${kind === "approve" ? "check-all" : "circle-slash"}) ${way}: “${toLabel(label, 80)}”`,
    value: { kind, optionId: id },
  };
}

function readAll(count: number, hasRead: boolean): LiveItem<Choice> {
  const label = vscode.l10n.t("Read All {0} Lines", count);
  const description = hasRead ? vscode.l10n.t("opened beside this") : vscode.l10n.t("then it can be approved");
  return { id: "read", label: `$(file) ${label}`, description, value: { kind: "read" } };
}

function moreLines(count: number): string {
  return count === 1 ? vscode.l10n.t("… and 1 more line") : vscode.l10n.t("… and {0} more lines", count);
}

function goneElsewhere(): AppError {
  return new AppError(
    "conflict",
    vscode.l10n.t("This agent waits for nothing any more: it was answered elsewhere, or it went on."),
  );
}
