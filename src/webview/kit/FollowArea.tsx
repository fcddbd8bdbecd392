import type { ComponentChildren, RefObject } from "preact";
import { useRef } from "preact/hooks";
import { Icon } from "./Icon.tsx";
import { useFollowTail } from "./useFollowTail.ts";
import { t } from "./l10n.ts";

interface FollowAreaProps {
  readonly label: string;
  readonly column: string;
  /** Another one when there is something new at the end. */
  readonly news: string;
  readonly children: (area: {
    readonly area: RefObject<HTMLDivElement | null>;
    readonly isFollowing: boolean;
    readonly leave: () => void;
  }) => ComponentChildren;
}

/** A scroll area that follows its end while it grows, with a way back there for a reader who scrolled up. */
export function FollowArea({ label, column, news, children }: FollowAreaProps) {
  const area = useRef<HTMLDivElement>(null);
  const { isFollowing, jump, leave } = useFollowTail(area);
  const seen = useRef(news);
  if (isFollowing) seen.current = news;
  return (
    <div class="transcript-frame">
      {/* What comes is told by the page's own announcements: a region that is live reads every word as it arrives. */}
      <div class="scroll-area" ref={area} tabIndex={0} role="log" aria-live="off" aria-label={label}>
        <div class={column}>{children({ area, isFollowing, leave })}</div>
      </div>
      {isFollowing ? null : (
        <button type="button" class="jump" onClick={jump}>
          <Icon name="arrow-down" /> {seen.current === news ? t("Jump to latest") : t("New messages")}
        </button>
      )}
    </div>
  );
}
