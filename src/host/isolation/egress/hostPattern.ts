/**
 * Names of servers as an allow-list holds them: `host`, `*.host` for everything below it, each with `:port` where only
 * one port is meant; without a port 443 and 80 are.
 */
export interface HostTarget {
  /** Lower case, without a trailing dot. A literal IPv6 address stands without brackets. */
  readonly host: string;
  readonly port: number;
}

const label = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const name = new RegExp(String.raw`^${label}(?:\.${label})*$`);
const patternForm = /^(\*\.)?([^:]+?)(?::(\d{1,5}))?$/;
const defaultPorts = new Set([80, 443]);

export function isHostPattern(text: string): boolean {
  const [, , host = "", port = "443"] = patternForm.exec(text.toLowerCase()) ?? [];
  return isHostName(host) && Number(port) >= 1 && Number(port) <= 65_535;
}

/** A plain ASCII name or a dotted IPv4 address of the canonical form: nothing that two programs could read differently. */
export function isHostName(host: string): boolean {
  if (host.length > 253 || !name.test(host)) return false;
  // A name whose last label is a number is an IPv4 address to some resolvers: only the canonical form is let through.
  const last = host.slice(host.lastIndexOf(".") + 1);
  return /^(\d+|0x[0-9a-f]*)$/.test(last) ? isCanonicalIpv4(host) : true;
}

export function isCanonicalIpv4(host: string): boolean {
  const parts = host.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

export function matches(pattern: string, { host, port }: HostTarget): boolean {
  const [, wildcard, wanted = "", wantedPort] = patternForm.exec(pattern.toLowerCase()) ?? [];
  const isHost = wildcard === undefined ? host === wanted : host.endsWith(`.${wanted}`) && !isCanonicalIpv4(host);
  return isHost && (wantedPort === undefined ? defaultPorts.has(port) : Number(wantedPort) === port);
}

export function matchesAny(patterns: Iterable<string>, target: HostTarget): boolean {
  for (const pattern of patterns) if (matches(pattern, target)) return true;
  return false;
}

/**
 * What a CONNECT line or a Host header names. Undefined for everything that is not plainly a name and a port: control
 * bytes, user information, percent signs, two ports, numbers that only some resolvers take for an address.
 * @param defaultPort undefined where a port is required
 */
export function parseAuthority(text: string, defaultPort?: number): HostTarget | undefined {
  const found = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_.-]{1,254}))(?::(\d{1,5}))?$/.exec(text);
  if (!found) return undefined;
  const [, ipv6, plain = "", portText] = found;
  const port = portText === undefined ? defaultPort : Number(portText);
  if (port === undefined || port < 1 || port > 65_535) return undefined;
  if (ipv6 !== undefined) return { host: ipv6.toLowerCase(), port };
  // One trailing dot says "fully qualified" and names the same server.
  const host = plain.toLowerCase().replace(/\.$/, "");
  return isHostName(host) ? { host, port } : undefined;
}
