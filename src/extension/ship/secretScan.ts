/** Strings that are a credential by their look alone; what merely stands beside the word "password" is not among them. */
const looks = {
  privateKey: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/,
  gitHubToken: /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})/,
  gitLabToken: /(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20}/,
  awsKey: /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/,
  googleKey: /(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}/,
  slackToken: /(?<![A-Za-z0-9])xox[abeprs]-[A-Za-z0-9-]{20}/,
  modelKey: /(?<![A-Za-z0-9])sk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{40}/,
  paymentKey: /(?<![A-Za-z0-9])[rs]k_live_[A-Za-z0-9]{20}/,
  npmToken: /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}/,
} as const satisfies Readonly<Record<string, RegExp>>;
export type SecretKind = keyof typeof looks;

const kinds = Object.keys(looks) as readonly SecretKind[];
const maxLineChars = 10_000;

/** A text as it was and as it is. */
export interface Sides {
  readonly before: string;
  readonly after: string;
}

export interface FoundSecret {
  /** From 1. */
  readonly line: number;
  readonly what: SecretKind;
}

/** Credentials in lines that are new. */
export function secretsIn(sides: Sides): readonly FoundSecret[] {
  return linesOf(sides).flatMap(({ line, text }) => {
    const what = kinds.find((kind) => looks[kind].test(text));
    return what === undefined ? [] : [{ line, what }];
  });
}

/** The first line of what git leaves where it could not merge, if a mark of either side is new; from 1. */
export function conflictMarkIn(sides: Sides): number | undefined {
  const lines = linesOf(sides);
  const opening = lines.find(({ text }) => /^<{7}(?: |\r?$)/.test(text));
  return lines.some(({ text }) => /^>{7}(?: |\r?$)/.test(text)) ? opening?.line : undefined;
}

/** Those that are new, each cut to what a person would read. */
function linesOf({ before, after }: Sides): readonly { readonly line: number; readonly text: string }[] {
  const known = new Set(before.split("\n"));
  return after
    .split("\n")
    .flatMap((text, index) => (known.has(text) ? [] : [{ line: index + 1, text: text.slice(0, maxLineChars) }]));
}
