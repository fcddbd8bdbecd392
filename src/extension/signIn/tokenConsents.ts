import * as z from "zod/mini";
import type { HostRecord } from "../hosts/hosts.ts";
import type { StatePort } from "../platform/statePort.ts";
import { type TokenWant, wantKey } from "./tokenWant.ts";

const stateKey = "muster.tokenConsents";
const Consent = z.object({
  hostId: z.string(),
  hostUrl: z.string(),
  resource: z.string(),
  scopes: z.array(z.string()),
});
type Consent = z.infer<typeof Consent>;
type Host = Pick<HostRecord, "id" | "url">;

/**
 * To which hosts a person said that their token may go: that host at that address, that resource, exactly those scopes.
 * A yes is kept until it is taken back, a no as long as the window. Tokens are not here.
 */
export class TokenConsents {
  readonly #state: StatePort;
  readonly #refused = new Map<string, { readonly hostId: string; readonly want: TokenWant }>();

  constructor(state: StatePort) {
    this.#state = state;
  }

  has(host: Host, want: TokenWant): boolean {
    return this.#all().some(
      (one) => one.hostId === host.id && one.hostUrl === host.url && wantKey(one) === wantKey(want),
    );
  }

  async remember(host: Host, { resource, scopes }: TokenWant): Promise<void> {
    const given: Consent = { hostId: host.id, hostUrl: host.url, resource, scopes: [...scopes] };
    await this.#state.update(stateKey, [...this.#all(), given].slice(-100));
  }

  refuse(host: Host, want: TokenWant): void {
    this.#refused.set(refusalKey(host, want), { hostId: host.id, want });
  }

  /** What the host was refused in this window. */
  refusedTo(hostId: string): readonly TokenWant[] {
    return Array.from(this.#refused.values()).flatMap((one) => (one.hostId === hostId ? [one.want] : []));
  }

  isRefused(host: Host, want: TokenWant): boolean {
    return this.#refused.has(refusalKey(host, want));
  }

  /** Ids of the hosts that were ever allowed something. */
  get hostIds(): ReadonlySet<string> {
    return new Set(this.#all().map(({ hostId }) => hostId));
  }

  async forget(hostId: string): Promise<void> {
    const all = this.#all();
    const kept = all.filter((one) => one.hostId !== hostId);
    if (kept.length < all.length) await this.#state.update(stateKey, kept);
  }

  #all(): readonly Consent[] {
    const parsed = z.array(Consent).safeParse(this.#state.get(stateKey));
    return parsed.success ? parsed.data : [];
  }
}

function refusalKey({ id, url }: Host, want: TokenWant): string {
  return JSON.stringify([id, url, wantKey(want)]);
}
