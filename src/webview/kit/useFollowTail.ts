import type { RefObject } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

const nearEndPx = 48;

/**
 * Keeps a scroll area at its end while its content grows, as long as the reader is there; scrolling up stops that.
 * Content is the area's first child.
 */
export function useFollowTail(area: RefObject<HTMLElement | null>): {
  isFollowing: boolean;
  jump: () => void;
  leave: () => void;
} {
  const [isFollowing, setFollowing] = useState(true);
  const following = useRef(true);
  const lastTop = useRef(0);

  const toEnd = useCallback(() => {
    const element = area.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [area]);

  useEffect(() => {
    const element = area.current;
    const content = element?.firstElementChild;
    if (!element || !content) return undefined;
    const onScroll = () => {
      const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < nearEndPx;
      // Growth moves the end away without anybody scrolling: only a move upwards means that the reader left.
      const next = isAtEnd || (following.current && element.scrollTop >= lastTop.current);
      lastTop.current = element.scrollTop;
      if (next !== following.current) {
        following.current = next;
        setFollowing(next);
      }
    };
    const observer = new ResizeObserver(() => {
      if (following.current) toEnd();
    });
    element.addEventListener("scroll", onScroll, { passive: true });
    observer.observe(content);
    observer.observe(element);
    toEnd();
    return () => {
      element.removeEventListener("scroll", onScroll);
      observer.disconnect();
    };
  }, [area, toEnd]);

  const jump = useCallback(() => {
    following.current = true;
    setFollowing(true);
    toEnd();
  }, [toEnd]);
  const leave = useCallback(() => {
    following.current = false;
    setFollowing(false);
  }, []);
  return { isFollowing, jump, leave };
}
