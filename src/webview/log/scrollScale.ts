/** Higher than this, and browsers lose count of an element's pixels. */
const maxHeight = 16_000_000;

/**
 * Maps the place of a scroll bar to rows of one height. Where all rows would be higher than an element can be, the bar is
 * shorter than they are, and moves over more of them for each of its pixels.
 */
export interface ScrollScale {
  /** Of the element that is scrolled over. */
  readonly height: number;
  /** Pixels above the viewport if every row had its place. */
  toOffset(scrollTop: number): number;
  toScrollTop(offset: number): number;
}

export function scrollScale(rows: number, rowHeight: number, viewport: number): ScrollScale {
  const whole = rows * rowHeight;
  const height = Math.min(whole, maxHeight);
  const ratio = height <= viewport ? 1 : (whole - viewport) / (height - viewport);
  return {
    height,
    toOffset: (scrollTop) => scrollTop * ratio,
    toScrollTop: (offset) => offset / ratio,
  };
}
