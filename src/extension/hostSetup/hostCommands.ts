import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Client } from "../../client/client.ts";
import type { HostCertificate } from "../hosts/certificate.ts";
import type { HostProposal } from "../hosts/hostLink.ts";
import type { HostConnectionsView, HostRecord, Hosts } from "../hosts/hosts.ts";
import { tryHost } from "../hosts/hostTrial.ts";
import type { HostTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { toLabel } from "../platform/plainText.ts";
import { sentenceOf } from "../platform/presentError.ts";
import type { Telemetry } from "../platform/telemetry.ts";
import { askHost, askNewToken, type HostDraft, type HostFormStart } from "./hostForm.ts";

export interface HostCommandsOptions {
  readonly hosts: Hosts;
  readonly connections: HostConnectionsView;
  readonly commands: CommandRegistry;
  readonly dialogs: Pick<Dialogs, "attempt" | "choose" | "chooseFile" | "confirm">;
  readonly telemetry: Pick<Telemetry, "send">;
  /** A client of a host that need not be configured. */
  readonly newClient: (host: HostRecord, token: () => Promise<string | undefined>) => Client;
  /** Text of a file on this machine. */
  readonly readFile: (path: string) => Promise<string | undefined>;
  readonly readCertificate: (url: string, attempt: Disposables) => Promise<HostCertificate>;
  /** The log of one host, or of everything. */
  readonly showLog: (host: HostRecord | undefined) => void;
}

type Tested = { readonly draft: HostDraft; readonly failure: AppError | undefined };

const fresh: HostFormStart = { at: "address", problem: undefined, canSaveAnyway: false };
const noHost: HostDraft = { url: "", name: "", token: undefined, tokenFile: undefined, certificate: undefined };

/** Adding, changing and removing hosts. A host is tried before it is saved, and what was typed stays until it works. */
export class HostCommands implements Disposable {
  readonly #options: HostCommandsOptions;
  readonly #owned = new Disposables();

  constructor(options: HostCommandsOptions) {
    this.#options = options;
    const { commands, connections, hosts, showLog } = options;
    const { t } = vscode.l10n;
    this.#owned.add(commands.register("muster.host.add", "add the host", () => this.add()));
    const onHost = [
      ["muster.host.edit", "change the host", t("Edit which host?"), (host: HostRecord) => this.#edit(host)],
      [
        "muster.host.replaceToken",
        "replace the token",
        t("Replace the token of which host?"),
        (host: HostRecord) => this.#replaceToken(host),
      ],
      ["muster.host.remove", "remove the host", t("Remove which host?"), (host: HostRecord) => this.#remove(host)],
      [
        "muster.host.reconnect",
        "reconnect the host",
        t("Reconnect which host?"),
        async ({ id }: HostRecord) => connections.reconnect(id),
      ],
    ] as const;
    for (const [id, during, placeholder, act] of onHost) {
      this.#owned.add(
        commands.register(id, during, async (target) => {
          const host = await this.#choose(target, placeholder);
          if (host !== undefined) await act(host);
        }),
      );
    }
    this.#owned.add(
      commands.register("muster.host.showLog", "show the log", (target) =>
        showLog(target === undefined ? undefined : hosts.get(target.hostId)),
      ),
    );
  }

  dispose(): void {
    this.#owned.dispose();
  }

  /** @param proposal what a link proposes: the form shows it, and nothing connects before the person has gone through it. */
  async add(proposal?: HostProposal): Promise<void> {
    const { hosts, telemetry } = this.#options;
    const draft = { ...noHost, url: proposal?.url ?? "", name: proposal?.name ?? "" };
    const done = await this.#fill({ title: vscode.l10n.t("Add Host"), isEdited: false }, draft, undefined);
    if (done === undefined) return;
    await hosts.add(done.draft);
    telemetry.send("host.added", { outcome: done.failure === undefined ? "connected" : "failed" });
  }

  async #edit(host: HostRecord): Promise<void> {
    const { hosts, connections } = this.#options;
    const draft: HostDraft = {
      url: host.url,
      // A name that is only the address follows the address.
      name: host.name === URL.parse(host.url)?.host ? "" : host.name,
      token: undefined,
      tokenFile: host.tokenFile,
      certificate: host.certificate,
    };
    const title = vscode.l10n.t("Edit {0}", toLabel(host.name, 40));
    const done = await this.#fill({ title, isEdited: true }, draft, host);
    if (done === undefined) return;
    const { tokenFile = "", certificate = "" } = done.draft;
    await hosts.edit(host.id, { ...done.draft, tokenFile, certificate });
    if (done.failure === undefined) connections.reconnect(host.id);
  }

  /** Asks and tries until it works, or the person wants it saved all the same. `undefined` when the person leaves. */
  async #fill(
    form: { readonly title: string; readonly isEdited: boolean },
    known: HostDraft,
    host: HostRecord | undefined,
  ): Promise<Tested | undefined> {
    const ports = { ...form, chooseFile: () => this.#options.dialogs.chooseFile(vscode.l10n.t("Use This Token File")) };
    let draft = known;
    let start = fresh;
    for (;;) {
      const asked = await askHost(ports, draft, start);
      if (asked === undefined) return undefined;
      if (asked.kind === "save") {
        const unreachable = new AppError("host.unreachable", "The host was saved without an answer of it.");
        return { draft: asked.draft, failure: unreachable };
      }
      const tested = await this.#test(asked.draft, host);
      if (tested.failure === undefined) return tested;
      ({ draft } = tested);
      const { code } = tested.failure;
      start = {
        at: code === "host.unauthorized" ? "token" : "address",
        problem: code === "cancelled" ? undefined : sentenceOf(tested.failure, vscode.l10n.t),
        canSaveAnyway: code !== "host.unauthorized",
      };
    }
  }

  /** Connects once. A certificate that is not trusted is shown, and tried again if the person trusts it. */
  async #test(draft: HostDraft, host: HostRecord | undefined): Promise<Tested> {
    const { dialogs, hosts, newClient, readFile } = this.#options;
    const name = draft.name || (URL.parse(draft.url)?.host ?? draft.url);
    const candidate: HostRecord = {
      id: host?.id ?? "candidate",
      name,
      url: draft.url,
      ...(draft.certificate && { certificate: draft.certificate }),
    };
    const token = async () => {
      if (draft.token) return draft.token;
      if (draft.tokenFile) return (await readFile(draft.tokenFile))?.trim() || undefined;
      return host === undefined ? undefined : hosts.token(host.id);
    };
    const title = vscode.l10n.t("Connecting to {0}", toLabel(name, 60));
    const failure = await dialogs.attempt(title, (signal) => tryHost(newClient(candidate, token), signal));
    if (!AppError.is(failure, "host.untrustedCertificate") || failure.details["canPin"] === false)
      return { draft, failure };
    const certificate = await this.#askTrust(draft);
    return certificate === undefined ? { draft, failure } : this.#test({ ...draft, certificate }, host);
  }

  /** Shows the certificate. The fingerprint when the person trusts it, for this host and no other. */
  async #askTrust({ url, certificate }: HostDraft): Promise<string | undefined> {
    const { dialogs, readCertificate } = this.#options;
    const attempt = new Disposables();
    try {
      const shown = await readCertificate(url, attempt);
      const trust = vscode.l10n.t("Trust This Certificate");
      const name = toLabel(URL.parse(url)?.host ?? "", 80);
      const question =
        certificate === undefined
          ? vscode.l10n.t("Nobody that this machine knows vouches for the certificate of {0}. Trust it?", name)
          : vscode.l10n.t("{0} shows another certificate than the one that you trusted. Trust the other one?", name);
      const lines = [
        vscode.l10n.t("Compare the fingerprint with the one that whoever runs the host gives you:"),
        shown.fingerprint,
        "",
        vscode.l10n.t("For: {0}", toLabel(shown.subject, 80)),
        vscode.l10n.t("Issued by: {0}", toLabel(shown.issuer, 80)),
        vscode.l10n.t("Valid until: {0}", toLabel(shown.validTo, 40)),
        "",
        vscode.l10n.t("Only this one certificate will be accepted, and for this host alone."),
      ];
      return (await dialogs.choose(question, lines.join("\n"), [trust])) === trust ? shown.fingerprint : undefined;
    } finally {
      attempt.dispose();
    }
  }

  async #replaceToken(host: HostRecord): Promise<void> {
    const { hosts, connections } = this.#options;
    const title = vscode.l10n.t("Replace the token of {0}", toLabel(host.name, 40));
    const state = connections.get(host.id)?.state;
    let problem = state?.kind === "refused" ? sentenceOf(state.error, vscode.l10n.t) : undefined;
    for (;;) {
      const token = await askNewToken(title, problem);
      if (token === undefined) return;
      const draft = { ...noHost, url: host.url, name: host.name, token, certificate: host.certificate };
      const { failure } = await this.#test(draft, host);
      if (failure === undefined) {
        await hosts.edit(host.id, { name: host.name, url: host.url, token, tokenFile: "" });
        connections.reconnect(host.id);
        return;
      }
      problem = failure.code === "cancelled" ? undefined : sentenceOf(failure, vscode.l10n.t);
    }
  }

  async #remove(host: HostRecord): Promise<void> {
    const { hosts, dialogs } = this.#options;
    const question = vscode.l10n.t('Remove the host "{0}"?', toLabel(host.name, 60));
    const detail = vscode.l10n.t(
      "Its address and token are forgotten here. Agents on it go on, and can be seen again by adding it.",
    );
    if (await dialogs.confirm(question, detail, vscode.l10n.t("Remove"))) await hosts.remove(host.id);
  }

  async #choose(target: HostTarget | undefined, placeHolder: string): Promise<HostRecord | undefined> {
    const { hosts } = this.#options;
    if (typeof target?.hostId === "string") {
      const named = hosts.get(target.hostId);
      if (named === undefined) throw new AppError("notFound", "That host is not in the list any more.");
      return named;
    }
    if (hosts.all.length <= 1) return hosts.all[0];
    const items = hosts.all.map((host) => ({ label: toLabel(host.name), description: toLabel(host.url, 100), host }));
    return (await vscode.window.showQuickPick(items, { placeHolder }))?.host;
  }
}
