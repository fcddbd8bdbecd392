import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { CommandArgs, CommandId } from "../ids.ts";
import type { ErrorPresenter } from "./presentError.ts";

/** The one caller of `registerCommand`. A handler that throws is presented to the person who ran it, and nowhere else. */
export class CommandRegistry implements Disposable {
  readonly #presenter: Pick<ErrorPresenter, "present">;
  readonly #registrations = new Disposables();

  constructor(presenter: Pick<ErrorPresenter, "present">) {
    this.#presenter = presenter;
  }

  /** @param during what the command does, to follow "Couldn't": "stop the agent". */
  register<Id extends CommandId>(
    id: Id,
    during: string,
    handle: (...args: CommandArgs[Id]) => Promise<void> | void,
  ): Disposable {
    const run = async (...args: CommandArgs[Id]) => {
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

/** A typed link to a command, for tree items and the status bar. */
export function commandLink<Id extends CommandId>(id: Id, title: string, ...args: CommandArgs[Id]): vscode.Command {
  return { command: id, title, arguments: args };
}

/** Runs one of our commands. It presents its own failures, so this never rejects because of them. */
export async function runCommand<Id extends CommandId>(id: Id, ...args: CommandArgs[Id]): Promise<void> {
  await vscode.commands.executeCommand(id, ...args);
}
