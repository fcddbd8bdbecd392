import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { WALKTHROUGH } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Contexts } from "../platform/contexts.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { requireTrust } from "../platform/trust.ts";
import type { DemoFleet } from "./demoFleet.ts";

export interface OnboardingOptions {
  readonly demo: DemoFleet;
  /** The extension's own id, which names its walkthrough. */
  readonly extensionId: string;
  /** Asks the person for the GitHub account that pull requests need; rejects when they decline. */
  readonly signInToGitHub: () => Promise<unknown>;
  readonly commands: CommandRegistry;
  readonly contexts: Contexts;
  readonly dialogs: Pick<Dialogs, "choose" | "progress">;
}

/** The first five minutes: the walkthrough's commands and the demo fleet. */
export class Onboarding implements Disposable {
  readonly #options: OnboardingOptions;
  readonly #owned = new Disposables();

  constructor(options: OnboardingOptions) {
    this.#options = options;
    const { commands, contexts, demo, dialogs, extensionId, signInToGitHub } = options;
    const tellDemo = () => contexts.set("muster:hasDemo", demo.hostId !== undefined);
    this.#owned.add(demo.onDidChangeHosts(tellDemo));
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
        const walkthrough = `${extensionId}#${WALKTHROUGH}`;
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

  dispose(): void {
    this.#owned.dispose();
  }

  async #stop(): Promise<void> {
    const { demo, dialogs } = this.#options;
    const stop = vscode.l10n.t("Stop");
    const remove = vscode.l10n.t("Stop and Remove Data");
    const answer = await dialogs.choose(
      vscode.l10n.t("Stop the demo fleet?"),
      vscode.l10n.t("Its agents stop and leave the list. Their data stay for the next start, unless you remove them."),
      [stop, remove],
    );
    if (answer === undefined) return;
    await demo.stop({ removeData: answer === remove });
  }
}
