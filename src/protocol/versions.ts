/** Versions of AHP that this product speaks, highest first. Both peers of a connection use the one that was agreed. */
export const SUPPORTED_VERSIONS: readonly string[] = ["0.9.0"];

/** For the `supportedVersions` of error -32005. */
export const SUPPORTED_RANGES: readonly string[] = SUPPORTED_VERSIONS.map((version) => `^${version}`);

interface Version {
  readonly text: string;
  readonly parts: readonly [number, number, number];
}

/**
 * The answer of a host to a client's offers: the highest offer that one of our versions covers, verbatim. Ours covers an
 * offer of the same line (the same major; below 1.0 the same minor too) that is not later than it, because a host
 * promises all of what it agrees to. Offers that are no `MAJOR.MINOR.PATCH` are skipped. `undefined`: nothing in common.
 */
export function negotiate(
  offered: readonly string[],
  supported: readonly string[] = SUPPORTED_VERSIONS,
): string | undefined {
  const ours = supported.flatMap(parseVersion);
  const common = offered.flatMap(parseVersion).filter((offer) => ours.some((own) => covers(own, offer)));
  return common.toSorted((a, b) => compare(b, a))[0]?.text;
}

function parseVersion(text: string): Version[] {
  const match = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/.exec(text);
  return match ? [{ text, parts: [Number(match[1]), Number(match[2]), Number(match[3])] }] : [];
}

function covers(own: Version, offer: Version): boolean {
  const [major, minor] = own.parts;
  const isSameLine = offer.parts[0] === major && (major > 0 || offer.parts[1] === minor);
  return isSameLine && compare(offer, own) <= 0;
}

function compare(a: Version, b: Version): number {
  return a.parts[0] - b.parts[0] || a.parts[1] - b.parts[1] || a.parts[2] - b.parts[2];
}
