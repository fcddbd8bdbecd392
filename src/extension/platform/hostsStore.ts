import { type Disposable, Disposables } from "../../base/disposables.ts";
import { Emitter } from "../../base/emitter.ts";
import type { HostRecord, HostsStorePort } from "../hosts/hosts.ts";
import type { Settings } from "./settings.ts";

/** The hosts of the person's own settings: what a workspace says about hosts is not read. */
export class HostsStore implements HostsStorePort, Disposable {
  readonly #settings: Settings;
  readonly #owned = new Disposables();
  readonly #changed: Emitter<void>;

  constructor(settings: Settings, onError: (error: unknown) => void) {
    this.#settings = settings;
    this.#changed = this.#owned.add(new Emitter<void>(onError));
    this.#owned.add(
      settings.onDidChange((key) => {
        if (key === "hosts") this.#changed.fire();
      }),
    );
  }

  get onDidChange() {
    return this.#changed.event;
  }

  read(): unknown {
    return this.#settings.read("hosts");
  }

  async write(records: readonly HostRecord[]): Promise<void> {
    await this.#settings.write("hosts", records);
  }

  dispose(): void {
    this.#owned.dispose();
  }
}
