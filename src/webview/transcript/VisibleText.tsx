import { toVisibleSegments } from "../../base/visibleText.ts";
import { t } from "../kit/l10n.ts";

/** Text that a person is about to judge: characters that cannot be seen stand out as marks. */
export function VisibleText({ text }: { text: string }) {
  return (
    <>
      {toVisibleSegments(text).map((segment, index) =>
        segment.isMark ? (
          <span key={index} class="invisible-mark" title={t("A character that cannot be seen")}>
            {segment.text}
          </span>
        ) : (
          segment.text
        ),
      )}
    </>
  );
}
