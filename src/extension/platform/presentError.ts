import { AppError, type ErrorCode } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { Translate } from "../../base/l10n.ts";
import type { Logger } from "../../base/logger.ts";
import { toLabel } from "./plainText.ts";

/** What a button does. `retry` is offered only where the caller passed something to run again. */
export type ErrorAction =
  | "retry"
  | "showLog"
  | "editHost"
  | "replaceToken"
  | "addHost"
  | "signIn"
  | "refresh"
  | "gitHubServers"
  | "updateMuster"
  | "copyCheck";

export interface Presentation {
  readonly severity: "error" | "warning" | "none";
  /** Said when the failure brought no sentence of its own: what happened and what to do. */
  readonly sentence: string;
  readonly actions: readonly ErrorAction[];
}

/** A record, so that a code without a sentence does not compile. */
export const PRESENTATIONS: Record<ErrorCode, Presentation> = {
  "host.unreachable": {
    severity: "error",
    sentence: "The host does not answer. Check that it runs and that its address is right; agents on it go on working.",
    actions: ["retry", "editHost", "showLog"],
  },
  "host.unauthorized": {
    severity: "error",
    sentence: "The host refused the token. Enter a token that it accepts.",
    actions: ["replaceToken", "editHost", "showLog"],
  },
  "host.incompatible": {
    severity: "error",
    sentence: "The host and Muster speak no version of the protocol in common. Update the older of the two.",
    actions: ["updateMuster", "editHost", "showLog"],
  },
  "host.disconnected": {
    severity: "warning",
    sentence: "The connection to the host is down. It is being restored; nothing that agents do is lost.",
    actions: ["retry", "showLog"],
  },
  "host.untrustedAddress": {
    severity: "error",
    sentence: "The host's address is not encrypted and not on this machine. Use an https or wss address.",
    actions: ["editHost"],
  },
  "host.untrustedCertificate": {
    severity: "error",
    sentence:
      "The host's certificate is not trusted on this machine. Install its authority, or edit the host to trust this one certificate.",
    actions: ["editHost", "showLog"],
  },
  "agent.unknown": {
    severity: "error",
    sentence: "The host does not offer that kind of agent. Choose one that it lists.",
    actions: ["refresh"],
  },
  "agent.missing": {
    severity: "error",
    sentence:
      "The agent's program is not installed on the host. Install it there or choose another agent; muster-host doctor says what is missing.",
    actions: ["copyCheck", "showLog"],
  },
  "agent.crashed": {
    severity: "error",
    sentence: "The agent stopped unexpectedly. Its work up to the last checkpoint is kept; resume it to go on.",
    actions: ["retry", "showLog"],
  },
  "agent.failed": {
    severity: "error",
    sentence: "The agent could not finish its turn. Its work is kept; resume it or send another message.",
    actions: ["retry", "showLog"],
  },
  "agent.interrupted": {
    severity: "warning",
    sentence: "The agent's turn was cut off when the host stopped. Its work is kept; resume it to go on.",
    actions: ["retry"],
  },
  "isolation.missing": {
    severity: "error",
    sentence:
      "The host cannot isolate the agent as it is configured to, so it did not start it. Run muster-host doctor there: it says what is missing.",
    actions: ["copyCheck", "showLog"],
  },
  "repository.invalid": {
    severity: "error",
    sentence: "That repository address cannot be used. Enter an https or ssh address that the host allows.",
    actions: ["retry"],
  },
  "setup.failed": {
    severity: "error",
    sentence: "The set-up of the workspace failed. Correct it on the base branch or in the host's configuration.",
    actions: ["retry", "showLog"],
  },
  "repository.cloneFailed": {
    severity: "error",
    sentence: "The host could not clone the repository. Check its address and the access to it, then try again.",
    actions: ["retry", "showLog"],
  },
  "branch.empty": {
    severity: "warning",
    sentence: "The agent's branch holds no changes. There is nothing to review or to push yet.",
    actions: ["retry"],
  },
  "branch.moved": {
    severity: "warning",
    sentence: "The agent changed its branch after you reviewed it. Review the changes again, then go on.",
    actions: ["retry"],
  },
  "push.refused": {
    severity: "error",
    sentence: "The repository refused the push. Check that you may push to it, then try again.",
    actions: ["retry", "showLog"],
  },
  "content.tooLarge": {
    severity: "warning",
    sentence: "The content is too large to show here. Open the branch in a checkout instead.",
    actions: [],
  },
  "github.noSession": {
    severity: "error",
    sentence: "You are not signed in to GitHub. Sign in to go on; what you typed is kept.",
    actions: ["signIn", "retry"],
  },
  "github.notGitHub": {
    severity: "error",
    sentence:
      "The repository is not on a GitHub server that Muster knows. Add the server to the setting muster.github.servers.",
    actions: ["gitHubServers"],
  },
  "github.refused": {
    severity: "error",
    sentence: "GitHub refused the request. Check that your account may write to the repository.",
    actions: ["retry", "showLog"],
  },
  "github.rateLimited": {
    severity: "warning",
    sentence: "GitHub's rate limit is reached. Wait a while, then try again.",
    actions: ["retry"],
  },
  "github.unreachable": {
    severity: "error",
    sentence: "GitHub does not answer. Check the network, then try again.",
    actions: ["retry", "showLog"],
  },
  "demo.failed": {
    severity: "error",
    sentence: "The demo fleet did not start. Nothing was changed; the log says why.",
    actions: ["retry", "showLog"],
  },
  "auth.required": {
    severity: "error",
    sentence: "The repository asks for credentials that the host does not have. Sign in to go on.",
    actions: ["signIn", "retry"],
  },
  "permission.denied": {
    severity: "error",
    sentence: "The host does not allow that. Ask whoever runs it for the right to do it.",
    actions: ["showLog"],
  },
  notFound: {
    severity: "error",
    sentence: "That agent is not on the host any more. Refresh the list.",
    actions: ["refresh"],
  },
  conflict: {
    severity: "warning",
    sentence: "Someone else changed it at the same time. Refresh and look again.",
    actions: ["refresh", "retry"],
  },
  "request.invalid": {
    severity: "error",
    sentence: "The host did not understand the request. Update the host or Muster.",
    actions: ["showLog"],
  },
  "request.rejected": {
    severity: "warning",
    sentence: "The host did not accept that. The agent may have gone on meanwhile; look at its current state.",
    actions: ["refresh"],
  },
  "limit.exceeded": {
    severity: "warning",
    sentence: "A limit of the host is reached. Wait until some work is done, then try again.",
    actions: ["retry"],
  },
  timeout: {
    severity: "error",
    sentence: "The host took too long to answer. It may still be working on it; refresh and look.",
    actions: ["retry", "refresh", "showLog"],
  },
  cancelled: { severity: "none", sentence: "You cancelled it. Nothing was changed.", actions: [] },
  internal: {
    severity: "error",
    sentence: "Something unexpected happened. The log has the details.",
    actions: ["showLog"],
  },
};

