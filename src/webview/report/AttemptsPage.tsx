import type { Attempt, AttemptFile, AttemptsState, attemptActions } from "../../protocol/report.ts";
import { fileCount } from "../kit/format.ts";
import { Counts } from "../kit/Counts.tsx";
import { Icon } from "../kit/Icon.tsx";
import { Notes } from "./Notes.tsx";
import { formatCost, formatTime } from "./spendFormat.ts";
import { t } from "../kit/l10n.ts";

type Act = (action: (typeof attemptActions)[number], session: string) => void;

interface AttemptsPageProps {
  state: AttemptsState;
  act: Act;
  reconnect: (hostId: string) => void;
}

/** Several agents with one prompt, a column each: what they did, what it cost, and the choice of one. */
export function AttemptsPage({ state, act, reconnect }: AttemptsPageProps) {
  const { attempts, note, repository } = state;
  return (
    <main class="report">
      <header>
        <h1>{t("Attempts")}</h1>
        <span class="muted">{repository}</span>
      </header>
      <Notes notes={note === undefined ? [] : [note]} reconnect={reconnect} />
      {attempts.length > 0 && <Comparison state={state} act={act} />}
    </main>
  );
}

function Comparison({ state, act }: { state: AttemptsState; act: Act }) {
  const { attempts, files, filesLeft, prompt, count } = state;
  const missing = count - attempts.length;
  const left = attempts.filter(({ isArchived }) => !isArchived).length;
  const [combined, ...others] = attempts.filter(({ isArchived, changes }) => !isArchived && changes !== undefined);
  return (
    <>
      <p class="prompt">{prompt}</p>
      {combined !== undefined && others.length > 0 && (
        <div class="buttons">
          <button type="button" class="button secondary" onClick={() => act("combine", combined.session)}>
            <Icon name="combine" /> Combine…
          </button>
        </div>
      )}
      <table class="attempts">
        <caption class="sr-only">{t("Attempts beside one another")}</caption>
        <thead>
          <tr>
            <td />
            {attempts.map((attempt) => (
              <Head key={attempt.session} attempt={attempt} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Row title={t("Status")} attempts={attempts} cell={statusOf} />
          <Row title={t("Changes")} attempts={attempts} cell={changesOf} />
          <Row title={t("Tests seen")} attempts={attempts} cell={testsOf} />
          <Row title={t("Cost")} attempts={attempts} cell={({ costUsd }) => formatCost(costUsd)} />
          <Row title={t("Worked")} attempts={attempts} cell={({ workedMs }) => formatTime(workedMs)} />
          <tr class="actions">
            <th scope="row">
              <span class="sr-only">{t("Actions")}</span>
            </th>
            {attempts.map((attempt) => (
              <td key={attempt.session}>
                <Actions attempt={attempt} act={act} left={left} />
              </td>
            ))}
          </tr>
          {files.length > 0 && (
            <tr class="section">
              <th scope="rowgroup" colSpan={attempts.length + 1}>
                {t("Files")}
              </th>
            </tr>
          )}
          {files.map((file) => (
            <FileRow key={file.path} file={file} />
          ))}
        </tbody>
      </table>
      {filesLeft > 0 && <p class="muted">{t("{0} more files are not shown.", filesLeft.toLocaleString("en"))}</p>}
      {missing > 0 && (
        <p class="muted">{missing === 1 ? t("One attempt was deleted.") : t("{0} attempts were deleted.", missing)}</p>
      )}
    </>
  );
}

function Head({ attempt: { index, agent, isArchived } }: { attempt: Attempt }) {
  return (
    <th scope="col" class={isArchived ? "archived" : undefined}>
      <span class="attempt-index">{index}</span>
      {agent}
      {isArchived && <span class="muted"> · {t("archived")}</span>}
    </th>
  );
}

function Row({
  title,
  attempts,
  cell,
}: {
  title: string;
  attempts: readonly Attempt[];
  cell: (attempt: Attempt) => preact.ComponentChild;
}) {
  return (
    <tr>
      <th scope="row">{title}</th>
      {attempts.map((attempt) => (
        <td key={attempt.session} class={attempt.isArchived ? "archived" : undefined}>
          {cell(attempt)}
        </td>
      ))}
    </tr>
  );
}

function statusOf({ state, isWorking, problem }: Attempt) {
  return (
    <>
      {isWorking && <Icon name="loading" class="codicon-modifier-spin" />} {state}
      {problem !== undefined && <div class="muted">{problem}</div>}
    </>
  );
}

function changesOf({ changes }: Attempt) {
  if (changes === undefined) return <span class="muted">{t("none")}</span>;
  const { files, additions, deletions } = changes;
  return (
    <>
      {fileCount(files)} <Counts added={additions} removed={deletions} />
    </>
  );
}

function testsOf({ tests }: Attempt) {
  if (tests.length === 0) return <span class="muted">{t("none")}</span>;
  return (
    <ul class="tests">
      {tests.map(({ command, succeeded, isCertain }) => (
        <li key={command} class={succeeded ? "passed" : "failed"}>
          <Icon name={succeeded ? "pass" : "error"} label={succeeded ? t("passed") : t("failed")} />{" "}
          <span class="mono">{command}</span>
          {!isCertain && <span class="muted"> {t("(by the agent's word)")}</span>}
        </li>
      ))}
    </ul>
  );
}

/** @param left how many attempts are not in the archive */
function Actions({ attempt, act, left }: { attempt: Attempt; act: Act; left: number }) {
  const { session, index, changes, isArchived } = attempt;
  const button = (action: Parameters<Act>[0], icon: string, text: string, isMain = false) => (
    <button
      type="button"
      class={`button${isMain ? "" : " secondary"}`}
      aria-label={t("{0}: attempt {1}", text, index)}
      onClick={() => act(action, session)}
    >
      <Icon name={icon} /> {text}
    </button>
  );
  return (
    <div class="buttons">
      {!isArchived && left > 1 && button("keep", "check-all", t("Keep this"), true)}
      {!isArchived &&
        left === 1 &&
        changes !== undefined &&
        button("createPullRequest", "git-pull-request-create", t("Create pull request"), true)}
      {changes !== undefined && button("review", "diff-multiple", t("Review"))}
      {button("open", "go-to-file", t("Open"))}
    </div>
  );
}

function FileRow({ file: { path, changes } }: { file: AttemptFile }) {
  return (
    <tr class="file">
      <th scope="row" class="mono">
        {path}
      </th>
      {changes.map((change, index) => (
        // The columns stand where they stand.
        <td key={index}>
          {change === null ? (
            <span class="muted">–</span>
          ) : (
            <Counts added={change.additions} removed={change.deletions} />
          )}
        </td>
      ))}
    </tr>
  );
}
