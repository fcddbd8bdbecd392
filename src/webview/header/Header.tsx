import { formatAgo } from "../../base/formatAge.ts";
import { toLine } from "../../base/visibleText.ts";
import { filePathOf } from "../../protocol/filePath.ts";
import type { PanelFacts, PullRequestAct } from "../../protocol/panel.ts";
import type { SessionState } from "../../protocol/sessionState.ts";
import { ActionButton } from "../kit/ActionButton.tsx";
import { nowMs } from "../kit/clock.ts";
import { Counts } from "../kit/Counts.tsx";
import { CopyButton } from "../kit/CopyButton.tsx";
import { fileCount, formatDuration, formatElapsed } from "../kit/format.ts";
import { Icon } from "../kit/Icon.tsx";
import { t } from "../kit/l10n.ts";
import { usePanel } from "../kit/panelContext.ts";
import { toSpendFacts } from "./spendFacts.ts";
import { changeTotals, type PanelStatus, type StatusKind, toPanelStatus } from "./panelStatus.ts";

const statusIcons: Record<StatusKind, string> = {
  loading: "loading",
  queued: "clock",
  starting: "loading",
  working: "loading",
  needsYou: "bell-dot",
  failed: "error",
  review: "git-pull-request-draft",
  idle: "circle-outline",
};

const actIcons: Record<PullRequestAct, string> = {
  update: "repo-push",
  fixChecks: "tools",
  addressComments: "comment-discussion",
  merge: "git-merge",
};

function actLabel(act: PullRequestAct): string {
  if (act === "update") return t("Update pull request");
  if (act === "fixChecks") return t("Fix failing checks");
  return act === "merge" ? t("Merge") : t("Address comments");
}

/** Who the agent is, what it does, how fresh that is, and what a person may do about it. */
export function Header() {
  const panel = usePanel();
  const { session, chat, changeset, fleet, facts } = panel.store;
  const status = toPanelStatus({
    session: session.value,
    chat: chat.value,
    changeset: changeset.value,
    fleet: fleet.value,
  });
  const title = toLine(session.value?.title ?? "", 200) || t("Agent");
  const branch = fleet.value?.branch ?? branchOf(session.value);
  const files = changeset.value?.files.length ?? 0;
  const totals = changeTotals(changeset.value);
  const pullRequest = facts.value?.pullRequest;
  const isLive = facts.value?.connection === "live";
  const canStop = isLive && chat.value?.activeTurn !== undefined;
  return (
    <header class="header">
      <div class="header-top">
        <h1 title={title}>{title}</h1>
        <div class="header-actions" role="toolbar" aria-label={t("Agent actions")}>
          {canStop ? (
            <ActionButton method="stop" params={{}} icon="debug-stop" secondary>
              {t("Stop")}
            </ActionButton>
          ) : null}
          {isLive && fleet.value?.spend?.paused !== undefined ? (
            <ActionButton method="raiseBudget" params={{}} icon="credit-card">
              {t("Raise budget")}
            </ActionButton>
          ) : null}
          {files > 0 ? (
            <ActionButton method="review" params={{}} icon="diff-multiple" secondary disabled={!isLive}>
              {t("Review changes")}
            </ActionButton>
          ) : null}
          {pullRequest?.act === undefined ? null : (
            <ActionButton
              method="actOnPullRequest"
              params={{ act: pullRequest.act }}
              icon={actIcons[pullRequest.act]}
              disabled={!isLive}
            >
              {actLabel(pullRequest.act)}
            </ActionButton>
          )}
          {pullRequest ? (
            <ActionButton
              method="showPullRequest"
              params={{}}
              icon="git-pull-request"
              secondary={pullRequest.act !== undefined}
            >
              {t("Pull request #{0}", pullRequest.number)}
            </ActionButton>
          ) : files > 0 && facts.value?.canShip ? (
            <ActionButton
              method="createPullRequest"
              params={{}}
              icon="git-pull-request-create"
              disabled={!isLive || chat.value?.activeTurn !== undefined}
              title={chat.value?.activeTurn ? t("The agent is still working") : undefined}
            >
              {t("Create pull request")}
            </ActionButton>
          ) : null}
        </div>
      </div>
      <div class="header-facts">
        <StatusPill status={status} />
        <Elapsed />
        {branch === undefined ? null : (
          <span class="fact branch">
            <Icon name="git-branch" label={t("Branch")} />
            <span class="mono">{toLine(branch)}</span>
            <CopyButton text={branch} label={t("Copy branch name")} />
          </span>
        )}
        <Folder />
        {files > 0 ? (
          <span class="fact" aria-label={t("{0} changed", fileCount(files))}>
            <Icon name="files" /> {files} <Counts {...totals} />
          </span>
        ) : null}
        {pullRequest === undefined ? null : (
          <span class="fact">
            <Icon name="git-pull-request" label={t("Pull request")} /> {toLine(pullRequest.words, 120)}
          </span>
        )}
        <Spend />
        <NotIsolated />
        <Freshness facts={facts.value} />
      </div>
    </header>
  );
}

