import { BlockList, isIP } from "node:net";

/** Never a git server: this machine's own wildcard, link-local (cloud metadata among it), multicast, reserved. */
const neverNets = [
  "0.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
  // Metadata and control services of clouds outside the link-local range.
  "100.100.100.200/32",
  "168.63.129.16/32",
  "192.0.0.192/32",
  "::/128",
  "fd00:ec2::254/128",
  "fd20:ce::254/128",
  "fe80::/10",
  "ff00::/8",
];

/** Reachable only where the configuration names them. */
const privateNets = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "::1/128",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  // Tunnels that carry an IPv4 address of anybody's choice.
  "2002::/16",
  "fc00::/7",
  "fec0::/10",
];

const never = listOf(neverNets);
const notPublic = listOf(privateNets);

export type AddressVerdict = "allowed" | "private" | "never";

/** Which addresses of servers the host connects to. Everything public is; `privateNetworks` are blocks as `10.20.0.0/16`. */
export class AddressRules {
  readonly #allowed: BlockList;

  constructor(privateNetworks: readonly string[]) {
    this.#allowed = listOf(privateNetworks);
  }

  /** @param address as the resolver gives it: an IPv4 or IPv6 address */
  judge(address: string): AddressVerdict {
    const plain = address.split("%")[0] ?? "";
    const inner = embedded(plain);
    if (inner !== undefined) return this.judge(inner);
    const family = familyOf(plain);
    if (family === undefined || never.check(plain, family)) return "never";
    if (!notPublic.check(plain, family) || this.#allowed.check(plain, family)) return "allowed";
    return "private";
  }
}

/** Is this a block of addresses, as `10.20.0.0/16` or `fd12::/48`? */
export function isNetwork(text: string): boolean {
  const [address = "", bits = "", ...rest] = text.split("/");
  const family = isIP(address);
  return family !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

/** The IPv4 address inside an IPv6 one. */
function embedded(address: string): string | undefined {
  const lower = expand(address);
  if (lower === undefined) return undefined;
  const isMapped = lower.slice(0, 5).every((word) => word === 0) && (lower[5] === 0xffff || lower[5] === 0);
  const isNat64 = lower[0] === 0x64 && lower[1] === 0xff9b && lower.slice(2, 6).every((word) => word === 0);
  const [high = 0, low = 0] = lower.slice(6);
  const isOwn = lower[5] === 0 && high === 0 && low <= 1;
  if ((!isMapped && !isNat64) || isOwn) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** The eight words of an IPv6 address; undefined for any other. */
function expand(address: string): readonly number[] | undefined {
  if (isIP(address) !== 6) return undefined;
  // The URL parser writes every address in its one canonical form, its dotted tail among it.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const words = (text: string) => (text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16)));
  if (tail === undefined) return words(head);
  const [front, back] = [words(head), words(tail)];
  return [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits = ""] = network.split("/");
    const family = familyOf(address);
    if (family !== undefined) list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  const family = isIP(address);
  return family === 4 ? "ipv4" : family === 6 ? "ipv6" : undefined;
}
