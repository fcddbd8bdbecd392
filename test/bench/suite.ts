import type { Measure } from "./measure.ts";

/** `quick`: for a first look; `tiny`: to see that it runs, its numbers mean nothing. */
export type Scale = "whole" | "quick" | "tiny";

export interface BenchOptions {
  readonly scale: Scale;
  /** Tells what is under way, or was left out and why. */
  readonly note: (text: string) => void;
}

/** A part measures one thing from several sides. */
export type Part = (options: BenchOptions) => Promise<readonly Measure[]>;

export type Suite = Readonly<Record<string, Part>>;

export interface Outcome {
  readonly measures: readonly Measure[];
  /** Parts that broke off. */
  readonly failed: readonly string[];
}

/** Runs the named parts, or all, one after the other. One that breaks off does not keep the others from running. */
export async function runSuite(suite: Suite, names: readonly string[], options: BenchOptions): Promise<Outcome> {
  const measures: Measure[] = [];
  const failed: string[] = [];
  for (const [name, part] of Object.entries(suite)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const startedAt = performance.now();
    try {
      measures.push(...(await part(options)));
      options.note(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    } catch (error) {
      failed.push(name);
      options.note(`${name}: BROKE OFF: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  return { measures, failed };
}

/** What a part does at this scale. */
export function at<T>({ scale }: BenchOptions, whole: T, quick: T, tiny: T): T {
  return scale === "whole" ? whole : scale === "quick" ? quick : tiny;
}
