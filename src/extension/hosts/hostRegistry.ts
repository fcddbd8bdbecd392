import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { Emitter } from "../../base/emitter.ts";
import { isSame } from "../../base/isSame.ts";
import type { Logger } from "../../base/logger.ts";
import type { HostInput, HostRecord, Hosts, HostsChange, HostsStorePort, ParsedHostUrl, SecretsPort } from "./hosts.ts";
import { parseHostUrl } from "./hostUrl.ts";

const StoredHost = z.object({
  id: z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/)),
  name: z.string(),
  url: z.string(),
  tokenFile: z.optional(z.string()),
  certificate: z.optional(z.string().check(z.regex(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/))),
});

export interface HostRegistryOptions {
  readonly store: HostsStorePort;
  readonly secrets: SecretsPort;
  /** Text of a file on this machine, or `undefined` when it cannot be read. */
  readonly readFile: (path: string) => Promise<string | undefined>;
  /** A fresh random id of letters, digits and dashes. */
  readonly newId: () => string;
  readonly logger: Logger;
}

/** The configured hosts, as the setting has them: an edit of the setting by hand counts like one through a command. */
export class HostRegistry implements Hosts, Disposable {
  readonly #options: HostRegistryOptions;
  readonly #owned = new Disposables();
  readonly #changed: Emitter<HostsChange>;
  #records: readonly HostRecord[];

  constructor(options: HostRegistryOptions) {
    this.#options = options;
    this.#records = this.#read();
    this.#changed = this.#owned.add(
      new Emitter((error) => options.logger.error("hosts listener failed", { error: String(error) })),
    );
    this.#owned.add(options.store.onDidChange(() => this.#take(this.#read(), [])));
  }

  get all(): readonly HostRecord[] {
    return this.#records;
  }

  get(id: string): HostRecord | undefined {
    return this.#records.find((record) => record.id === id);
  }

  get onDidChange() {
    return this.#changed.event;
  }

  async add(input: HostInput): Promise<HostRecord> {
    const parsed = checked(input.url);
    const record = toRecord({ id: this.#options.newId() }, input, parsed);
    await this.#storeToken(record.id, input.token ?? parsed.token);
    await this.#write([...this.#records, record], []);
    return record;
  }

  async edit(id: string, input: HostInput): Promise<HostRecord> {
    const parsed = checked(input.url);
    const record = toRecord(this.#known(id), input, parsed);
    const token = input.token ?? parsed.token;
    await this.#storeToken(id, token);
    const records = this.#records.map((other) => (other.id === id ? record : other));
    await this.#write(records, token === undefined && input.tokenFile === undefined ? [] : [id]);
    return record;
  }

  async remove(id: string): Promise<void> {
    this.#known(id);
    await this.#write(
      this.#records.filter((record) => record.id !== id),
      [],
    );
    await this.#options.secrets.delete(secretKey(id));
  }

  async token(id: string): Promise<string | undefined> {
    const stored = await this.#options.secrets.get(secretKey(id));
    if (stored) return stored;
    const tokenFile = this.get(id)?.tokenFile;
    return tokenFile === undefined ? undefined : (await this.#options.readFile(tokenFile))?.trim() || undefined;
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #known(id: string): HostRecord {
    const record = this.get(id);
    if (record === undefined) throw new AppError("notFound", "This host is no longer configured.");
    return record;
  }

  /** `undefined` leaves what is stored; an empty text deletes it. */
  async #storeToken(id: string, token: string | undefined): Promise<void> {
    if (token === undefined) return;
    const trimmed = token.trim();
    if (trimmed === "") await this.#options.secrets.delete(secretKey(id));
    else await this.#options.secrets.store(secretKey(id), trimmed);
  }

  async #write(records: readonly HostRecord[], renewed: readonly string[]): Promise<void> {
    await this.#options.store.write(records);
    this.#take(records, renewed);
  }

  #take(records: readonly HostRecord[], renewed: readonly string[]): void {
    const before = new Map(this.#records.map((record) => [record.id, record]));
    const ids = new Set(records.map(({ id }) => id));
    const change: HostsChange = {
      added: records.filter(({ id }) => !before.has(id)).map(({ id }) => id),
      changed: records
        .filter((record) => {
          const old = before.get(record.id);
          return old !== undefined && (!isSame(old, record) || renewed.includes(record.id));
        })
        .map(({ id }) => id),
      removed: Array.from(before.keys()).filter((id) => !ids.has(id)),
    };
    this.#records = records;
    if (change.added.length + change.changed.length + change.removed.length > 0) this.#changed.fire(change);
  }

  /** Entries that cannot be used are left out, each with a line in the log; the others stand. */
  #read(): readonly HostRecord[] {
    const stored = this.#options.store.read();
    const records = new Map<string, HostRecord>();
    for (const entry of Array.isArray(stored) ? stored : []) {
      const parsed = StoredHost.safeParse(entry);
      const url = parsed.success ? parseHostUrl(parsed.data.url) : undefined;
      if (parsed.success && url?.ok) records.set(parsed.data.id, { ...parsed.data, url: url.value.url });
      else
        this.#options.logger.warn("host setting ignored", { reason: url?.ok === false ? url.error.message : "shape" });
    }
    return Array.from(records.values());
  }
}

/** The name under which a host's token is kept. */
export function secretKey(hostId: string): string {
  return `muster.host.token.${hostId}`;
}

function checked(url: string): ParsedHostUrl {
  const parsed = parseHostUrl(url);
  if (!parsed.ok) throw parsed.error;
  return parsed.value;
}

/** An address of another host is not the one whose certificate was trusted. */
function toRecord(
  known: Pick<HostRecord, "id" | "tokenFile" | "certificate"> & Partial<Pick<HostRecord, "url">>,
  input: HostInput,
  { url, name }: ParsedHostUrl,
): HostRecord {
  const tokenFile = input.tokenFile ?? known.tokenFile;
  const certificate = input.certificate ?? (known.url === url ? known.certificate : undefined);
  return {
    id: known.id,
    name: input.name.trim() || name,
    url,
    ...(tokenFile && { tokenFile }),
    ...(certificate && { certificate }),
  };
}
