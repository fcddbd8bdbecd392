import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ActiveTurn, Turn } from "../../protocol/chatState.ts";
import { usePanel } from "../kit/panelContext.ts";
import { placesOf, turnsWithin } from "./turnPlaces.ts";
import { TurnView } from "./TurnView.tsx";

interface TurnListProps {
  turns: readonly Turn[];
  activeTurn: ActiveTurn | undefined;
  area: RefObject<HTMLElement | null>;
  isFollowing: boolean;
  /** Somebody is to be shown another place than the end. */
  onLeave: () => void;
}

/** The turns that are in sight or close to it; the others are room. However many there are, the page holds a few. */
export function TurnList({ turns, activeTurn, area, isFollowing, onLeave }: TurnListProps) {
  const panel = usePanel();
  const all: readonly (Turn | ActiveTurn)[] = activeTurn ? [...turns, activeTurn] : turns;
  const list = useRef<HTMLDivElement>(null);
  const heights = useRef(new Map<string, number>()).current;
  const [view, setView] = useState({ top: 0, height: 800 });
  const places = placesOf(all, heights);
  const end = Math.max(0, places.total - view.height);
  const [first, last] = turnsWithin(places, isFollowing ? end : view.top, view.height);
  const shown = useRef({ all, places, isFollowing });
  // What the reader looks at: it stays where it is when turns come, go or turn out higher above it.
  const anchor = useRef<{ id: string; offset: number } | undefined>(undefined);

  const drawn = () =>
    Array.from(list.current?.children ?? []).filter(
      (child): child is HTMLElement => child instanceof HTMLElement && child.dataset["turn"] !== undefined,
    );
  const restore = () => {
    const element = area.current;
    const { id, offset } = anchor.current ?? {};
    const { all, places, isFollowing } = shown.current;
    if (!element || id === undefined || offset === undefined || isFollowing) return;
    const child = drawn().find(({ dataset }) => dataset["turn"] === id);
    if (child !== undefined) {
      const moved = child.getBoundingClientRect().top - element.getBoundingClientRect().top + offset;
      if (Math.abs(moved) > 1) element.scrollTop += moved;
      return;
    }
    const index = all.findIndex((turn) => turn.id === id);
    if (index >= 0) element.scrollTop = (list.current?.offsetTop ?? 0) + (places.tops[index] ?? 0) + offset;
  };
  useLayoutEffect(() => {
    shown.current = { all, places, isFollowing };
    restore();
  });

  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return undefined;
    const look = () => {
      const top = Math.max(0, element.scrollTop - (list.current?.offsetTop ?? 0));
      const { all, places } = shown.current;
      const edge = element.getBoundingClientRect().top;
      const child = drawn().find((each) => each.getBoundingClientRect().bottom > edge);
      const index = places.tops.findLastIndex((each) => each <= top);
      if (child !== undefined && child.getBoundingClientRect().top <= edge) {
        anchor.current = { id: child.dataset["turn"] ?? "", offset: edge - child.getBoundingClientRect().top };
      } else anchor.current = { id: all[index]?.id ?? "", offset: top - (places.tops[index] ?? 0) };
      setView((before) => {
        const height = element.clientHeight || 800;
        // Room is drawn in steps: not every pixel of scrolling draws the page again.
        const isNear = Math.abs(before.top - top) < height / 4 && before.height === height;
        return isNear ? before : { top, height };
      });
    };
    look();
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  }, [area, heights]);

  const observer = useRef<ResizeObserver | undefined>(undefined);
  observer.current ??= new ResizeObserver((entries) => {
    let hasChanged = false;
    for (const { target } of entries) {
      if (!(target instanceof HTMLElement) || !target.isConnected) continue;
      const id = target.dataset["turn"] ?? "";
      const height = target.offsetHeight;
      if (height === 0 || heights.get(id) === height) continue;
      heights.set(id, height);
      hasChanged = true;
    }
    if (hasChanged) restore();
  });
  useLayoutEffect(() => () => observer.current?.disconnect(), []);
  useLayoutEffect(() => {
    observer.current?.disconnect();
    for (const child of list.current?.children ?? [])
      if (child.hasAttribute("data-turn")) observer.current?.observe(child);
  }, [first, last, all.length, all[first]?.id]);

  const wanted = panel.wantedTurn.value;
  useLayoutEffect(() => {
    const index = wanted === undefined ? -1 : all.findIndex(({ id }) => id === wanted);
    if (wanted === undefined) return;
    panel.wantedTurn.value = undefined;
    if (index < 0 || !area.current) return;
    onLeave();
    shown.current = { ...shown.current, isFollowing: false };
    anchor.current = { id: wanted, offset: 0 };
    area.current.scrollTop = (list.current?.offsetTop ?? 0) + (places.tops[index] ?? 0);
  }, [wanted]);

  return (
    <div ref={list}>
      <div style={{ height: `${places.tops[first] ?? 0}px` }} />
      {all.slice(first, last).map((turn) => (
        <div key={turn.id} data-turn={turn.id} class="turn-place">
          <TurnView turn={turn} isLast={turn === turns.at(-1) && activeTurn === undefined} />
        </div>
      ))}
      <div style={{ height: `${places.total - (places.tops[last] ?? places.total)}px` }} />
    </div>
  );
}
