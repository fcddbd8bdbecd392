import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { toLabel } from "../platform/plainText.ts";

/** What may be done with any number of agents at once. The texts get the number of agents, or one agent's name in quotes. */
export interface BulkAction {
  /** On the button: "Stop". */
  readonly verb: string;
  /** "Stop 3 agents?" */
  readonly question: (whom: string) => string;
  /** "Stopping 3 agents" */
  readonly going: (whom: string) => string;
  /** "3 of 5 agents were stopped" */
  readonly partly: (done: number, all: number) => string;
  /** What the person should know before: what is kept, what is lost. */
  readonly detail: (agents: readonly FleetAgent[]) => string;
  /** Those of the selection that are meant. */
  readonly fits: (agent: FleetAgent) => boolean;
  readonly act: (key: string) => Promise<void>;
  /** `always`: also for one agent. */
  readonly asks: "always" | "forMany" | "never";
  /** Said when it is done, so that it is seen whom it was done to. */
  readonly done?: (whom: string) => string;
  /** The way back, offered with `done`. */
  readonly undo?: (key: string) => Promise<void>;
}

type BulkDialogs = Pick<Dialogs, "confirm" | "progress" | "tell">;

/** A host answers one request after the other; so many are on their way at a time. */
const atOnce = 8;
const maxNames = 8;

/** Asks once, does it to all, and tells what became of it. Rejects with one sentence when some or all failed. */
export async function runBulk(
  action: BulkAction,
  selected: readonly FleetAgent[],
  dialogs: BulkDialogs,
): Promise<void> {
  // One agent is taken at the person's word: its host says why it cannot be.
  const agents = selected.length === 1 ? selected : selected.filter(action.fits);
  if (agents.length === 0) {
    if (selected.length > 0) throw new AppError("conflict", nothingFits(action));
    return;
  }
  const isAsked = action.asks === "always" || (action.asks === "forMany" && selected.length > 1);
  if (isAsked && !(await ask(action, agents, selected.length, dialogs))) return;
  const done: FleetAgent[] = [];
  const failures: { agent: FleetAgent; error: unknown }[] = [];
  const run = async (report: (text: string) => void) => {
    const queue = agents.values();
    const worker = async () => {
      for (const agent of queue) {
        try {
          await action.act(agent.key);
          done.push(agent);
        } catch (error) {
          failures.push({ agent, error });
        }
        report(vscode.l10n.t("{0} of {1}", done.length + failures.length, agents.length));
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, agents.length) }, worker));
  };
  // A few are one round trip: a notification that flashes tells nobody anything.
  if (agents.length <= atOnce) await run(() => undefined);
  else await dialogs.progress(action.going(nameOf(agents)), run);
  if (done.length > 0) void tellOf(action, done, dialogs);
  const [first] = failures;
  if (first === undefined) return;
  const cause = AppError.from(first.error, vscode.l10n.t("The request failed."));
  if (agents.length === 1) throw cause;
  const names = namesOf(failures.map(({ agent }) => agent));
  const sentence = vscode.l10n.t(
    "{0}; not {1}: {2}",
    action.partly(done.length, agents.length),
    names.join(", "),
    cause.message,
  );
  throw new AppError(cause.code, sentence, { cause });
}

async function ask(
  action: BulkAction,
  agents: readonly FleetAgent[],
  selected: number,
  dialogs: BulkDialogs,
): Promise<boolean> {
  const parts = [
    agents.length === 1 ? "" : namesOf(agents).join("\n"),
    action.detail(agents),
    leftAlone(selected - agents.length),
  ];
  const detail = parts.filter((part) => part !== "").join("\n\n");
  return dialogs.confirm(action.question(nameOf(agents)), detail, action.verb);
}

function leftAlone(others: number): string {
  if (others === 0) return "";
  return others === 1
    ? vscode.l10n.t("One other of the selection stays as it is.")
    : vscode.l10n.t("{0} others of the selection stay as they are.", others);
}

async function tellOf(action: BulkAction, agents: readonly FleetAgent[], dialogs: BulkDialogs): Promise<void> {
  const { done, undo, ...back } = action;
  if (done === undefined) return;
  const text = done(nameOf(agents));
  if (undo === undefined) return void (await dialogs.tell(text));
  const button = vscode.l10n.t("Undo");
  if ((await dialogs.tell(text, button)) !== button) return;
  await runBulk({ ...back, act: undo, asks: "never", fits: () => true }, agents, dialogs);
}

function nothingFits({ verb }: BulkAction): string {
  return vscode.l10n.t("Nothing was changed: “{0}” fits none of the selected agents.", verb);
}

/** `the agent "Fix the parser"`, or `3 agents`. */
function nameOf(agents: readonly FleetAgent[]): string {
  const [first] = agents;
  return agents.length === 1 && first !== undefined
    ? vscode.l10n.t("the agent “{0}”", toLabel(first.title, 60))
    : vscode.l10n.t("{0} agents", agents.length);
}

function namesOf(agents: readonly FleetAgent[]): readonly string[] {
  const names = agents.slice(0, maxNames).map(({ title }) => `“${toLabel(title, 60)}”`);
  const rest = agents.length - names.length;
  return rest === 0 ? names : [...names, vscode.l10n.t("and {0} more", rest)];
}
