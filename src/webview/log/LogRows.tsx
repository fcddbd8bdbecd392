import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { LogRow } from "../../protocol/panelLog.ts";
import type { LogModel } from "./logModel.ts";
import { scrollScale } from "./scrollScale.ts";

/** Rows that are drawn beyond the edges, so that a frame of scrolling finds them. */
const overscan = 12;
const nearEndPx = 24;

/** What others may do with the rows that are drawn. */
export interface RowsControl {
  /** Brings a row to about a third of the height. */
  show(row: number): void;
  toEnd(): void;
  /** The first row that is wholly in sight. */
  readonly top: number;
}

interface LogRowsProps {
  model: LogModel;
  label: string;
  /** Follows the end; the reader's scrolling asks for another value. */
  isFollowing: boolean;
  onFollow: (isFollowing: boolean) => void;
  draw: (row: LogRow | undefined, index: number) => ComponentChildren;
  control?: (control: RowsControl | undefined) => void;
}

/** Rows of one height, of which only those in sight are on the page. */
export function LogRows({ model, label, isFollowing, onFollow, draw, control }: LogRowsProps) {
  const area = useRef<HTMLDivElement>(null);
  const probe = useRef<HTMLDivElement>(null);
  const [viewport, setViewport] = useState({ height: 400, rowHeight: 18 });
  const [offset, setOffset] = useState(0);
  const following = useRef(isFollowing);
  following.current = isFollowing;
  const rows = model.rows.value;
  void model.drawn.value;
  const scale = scrollScale(rows, viewport.rowHeight, viewport.height);
  const place = useRef({ ...viewport, rows, scale, offset });
  place.current = { ...viewport, rows, scale, offset };

  const scrollTo = useCallback((target: number) => {
    const element = area.current;
    if (!element) return;
    const { rows, rowHeight, height, scale } = place.current;
    const offset = Math.max(0, Math.min(target, rows * rowHeight - height));
    element.scrollTop = scale.toScrollTop(offset);
    setOffset(offset);
  }, []);

  useLayoutEffect(() => {
    const element = area.current;
    if (!element || !probe.current) return undefined;
    const measure = () => {
      const rowHeight = probe.current?.getBoundingClientRect().height || 18;
      setViewport((before) => {
        const height = element.clientHeight || 400;
        return before.height === height && before.rowHeight === rowHeight ? before : { height, rowHeight };
      });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    observer.observe(probe.current);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = area.current;
    if (!element) return undefined;
    let lastTop = element.scrollTop;
    const onScroll = () => {
      const isUp = element.scrollTop < lastTop;
      lastTop = element.scrollTop;
      const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < nearEndPx;
      // The end moves away without anybody scrolling: only a move upwards means that the reader left.
      if (isAtEnd !== following.current && (isAtEnd || isUp)) onFollow(isAtEnd);
      setOffset(place.current.scale.toOffset(element.scrollTop));
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
  }, [onFollow]);

  // Rows that come or go above the reader must not move what is read.
  const kept = useRef<number | undefined>(undefined);
  useEffect(
    () =>
      model.watch((splices) => {
        if (following.current || splices === undefined) return;
        const { rowHeight } = place.current;
        const before = kept.current ?? place.current.offset / rowHeight;
        let top = before;
        for (const { at, removed, added } of splices) {
          if (at + removed <= top) top += added - removed;
          else if (at < top) top = at;
        }
        if (top !== before) kept.current = top;
      }),
    [model],
  );
  useLayoutEffect(() => {
    if (isFollowing) scrollTo(Number.MAX_SAFE_INTEGER);
    else if (kept.current !== undefined) scrollTo(kept.current * viewport.rowHeight);
    kept.current = undefined;
  }, [rows, isFollowing, viewport, model.drawn.value, scrollTo]);

  useEffect(() => {
    control?.({
      show: (row) => scrollTo(Math.max(0, row * place.current.rowHeight - place.current.height / 3)),
      toEnd: () => scrollTo(Number.MAX_SAFE_INTEGER),
      get top() {
        return Math.ceil(place.current.offset / place.current.rowHeight);
      },
    });
    return () => control?.(undefined);
  }, [control, scrollTo]);

  const first = Math.max(0, Math.floor(offset / viewport.rowHeight) - overscan);
  const last = Math.min(rows, Math.ceil((offset + viewport.height) / viewport.rowHeight) + overscan);
  useEffect(() => model.want(first, last), [model, first, last, rows]);
  const top = scale.toScrollTop(offset) - offset;
  return (
    <div class="log-rows" ref={area} tabIndex={0} role="log" aria-live="off" aria-label={label}>
      <div class="log-probe log-row" ref={probe} aria-hidden="true">
        &nbsp;
      </div>
      <div class="log-height" style={{ height: `${scale.height}px` }}>
        <div class="log-window" style={{ transform: `translateY(${Math.round(top + first * viewport.rowHeight)}px)` }}>
          {Array.from({ length: Math.max(0, last - first) }, (_, index) =>
            draw(model.row(first + index), first + index),
          )}
        </div>
      </div>
    </div>
  );
}
