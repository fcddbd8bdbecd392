/** Where the words stand in a label, as VS Code marks them: from, to; in order, without overlap. Words are in lower case. */
export function highlightsOf(label: string, words: readonly string[]): [number, number][] {
  const lower = label.toLowerCase();
  // Lower case of some scripts is longer: then positions would be others.
  if (lower.length !== label.length) return [];
  const found = words.flatMap((word) => placesOf(lower, word)).toSorted(([a], [b]) => a - b);
  const merged: [number, number][] = [];
  for (const [from, to] of found) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function placesOf(text: string, word: string): [number, number][] {
  const places: [number, number][] = [];
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + word.length)) {
    places.push([at, at + word.length]);
  }
  return places;
}
