import { useEffect, useState } from "preact/hooks";
import { formatAgo } from "../../base/formatAge.ts";
import { toVisibleText } from "../../base/visibleText.ts";
import type { TimelineEntry } from "../../protocol/panel.ts";
import { ActionButton } from "../kit/ActionButton.tsx";
import { nowMs } from "../kit/clock.ts";
import { Icon } from "../kit/Icon.tsx";
import { t } from "../kit/l10n.ts";
import { usePanel } from "../kit/panelContext.ts";
import { useRovingFocus } from "../kit/useRovingFocus.ts";

const icons: Record<TimelineEntry["kind"], string> = {
  turn: "comment",
  approval: "shield",
  question: "question",
  checkpoint: "git-commit",
  push: "repo-push",
  egress: "globe",
  budget: "credit-card",
  queue: "clock",
  note: "info",
  fork: "repo-forked",
};

/** What happened to the agent, newest first, and the ways back. */
export function TimelineView() {
  const panel = usePanel();
  const { timeline, facts } = panel.store;
  const [marked, setMarked] = useState<string | undefined>(undefined);
  const move = useRovingFocus(".timeline-entry");
  useEffect(() => {
    panel.act("followTimeline", {});
    return () => panel.act("leaveTimeline", {});
  }, [panel]);
  const isLive = facts.value?.connection === "live";
  const has = (method: string) => facts.value?.methods.some((each) => each === method) ?? false;
  if (timeline.value === undefined) {
    return (
      <p class="empty" role="status">
        <Icon name="loading" class="codicon-modifier-spin" /> {t("Loading the timeline")}
      </p>
    );
  }
  const { entries, left } = timeline.value;
  return (
    <div class="scroll-area">
      <div class="column">
        {has("x-fleet/checkpoint") ? (
          <div class="changes-head">
            <h2>{t("Timeline")}</h2>
            <ActionButton method="checkpoint" params={{}} icon="git-commit" secondary disabled={!isLive}>
              {t("Record a checkpoint")}
            </ActionButton>
          </div>
        ) : null}
        {entries.length === 0 ? (
          <p class="empty">
            <Icon name="history" /> {t("Nothing has happened yet.")}
          </p>
        ) : (
          <ol class="timeline" aria-label={t("Timeline")} onKeyDown={move}>
            {entries.map((entry, index) => (
              <li
                key={entry.id}
                class={`timeline-entry tone-${entry.tone} kind-${entry.kind}`}
                tabIndex={index === 0 ? 0 : -1}
              >
                <Icon name={icons[entry.kind]} />
                <div class="timeline-text">
                  <div class="timeline-title">{toVisibleText(entry.title)}</div>
                  {entry.detail === undefined ? null : <div class="muted">{toVisibleText(entry.detail)}</div>}
                </div>
                <Actions entry={entry} marked={marked} onMark={setMarked} isLive={isLive} has={has} />
                <When atMs={entry.atMs} />
              </li>
            ))}
          </ol>
        )}
        {left > 0 ? <p class="muted">{t("Earlier entries are not shown: {0}.", left.toLocaleString("en"))}</p> : null}
      </div>
    </div>
  );
}

interface ActionsProps {
  entry: TimelineEntry;
  /** The checkpoint that others are compared with. */
  marked: string | undefined;
  onMark: (checkpoint: string | undefined) => void;
  isLive: boolean;
  has: (method: string) => boolean;
}

function Actions({ entry: { checkpoint, turnId, kind }, marked, onMark, isLive, has }: ActionsProps) {
  const panel = usePanel();
  const compare = () => {
    if (checkpoint === undefined || marked === undefined) return;
    const [from, to] = Number(marked) <= Number(checkpoint) ? [marked, checkpoint] : [checkpoint, marked];
    panel.act("compare", { from, to });
    onMark(undefined);
  };
  return (
    <span class="timeline-actions">
      {checkpoint !== undefined && has("x-fleet/compare") ? (
        marked === undefined ? (
          <button type="button" class="link-button" disabled={!isLive} onClick={() => onMark(checkpoint)}>
            {t("Compare…")}
          </button>
        ) : marked === checkpoint ? (
          <button type="button" class="link-button" onClick={() => onMark(undefined)}>
            {t("Cancel")}
          </button>
        ) : (
          <button type="button" class="link-button" disabled={!isLive} onClick={compare}>
            {marked === "0" ? t("Compare with the beginning") : t("Compare with {0}", marked)}
          </button>
        )
      ) : null}
      {checkpoint !== undefined && has("x-fleet/fork") ? (
        <button type="button" class="link-button" disabled={!isLive} onClick={() => panel.act("fork", { checkpoint })}>
          {t("Fork from here")}
        </button>
      ) : null}
      {checkpoint !== undefined && has("x-fleet/restore") ? (
        <button
          type="button"
          class="link-button"
          disabled={!isLive}
          onClick={() => panel.act("restore", { checkpoint })}
        >
          {t("Restore…")}
        </button>
      ) : null}
      {turnId !== undefined && kind !== "checkpoint" ? (
        <button
          type="button"
          class="icon-button"
          title={t("Go to the turn")}
          aria-label={t("Go to the turn")}
          onClick={() => panel.goToTurn(turnId)}
        >
          <Icon name="comment-discussion" />
        </button>
      ) : null}
    </span>
  );
}

function When({ atMs }: { atMs: number | undefined }) {
  if (atMs === undefined) return <span class="timeline-when" />;
  const date = new Date(atMs);
  return (
    <time class="timeline-when muted" dateTime={date.toISOString()} title={date.toLocaleString()}>
      {formatAgo(nowMs.value - atMs, t)}
    </time>
  );
}
