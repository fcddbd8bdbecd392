import { Emitter } from "../../src/base/emitter.ts";
import type { HostRecord, HostsStorePort, SecretsPort } from "../../src/extension/hosts/hosts.ts";

/** The setting `muster.hosts` in memory; `edit` is a person who writes into it. */
export class FakeHostsStore implements HostsStorePort {
  value: unknown;
  readonly #changed = new Emitter<void>((error) => {
    throw error;
  });

  constructor(value: unknown = []) {
    this.value = value;
  }

  get onDidChange() {
    return this.#changed.event;
  }

  read(): unknown {
    return this.value;
  }

  async write(records: readonly HostRecord[]): Promise<void> {
    this.edit(records);
  }

  edit(value: unknown): void {
    this.value = structuredClone(value);
    this.#changed.fire();
  }
}

export class FakeSecrets implements SecretsPort {
  readonly values = new Map<string, string>();

  async get(key: string): Promise<string | undefined> {
    return this.values.get(key);
  }

  async store(key: string, value: string): Promise<void> {
    this.values.set(key, value);
  }

  async delete(key: string): Promise<void> {
    this.values.delete(key);
  }
}
