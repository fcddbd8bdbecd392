const maxUsd = 1_000_000;

/** US dollars as people write them; `undefined` for anything else, and for nothing. */
export function parseUsd(text: string): number | undefined {
  if (!/^\$?\s*\d{1,7}(?:\.\d{1,4})?$/.test(text.trim())) return undefined;
  const usd = Number(text.replace("$", ""));
  return usd > 0 && usd <= maxUsd ? usd : undefined;
}
