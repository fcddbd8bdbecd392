import { isIPv6 } from "node:net";
import type { Clock } from "../../base/clock.ts";

const windowMs = 60_000;

/** Failed attempts to sign in, in windows of a minute: so many from one address, and so many from all together. */
export class FailureLimits {
  readonly #clock: Clock;
  readonly #perAddress: number;
  readonly #ofAll: number;
  readonly #failures = new Map<string, number>();
  #windowStart = 0;
  #total = 0;

  constructor(clock: Clock, limits: { readonly perAddress: number; readonly ofAll: number }) {
    this.#clock = clock;
    this.#perAddress = limits.perAddress;
    this.#ofAll = limits.ofAll;
  }

  isExceeded(address: string): boolean {
    this.#roll();
    return this.#total >= this.#ofAll || (this.#failures.get(networkOf(address)) ?? 0) >= this.#perAddress;
  }

  /** What exceeds a limit is not counted, so there are never more addresses in memory than `ofAll`. */
  count(address: string): void {
    this.#roll();
    const network = networkOf(address);
    this.#total += 1;
    this.#failures.set(network, (this.#failures.get(network) ?? 0) + 1);
  }

  #roll(): void {
    const now = this.#clock.elapsed();
    if (now - this.#windowStart < windowMs) return;
    this.#windowStart = now;
    this.#total = 0;
    this.#failures.clear();
  }
}

/** Who has one IPv6 address has the other 2^64 of its network too. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => "0");
  return [...front, ...zeros, ...back].slice(0, 4).join(":");
}
