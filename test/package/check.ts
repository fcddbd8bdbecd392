/** One thing that a package must be; without a `problem` it is. */
export interface Check {
  readonly name: string;
  readonly problem: string | undefined;
}

/** Holds when nothing was found. */
export function nothingOf(name: string, found: readonly string[]): Check {
  return { name, problem: found.length === 0 ? undefined : found.slice(0, 10).join("; ") };
}
