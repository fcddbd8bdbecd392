import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { ConnectionState } from "../../client/connectionState.ts";
import type { HostConnectionsView, HostRecord, Hosts } from "../hosts/hosts.ts";
import { parseHostUrl } from "../hosts/hostUrl.ts";
import type { HostTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { toLabel } from "../platform/plainText.ts";
import { sentenceOf } from "../platform/presentError.ts";
import { type StepFrame, textStep } from "../platform/steps.ts";
import type { Telemetry } from "../platform/telemetry.ts";

export interface HostCommandsOptions {
  readonly hosts: Hosts;
  readonly connections: HostConnectionsView;
  readonly commands: CommandRegistry;
  readonly dialogs: Pick<Dialogs, "confirm" | "progress" | "tell">;
  readonly telemetry: Pick<Telemetry, "send">;
  readonly showLog: () => void;
}

interface Typed {
  readonly url: string;
  /** `undefined`: the stored one stays. */
  readonly token: string | undefined;
  readonly problem: string | undefined;
}

const frame = (title: string, step: number): StepFrame => ({ title, step, totalSteps: 2, canGoBack: step > 1 });

/** Adding, changing and removing hosts. A host that does not answer is shown as such, with what was typed still there. */
export class HostCommands implements Disposable {
  readonly #options: HostCommandsOptions;
  readonly #owned = new Disposables();

  constructor(options: HostCommandsOptions) {
    this.#options = options;
    const { commands, connections, showLog } = options;
    this.#owned.add(commands.register("muster.host.add", "add the host", () => this.#add()));
    this.#owned.add(
      commands.register("muster.host.edit", "change the host", async (target) => {
        const host = await this.#choose(target, "Edit which host?");
        if (host !== undefined) await this.#edit(host, { url: host.url, token: undefined, problem: undefined });
      }),
    );
    this.#owned.add(
      commands.register("muster.host.remove", "remove the host", async (target) => {
        const host = await this.#choose(target, "Remove which host?");
        if (host !== undefined) await this.#remove(host);
      }),
    );
    this.#owned.add(
      commands.register("muster.host.reconnect", "reconnect the host", async (target) => {
        const host = await this.#choose(target, "Reconnect which host?");
        if (host !== undefined) connections.reconnect(host.id);
      }),
    );
    this.#owned.add(commands.register("muster.host.showLog", "show the log", () => showLog()));
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #add(): Promise<void> {
    const { hosts, telemetry } = this.#options;
    const typed = await this.#ask("Add Host", { url: "", token: undefined, problem: undefined }, false);
    if (typed === undefined) return;
    const host = await hosts.add({ name: "", url: typed.url, token: typed.token });
    const failure = await this.#connect(host);
    telemetry.send("host.added", { outcome: failure === undefined ? "connected" : "failed" });
    if (failure !== undefined) await this.#edit(host, { ...typed, problem: sentenceOf(failure) });
  }

  /** Until the host answers, or the person has had enough: then the host stays, shown as not reachable. */
  async #edit(host: HostRecord, known: Typed): Promise<void> {
    const { hosts } = this.#options;
    let typed: Typed | undefined = known;
    for (;;) {
      typed = await this.#ask(`Edit ${toLabel(host.name, 40)}`, typed, true);
      if (typed === undefined) return;
      await hosts.edit(host.id, { name: nameAfter(host, typed.url), url: typed.url, token: typed.token });
      const failure = await this.#connect(host);
      if (failure === undefined) return;
      typed = { ...typed, problem: sentenceOf(failure) };
    }
  }

  /** Address, then token. */
  async #ask(title: string, known: Typed, hasToken: boolean): Promise<Typed | undefined> {
    let { url, token, problem } = known;
    for (;;) {
      const address = await textStep({
        frame: frame(title, 1),
        prompt: "Address of the host",
        placeholder: "wss://agents.example.com or ws://127.0.0.1:4500",
        value: url,
        problem,
        validate: (text) => {
          const parsed = parseHostUrl(text);
          return parsed.ok ? undefined : parsed.error.message;
        },
      });
      if (address.kind !== "next") return undefined;
      const parsed = parseHostUrl(address.value);
      if (!parsed.ok) throw parsed.error;
      ({ url } = parsed.value);
      problem = undefined;
      // A pasted address may bring its token along.
      const secret = await textStep({
        frame: frame(title, 2),
        prompt: hasToken
          ? "Access token of the host. Leave it empty to keep the one that is stored."
          : "Access token of the host. It is kept in the editor's secret storage.",
        value: parsed.value.token ?? token ?? "",
        isPassword: true,
      });
      if (secret.kind === "back") continue;
      if (secret.kind !== "next") return undefined;
      token = secret.value.trim();
      return { url, token: token === "" ? undefined : token, problem: undefined };
    }
  }

  /** Waits for the first answer of the host. `undefined` when it is connected. */
  async #connect(host: HostRecord): Promise<AppError | undefined> {
    const { connections, dialogs } = this.#options;
    connections.reconnect(host.id);
    const failure = await dialogs.progress(`Connecting to ${toLabel(host.name, 60)}`, () =>
      firstOutcome(connections, host.id),
    );
    return failure;
  }

  async #remove(host: HostRecord): Promise<void> {
    const { hosts, dialogs } = this.#options;
    const detail = "Its address and token are forgotten here. Agents on it go on, and can be seen again by adding it.";
    if (await dialogs.confirm(`Remove the host "${toLabel(host.name, 60)}"?`, detail, "Remove"))
      await hosts.remove(host.id);
  }

  async #choose(target: HostTarget | undefined, placeHolder: string): Promise<HostRecord | undefined> {
    const { hosts } = this.#options;
    const named = typeof target?.hostId === "string" ? hosts.get(target.hostId) : undefined;
    if (named !== undefined || hosts.all.length <= 1) return named ?? hosts.all[0];
    const items = hosts.all.map((host) => ({ label: toLabel(host.name), description: toLabel(host.url, 100), host }));
    return (await vscode.window.showQuickPick(items, { placeHolder }))?.host;
  }
}

/** A name that was only the address follows the address. */
function nameAfter(host: HostRecord, url: string): string {
  return host.name === URL.parse(host.url)?.host ? (URL.parse(url)?.host ?? "") : host.name;
}

/** The error of the first attempt that ends, or nothing when the host is there. */
export async function firstOutcome(
  connections: Pick<HostConnectionsView, "get" | "onDidChange">,
  hostId: string,
): Promise<AppError | undefined> {
  const outcome = Promise.withResolvers<AppError | undefined>();
  const look = () => {
    const state: ConnectionState | undefined = connections.get(hostId)?.state;
    if (state === undefined) outcome.resolve(new AppError("cancelled", "The host was removed."));
    else if (state.kind === "live") outcome.resolve(undefined);
    else if (state.kind === "waiting" || state.kind === "refused") outcome.resolve(state.error);
  };
  const listening = connections.onDidChange(look);
  try {
    look();
    return await outcome.promise;
  } finally {
    listening.dispose();
  }
}
