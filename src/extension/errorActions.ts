import * as vscode from "vscode";
import type { AppError } from "../base/appError.ts";
import { CHECK_COMMAND } from "../base/checkCommand.ts";
import { runCommand } from "./platform/commandRegistry.ts";
import type { OutputLogger } from "./platform/logger.ts";
import type { ErrorActionHandlers } from "./platform/presentError.ts";
import type { Settings } from "./platform/settings.ts";
import { requireTrust } from "./platform/trust.ts";
import { gitHubScopes } from "./ship/gitHubServers.ts";

export interface ErrorActionsOptions {
  readonly logger: Pick<OutputLogger, "show">;
  readonly settings: Pick<Settings, "open">;
  /** Of this extension. */
  readonly id: string;
}

/** What the buttons under a failure do. */
export function errorActions({ logger, settings, id }: ErrorActionsOptions): ErrorActionHandlers {
  return {
    showLog: () => logger.show(),
    addHost: () => void runCommand("muster.host.add"),
    editHost: () => void runCommand("muster.host.edit"),
    replaceToken: () => void runCommand("muster.host.replaceToken"),
    signIn: (failure) => void signInAfter(failure),
    refresh: () => void runCommand("muster.agents.refresh"),
    gitHubServers: () => void settings.open("github.servers"),
    updateMuster: () => void vscode.commands.executeCommand("extension.open", id),
    copyCheck: () => void vscode.env.clipboard.writeText(CHECK_COMMAND),
  };
}

/** What the failure was about: a host that lacks a sign-in, an account, else GitHub's. A person who declines is told nothing more. */
async function signInAfter(failure: AppError | undefined): Promise<void> {
  const { hostId, authProvider } = failure?.details ?? {};
  if (typeof hostId === "string") return runCommand("muster.agent.signIn", { hostId });
  const provider = typeof authProvider === "string" ? authProvider : "github";
  try {
    requireTrust();
    await vscode.authentication.getSession(provider, gitHubScopes, { createIfNone: true });
  } catch {
    // Whoever declines knows it.
  }
}
