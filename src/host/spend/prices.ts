import type { TokenCounts } from "../../protocol/fleetSpend.ts";
import type { Price } from "./spendConfig.ts";

/** The first price that fits. */
export function priceFor(
  prices: readonly Price[],
  { agent, model }: { readonly agent: string; readonly model: string | undefined },
): Price | undefined {
  return prices.find(
    (price) => (price.agent ?? agent) === agent && (price.model === undefined || fits(price.model, model ?? "")),
  );
}

/** US dollars. */
export function costOf(tokens: TokenCounts, price: Price): number {
  const { input, output, cachedRead = input, cachedWrite = input, thought = output } = price;
  const millionths =
    (tokens.inputTokens ?? 0) * input +
    (tokens.cachedReadTokens ?? 0) * cachedRead +
    (tokens.cachedWriteTokens ?? 0) * cachedWrite +
    (tokens.outputTokens ?? 0) * output +
    (tokens.thoughtTokens ?? 0) * thought;
  return millionths / 1_000_000;
}

/** Backtracks to the last `*` alone, so it takes no longer than the product of both lengths. */
function fits(pattern: string, text: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  if (others.length === 0) return pattern === text;
  const last = others.pop() ?? "";
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const piece of others) {
    const found = text.indexOf(piece, at);
    if (found === -1 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
