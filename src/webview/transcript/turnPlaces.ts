/** Where turns stand below one another, by the heights that were measured; those that were never drawn are guessed. */
export interface TurnPlaces {
  readonly tops: readonly number[];
  readonly total: number;
}

/** A better guess later would move everything. */
const guessedHeight = 240;

export function placesOf(turns: readonly { readonly id: string }[], heights: ReadonlyMap<string, number>): TurnPlaces {
  let total = 0;
  const tops = turns.map(({ id }) => {
    const top = total;
    total += heights.get(id) ?? guessedHeight;
    return top;
  });
  return { tops, total };
}

/** The turns from half a height above to half a height below what is in sight: the first, and the one after the last. */
export function turnsWithin({ tops, total }: TurnPlaces, top: number, height: number): readonly [number, number] {
  const from = top - height / 2;
  const to = top + height * 1.5;
  const first = Math.max(
    0,
    tops.findLastIndex((each) => each <= from),
  );
  const after = tops.findIndex((each) => each >= to);
  return [first, after === -1 || to >= total ? tops.length : after];
}
