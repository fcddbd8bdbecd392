import type { PartHunk } from "../../protocol/fleetParts.ts";
import { toVisibleText } from "../../base/visibleText.ts";
import { t } from "../kit/l10n.ts";

/** One change of lines: where it is, what goes and what comes. */
export function HunkLines({ hunk }: { hunk: PartHunk }) {
  const { removed, added, isCut, meets } = hunk;
  return (
    <div class={meets ? "hunk meets-others" : "hunk"}>
      <p class="hunk-place">
        {placeWords(hunk)}
        {meets && <span class="hunk-meets">{t("meets another")}</span>}
      </p>
      <pre class="hunk-lines">
        {removed.map((line, index) => (
          <Line key={`-${index}`} sign="−" kind="removed" text={line} />
        ))}
        {added.map((line, index) => (
          <Line key={`+${index}`} sign="+" kind="added" text={line} />
        ))}
        {isCut && <span class="muted">…</span>}
      </pre>
    </div>
  );
}

function Line({ sign, kind, text }: { sign: string; kind: string; text: string }) {
  return (
    <span class={`hunk-line ${kind}`}>
      <span class="hunk-sign">{sign}</span> {toVisibleText(text)}
      {"\n"}
    </span>
  );
}

/** Line numbers are those of the base. */
export function placeWords({ start, lines }: Pick<PartHunk, "start" | "lines">): string {
  if (lines === 0) return start === 0 ? t("at the top") : t("after line {0}", start);
  return lines === 1 ? t("line {0}", start) : t("lines {0} to {1}", start, start + lines - 1);
}