function StatusPill({ status }: { status: PanelStatus }) {
  const spin = statusIcons[status.kind] === "loading" ? "codicon-modifier-spin" : undefined;
  return (
    <span class="status" role="status">
      <span class={`pill ${status.kind}`}>
        <Icon name={statusIcons[status.kind]} {...(spin ? { class: spin } : {})} /> {status.label}
      </span>
      {status.detail ? (
        <span class="status-detail" title={toLine(status.detail, 600)}>
          {toLine(status.detail, 160)}
        </span>
      ) : null}
    </span>
  );
}

/** What the model cost, against the agent's budget, and apart from it what the machine did. */
function Spend() {
  const panel = usePanel();
  const fleet = panel.store.fleet.value;
  if (fleet === undefined) return null;
  const money = toSpendFacts(fleet);
  const cpuMs = fleet.spend?.machine?.cpuMs;
  return (
    <>
      <button
        type="button"
        class={`fact spend ${money.tone}`}
        title={t("{0}. Press to set the budget of this agent.", money.title)}
        onClick={() => panel.act("setBudget", {})}
      >
        <Icon name="credit-card" label={t("Cost")} /> {money.text}
        {money.share === undefined ? null : (
          <meter
            min={0}
            low={0.8}
            high={0.999}
            max={1}
            optimum={0}
            value={Math.min(1, money.share)}
            aria-label={t("Part of the budget that is used")}
          />
        )}
      </button>
      {cpuMs === undefined || cpuMs < 100 ? null : (
        <span class="fact" title={t("Processor time of the host's machine, which is not in the cost")}>
          <Icon name="server-process" label={t("Machine")} /> {formatDuration(cpuMs)}
        </span>
      )}
    </>
  );
}

/** Where the agent works, on hosts that name folders instead of repositories. */
function Folder() {
  const { facts, session } = usePanel().store;
  const [folder] = session.value?.workingDirectories ?? [];
  if (folder === undefined || facts.value === undefined || facts.value.canShip) return null;
  const path = `/${filePathOf(folder)}`;
  return (
    <span class="fact" title={toLine(path, 1000)}>
      <Icon name="folder" label={t("Folder")} /> {toLine(path.slice(path.lastIndexOf("/") + 1), 60)}
    </span>
  );
}

/** VS Code's convention for hosts without the fleet plane. */
function branchOf(session: SessionState | undefined): string | undefined {
  const git = session?._meta?.["git"];
  const branch: unknown = typeof git === "object" && git !== null ? Reflect.get(git, "branchName") : undefined;
  return typeof branch === "string" && branch !== "" ? branch : undefined;
}

/** Said on each agent, so that nobody takes an agent for confined that is not. */
function NotIsolated() {
  if (usePanel().store.fleet.value?.isolation !== "none") return null;
  return (
    <span
      class="fact"
      title={t("This agent runs with the rights of the host's account. The host's configuration can change that.")}
    >
      <Icon name="unlock" /> {t("not isolated")}
    </span>
  );
}

/** How long the running turn takes. */
function Elapsed() {
  const startedAt = usePanel().store.chat.value?.activeTurn?.startedAt;
  if (startedAt === undefined) return null;
  const elapsedMs = nowMs.value - Date.parse(startedAt);
  return Number.isFinite(elapsedMs) ? (
    <span class="fact" title={t("Time since the prompt")}>
      <Icon name="watch" /> {formatElapsed(elapsedMs)}
    </span>
  ) : null;
}

function Freshness({ facts }: { facts: PanelFacts | undefined }) {
  const panel = usePanel();
  if (facts === undefined) return null;
  const name = toLine(facts.hostName, 60);
  if (facts.connection === "live") {
    return (
      <span class="fact freshness live" title={t("Connected to {0}: what you see is current", name)}>
        <span class="dot" /> {name}
      </span>
    );
  }
  const age = facts.heardAtMs === undefined ? undefined : formatAgo(nowMs.value - facts.heardAtMs, t);
  return (
    <span class="fact freshness stale">
      <Icon name={facts.connection === "connecting" ? "sync" : "debug-disconnect"} />
      {facts.connection === "connecting" ? t("Connecting to {0}", name) : t("{0} is offline", name)}
      {age === undefined ? null : t("last seen {0}", age)}
      {facts.connection === "offline" ? (
        <button type="button" class="link-button" onClick={() => panel.act("reconnect", {})}>
          {t("Reconnect")}
        </button>
      ) : null}
    </span>
  );
}
