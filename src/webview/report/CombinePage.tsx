import { useRef } from "preact/hooks";
import type { CombineFile, CombinePart, CombineState, FilePick } from "../../protocol/coordinationReport.ts";
import type { PickProblem } from "../../protocol/fleetParts.ts";
import { toLine, toVisibleText } from "../../base/visibleText.ts";
import { Icon } from "../kit/Icon.tsx";
import { t } from "../kit/l10n.ts";
import { HunkLines, placeWords } from "./HunkLines.tsx";
import { Notes } from "./Notes.tsx";
import { wholeFileWords } from "./PairPanel.tsx";
import type { ReportRequest } from "./reportClient.ts";

interface CombinePageProps {
  state: CombineState;
  send: (request: ReportRequest) => void;
}

/** One branch of the best parts of several: files and hunks to pick, what they come to, and the agent that gets them. */
export function CombinePage({ state, send }: CombinePageProps) {
  const { files, fileCount, isLoading, note, sources } = state;
  return (
    <main class="report combine">
      <header>
        <h1>{t("Combine")}</h1>
        <span class="muted">{t("{0} agents", sources.length)}</span>
      </header>
      <Notes notes={note === undefined ? [] : [note]} reconnect={(hostId) => send({ kind: "reconnect", hostId })} />
      {isLoading && <p class="muted">{t("Reading the files…")}</p>}
      {files.length > 0 && (
        <>
          <p>
            {t("Pick files, or single changes of them. The result is the base with what you pick and nothing else.")}
          </p>
          {files.map((file) => (
            <File key={file.path} file={file} state={state} send={send} />
          ))}
          {fileCount > files.length && (
            <p class="muted">{t("{0} more files are not shown.", fileCount - files.length)}</p>
          )}
          <Result state={state} send={send} />
        </>
      )}
      {!isLoading && files.length === 0 && note === undefined && (
        <p>
          {t("None of these agents has changed a file yet.")}{" "}
          <button type="button" class="link-button" onClick={() => send({ kind: "reread" })}>
            {t("Look again")}
          </button>
        </p>
      )}
    </main>
  );
}

interface FileProps extends CombinePageProps {
  file: CombineFile;
}

function File({ file, state, send }: FileProps) {
  const { path, parts } = file;
  const problems = state.problems.filter((problem) => problem.path === path);
  return (
    <fieldset class={problems.length > 0 ? "pick-file has-problem" : "pick-file"}>
      <legend class="mono">{toLine(path, 300)}</legend>
      <div class="sides">
        {parts.map((part) => (
          <Part key={part.session} path={path} part={part} state={state} send={send} />
        ))}
      </div>
      {problems.map((problem) => (
        <Problem key={`${problem.session} ${problem.hunk}`} problem={problem} state={state} />
      ))}
    </fieldset>
  );
}

function Problem({ problem: { session, hunk, path, message }, state }: { problem: PickProblem; state: CombineState }) {
  const part = state.files.find((file) => file.path === path)?.parts.find((each) => each.session === session);
  const place = part?.hunks.find(({ id }) => id === hunk);
  const who = [nameOf(state, session), ...(place ? [placeWords(place)] : [])].join(", ");
  return (
    <p class="pick-problem" role="alert">
      <Icon name="error" /> {who}: {message}
    </p>
  );
}

interface PartProps extends CombinePageProps {
  path: string;
  part: CombinePart;
}

