import { useState } from "preact/hooks";
import { toLine } from "../../base/visibleText.ts";
import type { ChangesetFile } from "../../protocol/changeset.ts";
import { ActionButton } from "../kit/ActionButton.tsx";
import { Counts } from "../kit/Counts.tsx";
import { changeTotals } from "../header/panelStatus.ts";
import { fileCount } from "../kit/format.ts";
import { Icon } from "../kit/Icon.tsx";
import { memo } from "../kit/memo.ts";
import { usePanel } from "../kit/panelContext.ts";
import type { PanelStore } from "../panelStore.ts";
import { useRovingFocus } from "../kit/useRovingFocus.ts";
import { DiffView } from "./DiffView.tsx";
import { filePathOf, type FileStatus, fileStatusOf, oldPathOf } from "./filePath.ts";
import { t } from "../kit/l10n.ts";

const statusLetters: Record<FileStatus, string> = { added: "A", modified: "M", deleted: "D", renamed: "R" };
const statusWords: Record<FileStatus, string> = {
  added: t("added"),
  modified: t("modified"),
  deleted: t("deleted"),
  renamed: t("renamed"),
};

/** What the agent's branch changes against its base: counts as they are, and each file's lines when it is opened. */
export function ChangesView() {
  const panel = usePanel();
  const move = useRovingFocus(".file");
  const changeset = panel.store.changeset.value;
  const directories = panel.store.session.value?.workingDirectories;
  const pathOf = ({ edit }: ChangesetFile) => filePathOf(edit, directories);
  const files = (changeset?.files ?? []).toSorted((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1));
  const base = panel.store.fleet.value?.baseBranch;
  if (changeset === undefined && isWithoutChangeset(panel.store)) {
    return (
      <p class="empty">
        <Icon name="files" /> {t("No changes yet. The host tells them once the agent has begun.")}
      </p>
    );
  }
  if (changeset === undefined || (changeset.status === "computing" && files.length === 0)) {
    return (
      <p class="empty" role="status">
        <Icon name="loading" class="codicon-modifier-spin" /> {t("Computing the changes")}
      </p>
    );
  }
  if (changeset.status === "error" && files.length === 0) {
    return (
      <p class="empty" role="alert">
        <Icon name="error" /> {toLine(changeset.error?.message ?? t("The changes cannot be computed."), 400)}
      </p>
    );
  }
  if (files.length === 0) {
    return (
      <p class="empty">
        <Icon name="files" /> {t("No changes yet. Files that the agent changes appear here.")}
      </p>
    );
  }
  return (
    <div class="scroll-area">
      <div class="column">
        <div class="changes-head">
          <h2>
            {t("{0} changed", fileCount(files.length))} <Counts {...changeTotals(changeset)} />
            {base === undefined ? <WhichChanges /> : <span class="muted"> {t("against {0}", toLine(base))}</span>}
          </h2>
          <ActionButton method="review" params={{}} icon="diff-multiple">
            {t("Review changes")}
          </ActionButton>
        </div>
        <ul class="files" aria-label={t("Changed files")} onKeyDown={move}>
          {files.map((file, index) => (
            <FileRow key={file.id} file={file} directories={directories} isFirst={index === 0} />
          ))}
        </ul>
      </div>
    </div>
  );
}

/** The session is there and the host has named no changeset: nothing is being computed. */
function isWithoutChangeset({ session, facts }: PanelStore): boolean {
  const { value } = session;
  return value !== undefined && facts.value?.canShip === false && (value.changesets?.length ?? 0) === 0;
}

/** Which of the host's changesets this is, where it has several. */
function WhichChanges() {
  const changes = usePanel().store.facts.value?.changes;
  if (changes === undefined) return null;
  const { label, description } = changes;
  return (
    <span class="muted">
      {" "}
      {t("in {0}", toLine(label, 60))}
      {description === undefined ? "" : ` (${toLine(description, 120)})`}
    </span>
  );
}

interface FileRowProps {
  file: ChangesetFile;
  directories: readonly string[] | undefined;
  isFirst: boolean;
}

const FileRow = memo(function FileRow({ file, directories, isFirst }: FileRowProps) {
  const panel = usePanel();
  const [isOpen, setOpen] = useState(false);
  const path = filePathOf(file.edit, directories);
  const slash = path.lastIndexOf("/");
  const status = fileStatusOf(file.edit);
  const oldPath = oldPathOf(file.edit, directories);
  const added = file.edit.diff?.added ?? 0;
  const removed = file.edit.diff?.removed ?? 0;
  return (
    <li class={`file-item ${status}`}>
      <div class="file-line">
        <button
          type="button"
          class="file"
          aria-expanded={isOpen}
          tabIndex={isFirst ? 0 : -1}
          title={toLine(path, 1000)}
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={isOpen ? "chevron-down" : "chevron-right"} class="twistie" />
          <Icon name="file" />
          <span class="file-name">{toLine(path.slice(slash + 1), 300)}</span>
          <span class="file-folder">
            {toLine(path.slice(0, Math.max(0, slash)), 300)}
            {oldPath === undefined ? "" : ` ${t("(was {0})", toLine(oldPath, 300))}`}
          </span>
          <Bar added={added} removed={removed} />
          <Counts added={added} removed={removed} />
          <span class="file-status" title={statusWords[status]} role="img" aria-label={statusWords[status]}>
            {statusLetters[status]}
          </span>
        </button>
        <button
          type="button"
          class="icon-button"
          title={t("Open the diff in the editor")}
          aria-label={t("Open the diff of {0} in the editor", toLine(path, 300))}
          onClick={() => panel.act("openDiff", { fileId: file.id })}
        >
          <Icon name="diff" />
        </button>
      </div>
      {isOpen ? (
        <DiffView
          of={`${file.edit.before?.content.uri} ${file.edit.after?.content.uri} ${added} ${removed}`}
          read={() => panel.request("readDiff", { fileId: file.id })}
        />
      ) : null}
    </li>
  );
});

/** Five squares that say how much of the change is new and how much is gone. */
function Bar({ added, removed }: { added: number; removed: number }) {
  const total = added + removed;
  if (total === 0) return <span class="bar" aria-hidden="true" />;
  const cells = Math.min(5, total);
  const addedCells =
    added === 0 ? 0 : Math.max(1, Math.min(cells - (removed > 0 ? 1 : 0), Math.round((added / total) * cells)));
  return (
    <span class="bar" aria-hidden="true">
      {Array.from({ length: 5 }, (_, index) => (
        <span key={index} class={index < addedCells ? "cell added" : index < cells ? "cell removed" : "cell"} />
      ))}
    </span>
  );
}
