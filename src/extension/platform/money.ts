const maxUsd = 1_000_000;

/** US dollars as people write them; `undefined` for anything else, and for nothing. */
export function parseUsd(text: string): number | undefined {
  if (!/^\s*\$?\s*\d{1,7}(?:\.\d{1,4})?\s*$/.test(text)) return undefined;
  const usd = Number(text.replace("$", ""));
  return usd > 0 && usd <= maxUsd ? usd : undefined;
}

/** "$5", "$2.50"; less than a cent in full. */
export function formatUsd(usd: number): string {
  if (Number.isInteger(usd)) return `$${usd}`;
  return usd > 0 && usd < 0.01 ? `$${Number(usd.toPrecision(2))}` : `$${usd.toFixed(2)}`;
}
