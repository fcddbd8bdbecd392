import { useEffect, useState } from "preact/hooks";
import { toVisibleText } from "../../base/visibleText.ts";
import type { DiffHunk, LineDiff } from "../../protocol/panel.ts";
import { Icon } from "../kit/Icon.tsx";
import { t } from "../kit/l10n.ts";

interface DiffViewProps {
  /** Another one asks again. */
  of: string;
  read: () => Promise<LineDiff>;
}

/** What a file's lines were and are, read when it is opened. */
export function DiffView({ of, read }: DiffViewProps) {
  const [diff, setDiff] = useState<LineDiff | string | undefined>(undefined);
  useEffect(() => {
    let isWanted = true;
    read().then(
      (result) => isWanted && setDiff(result),
      (error: unknown) => isWanted && setDiff(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      isWanted = false;
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `of` says when to read again
  }, [of]);
  if (diff === undefined) {
    return (
      <p class="diff-note muted" role="status">
        <Icon name="loading" class="codicon-modifier-spin" /> {t("Reading the file")}
      </p>
    );
  }
  if (typeof diff === "string") {
    return (
      <p class="diff-note" role="alert">
        <Icon name="error" /> {diff}
      </p>
    );
  }
  return (
    <div class="diff" tabIndex={0} role="group" aria-label={t("Diff")}>
      {diff.hunks.map((hunk, index) => (
        <Hunk key={index} hunk={hunk} />
      ))}
      {diff.note === undefined ? null : <p class="diff-note muted">{diff.note}</p>}
    </div>
  );
}

const kinds = { " ": ["same", ""], "+": ["added", t("added: ")], "-": ["removed", t("removed: ")] } as const;

function Hunk({ hunk }: { hunk: DiffHunk }) {
  let { before, after } = hunk;
  return (
    <div class="diff-hunk">
      {hunk.lines.map(({ kind, text }, index) => {
        const [name, spoken] = kinds[kind];
        return (
          <div key={index} class={`diff-line ${name}`}>
            <span class="diff-number" aria-hidden="true">
              {kind === "+" ? "" : before++}
            </span>
            <span class="diff-number" aria-hidden="true">
              {kind === "-" ? "" : after++}
            </span>
            <span class="diff-sign" aria-hidden="true">
              {kind}
            </span>
            <span class="diff-text">
              {spoken === "" ? null : <span class="unseen">{spoken}</span>}
              {toVisibleText(text)}
              {"\n"}
            </span>
          </div>
        );
      })}
    </div>
  );
}
