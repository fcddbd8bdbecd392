import { useEffect, useRef } from "preact/hooks";
import type { CoordinationState, PairDetails } from "../../protocol/coordinationReport.ts";
import type { PartsFile } from "../../protocol/fleetParts.ts";
import { toLine } from "../../base/visibleText.ts";
import { Icon } from "../kit/Icon.tsx";
import { t } from "../kit/l10n.ts";
import { HunkLines } from "./HunkLines.tsx";
import type { ReportRequest } from "./reportClient.ts";

interface PairPanelProps {
  state: CoordinationState;
  chosen: PairDetails;
  send: (request: ReportRequest) => void;
}

/** The files and lines in which two agents meet, and what a person may do about it. */
export function PairPanel({ state, chosen, send }: PairPanelProps) {
  const { first, second, isLoading, problem, files, fileCount, draft } = chosen;
  const agentOf = (session: string) => state.agents.find((agent) => agent.session === session);
  const own = agentOf(first);
  const other = agentOf(second);
  const names = t("{0} and {1}", own?.title ?? t("An agent"), other?.title ?? own?.baseBranch ?? t("An agent"));
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.scrollIntoView?.({ block: "nearest" }), [first, second]);
  const sessions = second === "" ? [first] : [first, second];
  return (
    <section class="pair" aria-label={names}>
      <div class="pair-head">
        <h2 ref={heading}>{names}</h2>
        <button
          type="button"
          class="icon-button"
          aria-label={t("Close")}
          onClick={() => send({ kind: "choosePair", pair: null })}
        >
          <Icon name="close" />
        </button>
      </div>
      <div class="buttons">
        {draft === undefined && (
          <button type="button" class="button" onClick={() => send({ kind: "write", text: null, to: sessions })}>
            <Icon name="comment" /> {second === "" ? t("Tell the Agent…") : t("Tell the Agents…")}
          </button>
        )}
        {second !== "" && (
          <button type="button" class="button secondary" onClick={() => send({ kind: "compare" })}>
            <Icon name="diff-multiple" /> {t("Compare")}
          </button>
        )}
        {second !== "" && (
          <button type="button" class="button secondary" onClick={() => send({ kind: "combine" })}>
            <Icon name="combine" /> {t("Combine…")}
          </button>
        )}
        {second === "" && own !== undefined && own.obstacle === undefined && (
          <button type="button" class="button secondary" onClick={() => send({ kind: "update", sessions: [first] })}>
            <Icon name="sync" /> {t("Update from {0}", toLine(own.baseBranch, 60))}
          </button>
        )}
      </div>
      {draft !== undefined && <Message state={state} sessions={sessions} draft={draft} send={send} />}
      {problem !== undefined && (
        <p class="banner" role="alert">
          <Icon name="warning" /> <span class="banner-text">{problem}</span>
        </p>
      )}
      {isLoading && <p class="muted">{t("Reading the files…")}</p>}
      {files.map((file) => (
        <File key={file.path} file={file} titleOf={(session) => agentOf(session)?.title ?? t("An agent")} />
      ))}
      {second === "" && own !== undefined && own.files.length > 0 && (
        <ul class="paths">
          {own.files.map((path) => (
            <li key={path} class="mono">
              {toLine(path, 300)}
            </li>
          ))}
        </ul>
      )}
      {fileCount > files.length && !isLoading && (
        <p class="muted">{t("{0} more files are not shown.", fileCount - files.length)}</p>
      )}
    </section>
  );
}

function File({ file: { path, parts }, titleOf }: { file: PartsFile; titleOf: (session: string) => string }) {
  return (
    <details class="shared-file" open>
      <summary class="mono">{toLine(path, 300)}</summary>
      <div class="sides">
        {parts.map(({ session, status, hunks, problem }) => (
          <div key={session} class="side">
            <h3>{titleOf(session)}</h3>
            {problem !== undefined && <p class="muted">{problem}</p>}
            {hunks.length === 0 && <p class="muted">{wholeFileWords(status)}</p>}
            {hunks.map((hunk) => (
              <HunkLines key={hunk.id} hunk={hunk} />
            ))}
          </div>
        ))}
      </div>
    </details>
  );
}

export function wholeFileWords(status: string): string {
  switch (status) {
    case "added":
      return t("adds the file");
    case "deleted":
      return t("deletes the file");
    default:
      return t("changes the file");
  }
}

interface MessageProps {
  state: CoordinationState;
  sessions: readonly string[];
  draft: NonNullable<PairDetails["draft"]>;
  send: (request: ReportRequest) => void;
}

/** What the agents will be told: nothing is sent that the person has not seen here. */
function Message({ state, sessions, draft: { text, to, isSending }, send }: MessageProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => box.current?.focus(), []);
  const write = (change: { text?: string; to?: readonly string[] }) =>
    send({ kind: "write", text: change.text ?? box.current?.value ?? text, to: [...(change.to ?? to)] });
  return (
    <form
      class="tell"
      onSubmit={(event) => {
        event.preventDefault();
        send({ kind: "send" });
      }}
    >
      <label for="tell-text">{t("Message")}</label>
      <textarea
        id="tell-text"
        ref={box}
        rows={10}
        defaultValue={text}
        disabled={isSending}
        onInput={(event) => write({ text: event.currentTarget.value })}
      />
      {sessions.length > 1 && (
        <fieldset disabled={isSending}>
          <legend class="sr-only">{t("To")}</legend>
          {sessions.map((session) => (
            <label key={session}>
              <input
                type="checkbox"
                checked={to.includes(session)}
                onChange={(event) => {
                  const rest = to.filter((other) => other !== session);
                  write({ to: event.currentTarget.checked ? [...rest, session] : rest });
                }}
              />{" "}
              {state.agents.find((agent) => agent.session === session)?.title ?? t("An agent")}
            </label>
          ))}
        </fieldset>
      )}
      <div class="buttons">
        <button type="submit" class="button" disabled={isSending || to.length === 0 || text.trim() === ""}>
          <Icon name="send" /> {isSending ? t("Sending…") : t("Send")}
        </button>
        <button
          type="button"
          class="button secondary"
          disabled={isSending}
          onClick={() => send({ kind: "write", text: null, to: [] })}
        >
          {t("Discard")}
        </button>
      </div>
    </form>
  );
}
