import type { Ref } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { FoundRow } from "../../protocol/panelLog.ts";
import { Icon } from "../kit/Icon.tsx";
import type { Finding } from "./LogLine.tsx";
import { t } from "../kit/l10n.ts";

interface FindBarProps {
  field: Ref<HTMLInputElement>;
  /** Asks for the next (1), the one before (-1), or the first from where the reader is (0). */
  find: (finding: Finding, direction: 1 | -1 | 0) => Promise<FoundRow | undefined>;
  onChange: (finding: Finding | undefined) => void;
}

/** Search in a log: text, case, how many lines, the next and the one before. */
export function FindBar({ field, find, onChange }: FindBarProps) {
  const [text, setText] = useState("");
  const [matchCase, setMatchCase] = useState(false);
  const [found, setFound] = useState<FoundRow | undefined>(undefined);

  const go = async (direction: 1 | -1 | 0) => {
    if (text !== "") setFound(await find({ text, matchCase }, direction));
  };
  useEffect(() => {
    onChange(text === "" ? undefined : { text, matchCase });
    setFound(undefined);
    void go(0);
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- only what is searched for starts a search
  }, [text, matchCase]);

  const count =
    found === undefined
      ? ""
      : found.count === 0
        ? t("No results")
        : t("{0} of {1}", found.ordinal.toLocaleString("en"), found.count.toLocaleString("en"));
  return (
    <form
      class="find"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        void go(1);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape" && text !== "") {
          event.preventDefault();
          setText("");
        } else if (event.key === "Enter" && event.shiftKey) {
          event.preventDefault();
          void go(-1);
        }
      }}
    >
      <input
        ref={field}
        type="text"
        value={text}
        maxLength={1000}
        placeholder={t("Find")}
        aria-label={t("Find in the log")}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button
        type="button"
        class="icon-button"
        aria-pressed={matchCase}
        title={t("Match case")}
        aria-label={t("Match case")}
        onClick={() => setMatchCase(!matchCase)}
      >
        <Icon name="case-sensitive" />
      </button>
      <span class="find-count muted" role="status">
        {count}
      </span>
      <button
        type="button"
        class="icon-button"
        title={t("Previous (Shift+Enter)")}
        aria-label={t("Previous match")}
        disabled={text === ""}
        onClick={() => void go(-1)}
      >
        <Icon name="arrow-up" />
      </button>
      <button
        type="button"
        class="icon-button"
        title={t("Next (Enter)")}
        aria-label={t("Next match")}
        disabled={text === ""}
        onClick={() => void go(1)}
      >
        <Icon name="arrow-down" />
      </button>
    </form>
  );
}
