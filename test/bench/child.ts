import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** What a process offers to the one that started it. Arguments and answers are plain JSON. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** In the child: answers the calls of the parent, one after the other as they come. Ends with its parent. */
export function serve(calls: Calls): void {
  process.on("message", async ({ id, name, argument }: Question) => {
    process.send?.(await answerOf(calls, { id, name, argument }));
  });
  process.on("disconnect", () => process.exit());
}

async function answerOf(calls: Calls, { id, name, argument }: Question): Promise<Answer> {
  try {
    return { id, result: await calls[name]?.(argument as never) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** A process of our own whose CPU and memory are nobody else's. */
export class Child<C extends Calls> {
  readonly #process: ChildProcess;
  readonly #pending = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #lastId = 0;

  /** `script`: a module that calls `serve`. */
  constructor(script: URL, execArgv: readonly string[] = []) {
    this.#process = fork(script, { execArgv: [...execArgv] });
    this.#process.on("message", ({ id, result, error }: Answer) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (error === undefined) pending?.resolve(result);
      else pending?.reject(new Error(error));
    });
    this.#process.on("exit", (code, signal) => {
      for (const { reject } of this.#pending.values())
        reject(new Error(`The process ended (${String(code ?? signal)}).`));
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  call<Name extends keyof C & string>(
    name: Name,
    argument?: Parameters<C[Name]>[0],
  ): Promise<Awaited<ReturnType<C[Name]>>> {
    const id = ++this.#lastId;
    const question: Question = { id, name, argument };
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    this.#process.send(question);
    // The other end is the module whose calls C names.
    return promise as Promise<Awaited<ReturnType<C[Name]>>>;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.disconnect();
    await exited;
  }
}
