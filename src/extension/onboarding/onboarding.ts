import path from "node:path";
import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import type { LaunchRequest } from "../fleet/fleetAgent.ts";
import { firstOutcome } from "../hosts/firstOutcome.ts";
import type { HostConnectionsView, Hosts } from "../hosts/hosts.ts";
import { WALKTHROUGH } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Contexts } from "../platform/contexts.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { requireTrust } from "../platform/trust.ts";
import { DemoFleet } from "./demoFleet.ts";
import { demoScripts, startDemoHost } from "./demoHost.ts";
import { makeDemoRepository } from "./demoRepository.ts";
import { findNode } from "./nodeRuntime.ts";

export interface OnboardingOptions {
  readonly context: Pick<vscode.ExtensionContext, "extension" | "extensionPath" | "globalState" | "globalStorageUri">;
  readonly hosts: Hosts;
  readonly connections: HostConnectionsView;
  readonly launch: (request: LaunchRequest) => Promise<unknown>;
  /** Asks the person for the GitHub account that pull requests need; rejects when they decline. */
  readonly signInToGitHub: () => Promise<unknown>;
  readonly commands: CommandRegistry;
  readonly contexts: Contexts;
  readonly dialogs: Pick<Dialogs, "choose" | "progress">;
  readonly logger: Logger;
}

/** The first five minutes: the walkthrough's commands and the demo fleet. */
export class Onboarding implements Disposable {
  readonly #options: OnboardingOptions;
  readonly #owned = new Disposables();
  readonly #demo: DemoFleet;

  constructor(options: OnboardingOptions) {
    this.#options = options;
    const { commands, context, contexts, dialogs, hosts, signInToGitHub } = options;
    const demo = this.#owned.add(demoFleetOf(options));
    this.#demo = demo;
    const tellDemo = () => contexts.set("muster:hasDemo", demo.hostId !== undefined);
    this.#owned.add(hosts.onDidChange(tellDemo));
    tellDemo();
    this.#owned.add(
      commands.register("muster.demo.start", "start the demo fleet", async () => {
        requireTrust();
        await dialogs.progress(vscode.l10n.t("Starting the demo fleet"), () => demo.start());
        tellDemo();
        await vscode.commands.executeCommand("muster.agents.focus");
      }),
    );
    this.#owned.add(commands.register("muster.demo.stop", "stop the demo fleet", () => this.#stop()));
    this.#owned.add(
      commands.register("muster.getStarted", "show the first steps", async () => {
        const walkthrough = `${context.extension.id}#${WALKTHROUGH}`;
        await vscode.commands.executeCommand("workbench.action.openWalkthrough", walkthrough, false);
      }),
    );
    this.#owned.add(
      commands.register("muster.gitHub.signIn", "sign in to GitHub", async () => {
        await signInToGitHub();
        contexts.set("muster:signedInToGitHub", true);
      }),
    );
  }

  /** Runs the demo that is among the hosts, as the window before this one did. */
  resume(): Promise<void> {
    return this.#demo.resume();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #stop(): Promise<void> {
    const { dialogs } = this.#options;
    const stop = vscode.l10n.t("Stop");
    const remove = vscode.l10n.t("Stop and Remove Data");
    const answer = await dialogs.choose(
      vscode.l10n.t("Stop the demo fleet?"),
      vscode.l10n.t("Its agents stop and leave the list. Their data stay for the next start, unless you remove them."),
      [stop, remove],
    );
    if (answer === undefined) return;
    await this.#demo.stop({ removeData: answer === remove });
  }
}

function demoFleetOf({ context, hosts, connections, launch, logger }: OnboardingOptions): DemoFleet {
  return new DemoFleet({
    folder: path.join(context.globalStorageUri.fsPath, "demo"),
    scripts: demoScripts(context.extensionPath),
    hosts,
    connections,
    launch,
    connected: (hostId) => firstOutcome(connections, hostId),
    state: context.globalState,
    findNode,
    makeRepository: makeDemoRepository,
    startHost: startDemoHost,
    logger,
  });
}
