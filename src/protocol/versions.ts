/** What a client of ours offers, most preferred first: the two baselines and the latest release that it can fold. */
export const CLIENT_VERSIONS: readonly string[] = ["1.1.0", "1.0.0", "0.9.0"];

/** What a host of ours serves: the latest version of each line. */
export const HOST_VERSIONS: readonly string[] = ["0.9.0"];

/** For the `supportedVersions` of error -32005. */
export function rangesOf(versions: readonly string[]): string[] {
  return versions.map((version) => `^${version}`);
}

interface Version {
  readonly text: string;
  readonly parts: readonly [number, number, number];
}

/**
 * Did the host agree to one of our offers? Any other answer, even one of the same line, is a version that nobody
 * offered: the peers are incompatible.
 */
export function isOffered(answer: string, offers: readonly string[] = CLIENT_VERSIONS): boolean {
  return offers.includes(answer);
}

/** Of the line 0.x, in which every minor version is one of its own. Text that is no version counts as that too. */
export function isBeforeOne(version: string): boolean {
  return !(parseVersion(version)[0] && !version.startsWith("0."));
}

/**
 * The answer of a host to a client's offers: the highest offer that one of our versions covers, verbatim. Ours covers an
 * offer of the same line (the same major; below 1.0 the same minor too) that is not later than it, because a host
 * promises all of what it agrees to. Offers that are no `MAJOR.MINOR.PATCH` are skipped. `undefined`: nothing in common.
 */
export function negotiate(
  offered: readonly string[],
  supported: readonly string[] = HOST_VERSIONS,
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
