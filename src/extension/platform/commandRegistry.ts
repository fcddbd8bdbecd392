import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { type CommandArgs, type CommandId, ROWLESS_COMMANDS } from "../ids.ts";
import type { ErrorPresenter } from "./presentError.ts";

/** The one caller of `registerCommand`. A handler that throws is presented to the person who ran it, and nowhere else. */
export class CommandRegistry implements Disposable {
  readonly #presenter: Pick<ErrorPresenter, "present">;
  readonly #registrations = new Disposables();

  constructor(presenter: Pick<ErrorPresenter, "present">) {
    this.#presenter = presenter;
  }

  /**
   * @param during what the command does, to follow "Couldn't": "stop the agent".
   * @param handle is never called for a row that VS Code cannot name: no argument means that nobody has named one.
   */
  register<Id extends CommandId>(
    id: Id,
    during: string,
    handle: (...args: CommandArgs[Id]) => Promise<void> | void,
  ): Disposable {
    const meansRow = handle.length > 0 && !ROWLESS_COMMANDS.has(id);
    const run = async (...args: CommandArgs[Id]) => {
      // It cannot be tried again either: which row it was, nobody knows.
      if (meansRow && isRowLost(args)) return this.#presenter.present(rowLost(), during);
      try {
        await handle(...args);
      } catch (error) {
        await this.#presenter.present(error, during, { retry: () => handle(...args) });
      }
    };
    return this.#registrations.add(vscode.commands.registerCommand(id, run));
  }

  dispose(): void {
    this.#registrations.dispose();
  }
}

/**
 * A row's menu passes the row's element, and those of all selected rows. From the moment when a tree says that rows have
 * changed until VS Code has asked for them again, it knows their elements no more, and passes `undefined` in their places.
 */
function isRowLost(args: readonly unknown[]): boolean {
  const [row, selected] = args;
  if (args.length > 0 && (row === undefined || row === null)) return true;
  return Array.isArray(selected) && selected.some((other) => other === undefined || other === null);
}

function rowLost(): AppError {
  return new AppError(
    "conflict",
    "VS Code was drawing the list anew and did not say which row was meant. Nothing was changed; do it once more.",
  );
}

/** A typed link to a command, for tree items and the status bar. */
export function commandLink<Id extends CommandId>(id: Id, title: string, ...args: CommandArgs[Id]): vscode.Command {
  return { command: id, title, arguments: args };
}

/** Runs one of our commands. It presents its own failures, so this never rejects because of them. */
export async function runCommand<Id extends CommandId>(id: Id, ...args: CommandArgs[Id]): Promise<void> {
  await vscode.commands.executeCommand(id, ...args);
}
