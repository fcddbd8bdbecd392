export interface ChaosOptions {
  readonly runs: number;
  /** Goes on for so long instead, however many runs that makes. */
  readonly minutes?: number;
  readonly seed: number;
  /** Sessions that are at work at the same time. */
  readonly sessions: number;
  readonly note: (text: string) => void;
}

export interface ChaosReport {
  /** One sentence each; none is success. */
  readonly problems: readonly string[];
  readonly summary: string;
}

/** Rejects with what `describe` says when it takes longer: chaos has to end by itself. */
export async function within<T>(ms: number, work: Promise<T>, describe: () => string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(describe())), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