function Part({ path, part, state, send }: PartProps) {
  const { session, status, additions, deletions, hunks, problem, pick } = part;
  const name = nameOf(state, session);
  const set = (next: FilePick | null) =>
    send({ kind: "pick", session, path, pick: next === null || next === "whole" ? next : [...next] });
  const picked = pick === "whole" ? hunks.map(({ id }) => id) : (pick ?? []);
  const toggle = (id: string, isPicked: boolean) => {
    const next = hunks.map((hunk) => hunk.id).filter((other) => (other === id ? isPicked : picked.includes(other)));
    set(next.length === 0 ? null : next.length === hunks.length ? "whole" : next);
  };
  return (
    <div class="side">
      <label class="pick-whole">
        <input
          type="checkbox"
          checked={pick === "whole"}
          ref={(box) => {
            if (box !== null) box.indeterminate = pick !== undefined && pick !== "whole";
          }}
          disabled={problem !== undefined || state.isCreating}
          aria-label={t("{0} of {1}", toLine(path, 200), name)}
          onChange={(event) => set(event.currentTarget.checked ? "whole" : null)}
        />{" "}
        <strong>{name}</strong>{" "}
        <span class="muted">{hunks.length === 0 && status !== "modified" ? wholeFileWords(status) : ""} </span>
        <span class="counts">
          <span class="added">+{additions}</span> <span class="removed">−{deletions}</span>
        </span>
      </label>
      {problem !== undefined && <p class="muted">{problem}</p>}
      {hunks.map((hunk) => (
        <div key={hunk.id} class="pick-hunk">
          <input
            type="checkbox"
            checked={picked.includes(hunk.id)}
            disabled={problem !== undefined || state.isCreating}
            aria-label={t("{0}, {1} of {2}", toLine(path, 200), placeWords(hunk), name)}
            onChange={(event) => toggle(hunk.id, event.currentTarget.checked)}
          />
          <HunkLines hunk={hunk} />
        </div>
      ))}
    </div>
  );
}

/** What the picks come to, and the way on. */
function Result({ state, send }: CombinePageProps) {
  const { isChecking, isCreating, preview, problems, title, files } = state;
  const name = useRef<HTMLInputElement>(null);
  const count = files.flatMap(({ parts }) => parts).filter(({ pick }) => pick !== undefined).length;
  const canCreate = preview !== undefined && preview.files > 0 && !isChecking && !isCreating;
  return (
    <form
      class="combine-result"
      onSubmit={(event) => {
        event.preventDefault();
        if (canCreate) send({ kind: "create" });
      }}
    >
      <p role="status">{resultWords(state, count)}</p>
      {preview !== undefined && preview.patch !== "" && !isChecking && problems.length === 0 && (
        <details>
          <summary>{t("Preview")}</summary>
          <pre class="hunk-lines patch">{preview.patch.split("\n").map(patchLine)}</pre>
        </details>
      )}
      <label for="combined-name">{t("Name of the new agent")}</label>
      <input
        id="combined-name"
        ref={name}
        type="text"
        defaultValue={title}
        maxLength={200}
        disabled={isCreating}
        onInput={(event) => send({ kind: "name", title: event.currentTarget.value })}
      />
      <div class="buttons">
        <button type="submit" class="button" disabled={!canCreate}>
          <Icon name="combine" /> {isCreating ? t("Creating…") : t("Create Branch")}
        </button>
      </div>
    </form>
  );
}

function resultWords({ isChecking, preview, problems }: CombineState, count: number): string {
  if (count === 0) return t("Nothing is picked yet.");
  if (isChecking) return t("Checking whether the parts fit…");
  if (problems.length === 1) return t("1 part does not fit. It is marked above.");
  if (problems.length > 1) return t("{0} parts do not fit. They are marked above.", problems.length);
  if (preview === undefined) return "";
  const { files, additions, deletions } = preview;
  return files === 1
    ? t("The parts fit: 1 file, +{0} −{1}.", additions, deletions)
    : t("The parts fit: {0} files, +{1} −{2}.", files, additions, deletions);
}

function patchLine(line: string, index: number) {
  const isHeader = /^(?:diff |index |--- |\+\+\+ |@@ |new file|deleted file|old mode|new mode)/.test(line);
  const kind = isHeader ? "muted" : line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "";
  return (
    <span key={index} class={`hunk-line ${kind}`}>
      {toVisibleText(line)}
      {"\n"}
    </span>
  );
}

function nameOf({ sources }: CombineState, session: string): string {
  const source = sources.find((each) => each.session === session);
  if (source === undefined) return t("An agent");
  return source.index === undefined ? source.title : t("Attempt {0}", source.index);
}
