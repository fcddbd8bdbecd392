import type { Disposable } from "../../base/disposables.ts";
import type { HostRecord } from "../hosts/hosts.ts";
import type { OutputLogger } from "./logger.ts";

/** What connections to hosts say, each host in an output channel of its own. */
export class HostLogs implements Disposable {
  readonly #logger: OutputLogger;
  readonly #logs = new Map<string, OutputLogger>();

  constructor(logger: OutputLogger) {
    this.#logger = logger;
  }

  of({ id, name }: Pick<HostRecord, "id" | "name">): OutputLogger {
    const known = this.#logs.get(id);
    if (known !== undefined) return known;
    const log = this.#logger.beside(`Muster: ${name}`, `host.${id.slice(0, 8)}`);
    this.#logs.set(id, log);
    return log;
  }

  /** Brings the host's to the front, or what everything else says. */
  show(host: Pick<HostRecord, "id" | "name"> | undefined): void {
    (host === undefined ? this.#logger : this.of(host)).show();
  }

  forget(hostIds: readonly string[]): void {
    for (const id of hostIds) {
      this.#logs.get(id)?.dispose();
      this.#logs.delete(id);
    }
  }

  dispose(): void {
    this.forget(Array.from(this.#logs.keys()));
  }
}
