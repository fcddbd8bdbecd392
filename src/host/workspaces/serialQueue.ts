/** Runs tasks one after another, in the order asked. A failed task does not keep the next from running. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task, task);
    this.#last = result.catch(() => {});
    return result;
  }
}

/** One `SerialQueue` a key, kept only while it is in use. */
export class KeyedQueues {
  readonly #queues = new Map<string, { queue: SerialQueue; users: number }>();

  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const entry = this.#queues.get(key) ?? { queue: new SerialQueue(), users: 0 };
    this.#queues.set(key, entry);
    entry.users += 1;
    try {
      return await entry.queue.run(task);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) this.#queues.delete(key);
    }
  }
}
