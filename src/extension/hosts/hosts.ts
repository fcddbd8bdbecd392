import type { Disposable } from "../../base/disposables.ts";
import type { Event } from "../../base/emitter.ts";
import type { Client } from "../../client/client.ts";
import type { ConnectionState } from "../../client/connectionState.ts";

/** One configured host, as the setting `muster.hosts` holds it. The token is not here: it is a secret. */
export interface HostRecord {
  /** Random, made when the host is added, never reused: keys of agents and the name of the secret derive from it. */
  readonly id: string;
  /** What people read. */
  readonly name: string;
  /** Normalised `ws:` or `wss:` URL without user info, token or fragment. */
  readonly url: string;
  /** Absolute path of a file with the token, for a host on this machine. A token that was typed comes first. */
  readonly tokenFile?: string | undefined;
  /** SHA-256 fingerprint of the only certificate that is trusted for it; else those count that this machine trusts. */
  readonly certificate?: string | undefined;
}

/** Where host records are kept: the application-scoped setting. */
export interface HostsStorePort {
  /** The raw value; whatever a person wrote there. */
  read(): unknown;
  write(records: readonly HostRecord[]): Promise<void>;
  /** Somebody changed the stored value, this window or another. */
  readonly onDidChange: Event<void>;
}

/** Where tokens are kept. `vscode.SecretStorage` has this shape. */
export interface SecretsPort {
  get(key: string): PromiseLike<string | undefined>;
  store(key: string, value: string): PromiseLike<void>;
  delete(key: string): PromiseLike<void>;
}

export interface HostInput {
  /** Empty: the URL's host name serves. */
  readonly name: string;
  readonly url: string;
  /** `undefined` keeps what is stored (edit) or stores none (add); an empty string deletes it. */
  readonly token?: string | undefined;
  /** As in `HostRecord`; `undefined` keeps what the record has, an empty text deletes it. */
  readonly tokenFile?: string | undefined;
  readonly certificate?: string | undefined;
}

/** The hosts that a person configured. */
export interface Hosts {
  readonly all: readonly HostRecord[];
  get(id: string): HostRecord | undefined;
  readonly onDidChange: Event<HostsChange>;
  /** Rejects with `request.invalid` or `host.untrustedAddress`; `parseHostUrl` says the same beforehand. */
  add(input: HostInput): Promise<HostRecord>;
  edit(id: string, input: HostInput): Promise<HostRecord>;
  /** Forgets the record and its token. */
  remove(id: string): Promise<void>;
  token(id: string): Promise<string | undefined>;
}

/** Host ids. `changed` also says that the token may be another one. */
export interface HostsChange {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** What `parseHostUrl` makes of what a person typed or pasted. */
export interface ParsedHostUrl {
  readonly url: string;
  /** Taken out of the URL's user info or its `tkn` / `token` parameter, to be stored as the secret. */
  readonly token: string | undefined;
  /** A name to propose. */
  readonly name: string;
}

/** One host with its connection. A snapshot: a change replaces the object. */
export interface HostConnection {
  readonly host: HostRecord;
  readonly client: Client;
  readonly state: ConnectionState;
}

/** One client a configured host, made and ended as records come and go. */
export interface HostConnectionsView extends Disposable {
  readonly all: readonly HostConnection[];
  get(hostId: string): HostConnection | undefined;
  /** Rejects nothing, throws `notFound` for a host that is not configured. */
  client(hostId: string): Client;
  /** Host ids whose connection came, went, or changed its state. */
  readonly onDidChange: Event<HostsChange>;
  /** Tries again at once. With the token as it is stored at that moment. */
  reconnect(hostId: string): void;
}
