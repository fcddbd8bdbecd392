import * as vscode from "vscode";
import type { Fleet } from "../fleet/fleet.ts";
import type { AgentTarget } from "../ids.ts";
import { toLabel } from "../platform/plainText.ts";
import type { Telemetry } from "../platform/telemetry.ts";
import type { SessionInputRequest } from "../../protocol/sessionState.ts";
import { keyOf } from "../fleet/fleetAgent.ts";
import type { AgentTargets } from "./agentTargets.ts";
import { toRequestText } from "./requestText.ts";

type Confirmation = Extract<SessionInputRequest, { kind: "toolConfirmation" }>;
type Choice = "approve" | "deny" | "note" | "open";

/** A longer request is read in the panel: nothing is approved that was not shown whole. */
const maxLines = 60;

/**
 * Answering permission requests without opening the agent. The request is shown whole in VS Code's own UI, and the
 * answer goes to exactly the request that was shown.
 */
export class RequestAnswers {
  readonly #fleet: Fleet;
  readonly #targets: AgentTargets;
  readonly #telemetry: Pick<Telemetry, "send">;
  readonly #openPanel: (target: AgentTarget) => void;

  constructor(
    fleet: Fleet,
    targets: AgentTargets,
    telemetry: Pick<Telemetry, "send">,
    openPanel: (target: AgentTarget) => void,
  ) {
    this.#fleet = fleet;
    this.#targets = targets;
    this.#telemetry = telemetry;
    this.#openPanel = openPanel;
  }

  /** Shows each waiting request of the agent in turn. Stops when one is dismissed. */
  async review(target: AgentTarget, preferred: "approve" | "deny"): Promise<void> {
    for (const request of this.#waiting(target)) {
      const text = toRequestText(request);
      const choice = text.lines.length > maxLines ? "open" : await this.#ask(target, text, preferred);
      if (choice === undefined) return;
      if (choice === "open") {
        this.#openPanel(target);
        return;
      }
      await this.#answer(target, request.id, choice);
    }
    if (this.#waiting(target).length === 0 && this.#targets.agent(target)?.attention === "needsYou") {
      this.#openPanel(target);
    }
  }

  #waiting(target: AgentTarget): readonly Confirmation[] {
    const requests = this.#targets.agent(target)?.requests ?? [];
    return requests.filter((request) => request.kind === "toolConfirmation");
  }

  async #ask(
    target: AgentTarget,
    { question, lines }: ReturnType<typeof toRequestText>,
    preferred: "approve" | "deny",
  ): Promise<Choice | undefined> {
    const answers: (vscode.QuickPickItem & { choice?: Choice })[] = [
      { label: "$(check) Approve", choice: "approve" },
      { label: "$(close) Deny", choice: "deny" },
    ];
    if (preferred === "deny") answers.reverse();
    answers.push({ label: "$(comment) Deny with a note…", choice: "note" });
    answers.push({ label: "$(go-to-file) Open the agent", choice: "open" });
    const items = [
      ...answers,
      { label: "What it asks for", kind: vscode.QuickPickItemKind.Separator },
      // Choosing a line of the request answers nothing.
      ...lines.map((line) => ({ label: toLabel(line, 400) || " ", alwaysShow: true })),
    ];
    const picked = await vscode.window.showQuickPick(items, {
      title: `${this.#targets.titleOf(target)}: ${question}`,
      placeHolder: lines.length === 1 ? toLabel(lines[0] ?? "", 120) : "The request is shown in full below the answers",
      ignoreFocusOut: true,
    });
    return picked && "choice" in picked ? picked.choice : undefined;
  }

  async #answer(target: AgentTarget, requestId: string, choice: Exclude<Choice, "open">): Promise<void> {
    if (choice === "approve") {
      await this.#fleet.approve(keyOf(target), { requestId });
      this.#telemetry.send("agent.answered", { answer: "approved", from: "tree" });
      return;
    }
    const note = choice === "note" ? await this.#askNote(target) : "";
    if (note === undefined) return;
    await this.#fleet.deny(keyOf(target), { requestId, ...(note !== "" && { note }) });
    this.#telemetry.send("agent.answered", { answer: "denied", from: "tree" });
  }

  async #askNote(target: AgentTarget): Promise<string | undefined> {
    return vscode.window.showInputBox({
      title: `Deny: ${this.#targets.titleOf(target)}`,
      prompt: "What should the agent do instead?",
      ignoreFocusOut: true,
    });
  }
}