export const ACTION_TITLES: Record<ErrorAction, string> = {
  retry: "Try Again",
  showLog: "Show Log",
  editHost: "Edit Host…",
  replaceToken: "Replace Token…",
  addHost: "Add Host…",
  signIn: "Sign In",
  refresh: "Refresh",
  gitHubServers: "Open Settings",
  updateMuster: "Update Muster",
  copyCheck: "Copy Check Command",
};

/** The failure of an operation in the person's words: its own sentence, or its code's. Never a stack or a code. */
export function sentenceOf(failure: unknown, translate: Translate): string {
  const isTold = AppError.is(failure) && failure.code !== "internal" && failure.text.trim() !== "";
  return isTold ? translate(failure.text, ...failure.values) : translate(PRESENTATIONS[codeOf(failure)].sentence);
}

export function codeOf(failure: unknown): ErrorCode {
  if (AppError.is(failure)) return failure.code;
  // VS Code's CancellationError is named "Canceled"; the platform's own is AbortError.
  if (failure instanceof Error && (failure.name === "Canceled" || failure.name === "AbortError")) return "cancelled";
  return "internal";
}

export interface ErrorDialog {
  showError(text: string, buttons: readonly string[]): Promise<string | undefined>;
  showWarning(text: string, buttons: readonly string[]): Promise<string | undefined>;
}

export type ErrorActionHandlers = Record<Exclude<ErrorAction, "retry">, (failure: AppError | undefined) => void>;

export interface PresentOptions {
  /** Runs the failed operation again. */
  readonly retry?: () => Promise<void> | void;
  /** Of a background loop: the same code is shown once in 30 s. */
  readonly isBackground?: boolean;
}

const quietMs = 30_000;

/** Shows failures to people, in one place and one voice. */
export class ErrorPresenter {
  readonly #dialog: ErrorDialog;
  readonly #handlers: ErrorActionHandlers;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #t: Translate;
  readonly #shownAtMs = new Map<ErrorCode, number>();

  /** @param t texts of failures are their own keys, buttons too */
  constructor(dialog: ErrorDialog, handlers: ErrorActionHandlers, logger: Logger, clock: Clock, t: Translate) {
    this.#t = t;
    this.#dialog = dialog;
    this.#handlers = handlers;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** @param during what was attempted, to follow "Couldn't": "stop the agent 'Fix the parser'". */
  async present(failure: unknown, during: string, options: PresentOptions = {}): Promise<void> {
    const code = codeOf(failure);
    const presentation = PRESENTATIONS[code];
    if (presentation.severity === "none") return;
    this.#logger.error(`Couldn't ${during}`, { code, reason: failure instanceof Error ? failure.message : failure });
    if (options.isBackground && this.#isQuiet(code)) return;

    const actions = presentation.actions.filter((action) => action !== "retry" || options.retry);
    const titles = actions.map((action) => this.#t(ACTION_TITLES[action]));
    const text = toLabel(this.#t("Couldn't {0}: {1}", this.#t(during), sentenceOf(failure, this.#t)), 600);
    const chosen = await (presentation.severity === "error"
      ? this.#dialog.showError(text, titles)
      : this.#dialog.showWarning(text, titles));
    const action = chosen === undefined ? undefined : actions[titles.indexOf(chosen)];
    if (action === undefined) return;
    if (action !== "retry") this.#handlers[action](AppError.is(failure) ? failure : undefined);
    else {
      try {
        await options.retry?.();
      } catch (again) {
        await this.present(again, during, options);
      }
    }
  }

  #isQuiet(code: ErrorCode): boolean {
    const nowMs = this.#clock.now();
    const shownAtMs = this.#shownAtMs.get(code);
    if (shownAtMs !== undefined && nowMs - shownAtMs < quietMs) return true;
    this.#shownAtMs.set(code, nowMs);
    return false;
  }
}
