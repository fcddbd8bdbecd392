import { useEffect, useRef, useState } from "preact/hooks";
import { toLine } from "../../base/visibleText.ts";
import { toPanelStatus } from "../header/panelStatus.ts";
import { usePanel } from "./panelContext.ts";
import { t } from "./l10n.ts";

/** More often than this nobody wants to be told. */
const intervalMs = 3_000;

/** Says to those who do not see the page what an agent does, when that changes, and no more often than is bearable. */
export function Announcer() {
  const { store } = usePanel();
  const { session, chat, changeset, fleet, facts } = store;
  const { label, detail } = toPanelStatus({
    session: session.value,
    chat: chat.value,
    changeset: changeset.value,
    fleet: fleet.value,
  });
  const sight =
    facts.value?.connection === "offline" ? `${t("{0} is offline", toLine(facts.value.hostName, 60))}. ` : "";
  const text = `${sight}${label}${detail === undefined ? "" : `: ${toLine(detail, 120)}`}`;
  const [said, setSaid] = useState("");
  const lastMs = useRef(0);
  const known = useRef(text);
  useEffect(() => {
    // What the page opens with is read where it stands.
    if (known.current === text) return undefined;
    const timer = setTimeout(
      () => {
        lastMs.current = Date.now();
        known.current = text;
        setSaid(text);
      },
      Math.max(0, lastMs.current + intervalMs - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p class="unseen" aria-live="polite">
      {said}
    </p>
  );
}
