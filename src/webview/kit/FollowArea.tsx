import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { Icon } from "./Icon.tsx";
import { useFollowTail } from "./useFollowTail.ts";

/** A scroll area that follows its end while it grows, with a way back there for a reader who scrolled up. */
export function FollowArea(props: {
  readonly label: string;
  readonly column: string;
  readonly children: ComponentChildren;
}) {
  const area = useRef<HTMLDivElement>(null);
  const { isFollowing, jump } = useFollowTail(area);
  return (
    <div class="transcript-frame">
      <div class="scroll-area" ref={area} tabIndex={0} role="log" aria-label={props.label}>
        <div class={props.column}>{props.children}</div>
      </div>
      {isFollowing ? null : (
        <button type="button" class="jump" onClick={jump}>
          <Icon name="arrow-down" /> Jump to latest
        </button>
      )}
    </div>
  );
}
