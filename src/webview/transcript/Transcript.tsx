import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import { FollowArea } from "../kit/FollowArea.tsx";
import { Icon } from "../kit/Icon.tsx";
import { usePanel } from "../kit/panelContext.ts";
import { TurnList } from "./TurnList.tsx";
import { t } from "../kit/l10n.ts";

/** The conversation, oldest first, following its end. */
export function Transcript() {
  const panel = usePanel();
  const chat = panel.store.chat.value;
  const turns = chat?.turns ?? [];
  const news = `${chat?.activeTurn?.id ?? turns.at(-1)?.id}:${chat?.activeTurn?.responseParts.length}`;
  return (
    <FollowArea label={t("Transcript")} column="column" news={news}>
      {({ area, isFollowing, leave }) => (
        <>
          {panel.store.facts.value?.hasOlder ? <Older area={area} /> : null}
          <TurnList turns={turns} activeTurn={chat?.activeTurn} area={area} isFollowing={isFollowing} onLeave={leave} />
          {chat === undefined ? <Loading /> : null}
          {chat !== undefined && turns.length === 0 && chat.activeTurn === undefined ? (
            <p class="empty">
              <Icon name="comment-discussion" />{" "}
              {t("Nothing has been said yet. Write a prompt below to set the agent to work.")}
            </p>
          ) : null}
        </>
      )}
    </FollowArea>
  );
}

function Loading() {
  const facts = usePanel().store.facts.value;
  if (facts?.problem !== undefined) return <p class="empty">{facts.problem}</p>;
  return (
    <p class="empty" role="status">
      <Icon name="loading" class="codicon-modifier-spin" />{" "}
      {facts?.connection === "live" ? t("Loading the conversation") : t("Waiting for the host")}
    </p>
  );
}

/** Loads earlier turns when it comes near; also a button, for those who do not scroll. */
function Older({ area }: { area: RefObject<HTMLDivElement | null> }) {
  const panel = usePanel();
  const [isLoading, setLoading] = useState(false);
  const load = async () => {
    setLoading(true);
    await panel.attempt("loadOlder", {});
    setLoading(false);
  };
  useEffect(() => {
    const element = area.current;
    if (!element || isLoading) return undefined;
    // Only a reader who scrolls upwards wants them: the page begins at its end.
    let lastTop = element.scrollTop;
    const look = () => {
      const isUp = element.scrollTop < lastTop;
      lastTop = element.scrollTop;
      if (isUp && element.scrollTop < element.clientHeight) void load();
    };
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  });
  return (
    <p class="older">
      <button type="button" class="link-button" disabled={isLoading} onClick={() => void load()}>
        <Icon name={isLoading ? "loading" : "fold-up"} {...(isLoading ? { class: "codicon-modifier-spin" } : {})} />{" "}
        {t("Show earlier turns")}
      </button>
    </p>
  );
}
