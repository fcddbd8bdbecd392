import { AppError } from "../../base/appError.ts";
import { parseSizes } from "./changes.ts";
import type { GitCli } from "./gitCli.ts";
import { GitError } from "./gitFailure.ts";

interface Wanted {
  readonly oid: string;
  readonly limitBytes: number;
  readonly done: PromiseWithResolvers<Uint8Array>;
}

/** What one command writes at most; a single blob may be more. */
const maxBatchBytes = 16 * 1024 * 1024;

/**
 * Reads blobs of a trusted git directory. A diff asks for many at once, and starting git costs more than reading: whatever
 * is asked for while git runs is read together by the next one.
 */
export class BlobReader {
  readonly #git: GitCli;
  readonly #gitDir: string;
  #wanted: Wanted[] = [];
  #isRunning = false;

  constructor(git: GitCli, gitDir: string) {
    this.#git = git;
    this.#gitDir = gitDir;
  }

  /** Throws `notFound` for what is no blob, `content.tooLarge` above the limit. `oid` must be an object's name. */
  read(oid: string, limitBytes: number): Promise<Uint8Array> {
    const done = Promise.withResolvers<Uint8Array>();
    this.#wanted.push({ oid, limitBytes, done });
    if (!this.#isRunning) void this.#run();
    return done.promise;
  }

  /** Bytes of each blob; what is missing or no blob is left out. */
  async sizes(oids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (oids.length === 0) return new Map();
    const args = ["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)"];
    try {
      return parseSizes(await this.#git.text({ gitDir: this.#gitDir, args, input: `${oids.join("\n")}\n` }));
    } catch (error) {
      if (error instanceof GitError && error.failure.ended === undefined) return new Map();
      throw error;
    }
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Those that ask in the same breath come along.
    await Promise.resolve();
    while (this.#wanted.length > 0) {
      const batch = this.#wanted;
      this.#wanted = [];
      try {
        await this.#readAll(batch);
      } catch (error) {
        for (const { done } of batch) done.reject(error);
      }
    }
    this.#isRunning = false;
  }

  async #readAll(batch: readonly Wanted[]): Promise<void> {
    const sizes = await this.sizes(Array.from(new Set(batch.map(({ oid }) => oid))));
    const readable = new Map<string, number>();
    for (const { oid, limitBytes, done } of batch) {
      const size = sizes.get(oid);
      if (size === undefined) done.reject(notFound());
      else if (size > limitBytes) done.reject(tooLarge(size, limitBytes));
      else readable.set(oid, size);
    }
    for (const oids of inBatches(readable)) {
      const contents = await this.#contents(oids, readable);
      for (const { oid, done } of batch) {
        const content = contents.get(oid);
        if (content !== undefined) done.resolve(content);
      }
    }
  }

  /** Of blobs whose sizes are known: git tells name, kind and size of each in a line before it. */
  async #contents(
    oids: readonly string[],
    sizes: ReadonlyMap<string, number>,
  ): Promise<ReadonlyMap<string, Uint8Array>> {
    const lineBytes = 200;
    const maxOutputBytes = oids.reduce((sum, oid) => sum + (sizes.get(oid) ?? 0) + lineBytes, 0);
    const input = `${oids.join("\n")}\n`;
    const { stdout } = await this.#git.run({
      gitDir: this.#gitDir,
      args: ["cat-file", "--batch"],
      input,
      maxOutputBytes,
    });
    const contents = new Map<string, Uint8Array>();
    let at = 0;
    for (const oid of oids) {
      const size = sizes.get(oid) ?? 0;
      const head = `${oid} blob ${size}\n`;
      const start = at + head.length;
      if (stdout.toString("latin1", at, start) !== head)
        throw new AppError("internal", "git's answer could not be read.");
      contents.set(oid, stdout.subarray(start, start + size));
      at = start + size + 1;
    }
    return contents;
  }
}

function* inBatches(sizes: ReadonlyMap<string, number>): Generator<readonly string[]> {
  let oids: string[] = [];
  let bytes = 0;
  for (const [oid, size] of sizes) {
    if (oids.length > 0 && bytes + size > maxBatchBytes) {
      yield oids;
      oids = [];
      bytes = 0;
    }
    oids.push(oid);
    bytes += size;
  }
  if (oids.length > 0) yield oids;
}

function notFound(): AppError {
  return new AppError("notFound", "This version of the file is no longer on the host. Refresh the changes.");
}

function tooLarge(size: number, limitBytes: number): AppError {
  const sentence = `The file is too large to show (${megabytes(size)}; the limit is ${megabytes(limitBytes)}).`;
  return new AppError("content.tooLarge", sentence, { details: { size, limitBytes } });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
