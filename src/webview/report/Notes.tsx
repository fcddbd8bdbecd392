import type { ReportNote } from "../../protocol/report.ts";
import { Icon } from "../kit/Icon.tsx";
import { t } from "../kit/l10n.ts";

interface NotesProps {
  notes: readonly ReportNote[];
  reconnect: (hostId: string) => void;
}

/** What the report lacks, with the way to mend it where there is one. */
export function Notes({ notes, reconnect }: NotesProps) {
  return notes.map(({ text, hostId }) => (
    <p key={text} class="banner" role="status">
      <Icon name="warning" /> <span class="banner-text">{text}</span>
      {hostId !== undefined && (
        <button type="button" class="button secondary" onClick={() => reconnect(hostId)}>
          {t("Reconnect")}
        </button>
      )}
    </p>
  ));
}
