import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { AppError } from "../../base/appError.ts";
import type { AddressRules } from "./addressRules.ts";
import type { Askpass } from "./askpass.ts";
import type { GitCommand } from "./gitCli.ts";
import type { FailureContext } from "./gitFailure.ts";
import { parseRepository, type Remote } from "./repositoryUrl.ts";
import type { Credentials } from "./workspace.ts";

/** All addresses of a server's name. Throws when there is none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export const systemResolve: Resolve = async (name) => (await lookup(name, { all: true })).map(({ address }) => address);

export interface OpenRemote {
  /** For every command of one operation. */
  readonly network: Pick<GitCommand, "protocol" | "env" | "config">;
  readonly context: FailureContext;
}

const defaultPorts: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/**
 * The way of git commands to a server. Its name is resolved once for each operation; every address must be one that this
 * host may connect to, and git is given those addresses and no name, so that a second answer of the name service changes
 * nothing. Redirects are refused (`http.followRedirects` in gitCli.ts).
 */
export class RemoteAccess {
  readonly #askpass: Askpass;
  readonly #rules: AddressRules;
  readonly #resolve: Resolve;
  readonly #allowLocal: readonly string[];

  /** @param allowLocal as in `parseRepository` */
  constructor(askpass: Askpass, rules: AddressRules, resolve: Resolve, allowLocal: readonly string[]) {
    this.#askpass = askpass;
    this.#rules = rules;
    this.#resolve = resolve;
    this.#allowLocal = allowLocal;
  }

  /**
   * Throws `repository.invalid` for a server that this host does not connect to and a directory that it does not look
   * into, `repository.cloneFailed` for no server.
   */
  async open(remote: Remote, credentials: Credentials): Promise<OpenRemote> {
    const { env, context } = this.#askpass.for(remote, credentials);
    if (remote.kind === "file") {
      parseRepository(remote.url, this.#allowLocal);
      return { network: { protocol: "file", env }, context };
    }
    const { name, port } = serverOf(remote);
    const addresses = await this.#addressesOf(name, remote);
    if (remote.kind === "ssh") {
      const command = sshCommand(name, port, addresses[0] ?? "");
      return { network: { protocol: "ssh", env: { ...env, GIT_SSH_COMMAND: command } }, context };
    }
    // A server that is named by its address has no name that could be resolved again.
    if (isIP(name) !== 0) return { network: { protocol: remote.kind, env }, context };
    const targets = addresses.map((address) => (isIP(address) === 6 ? `[${address}]` : address)).join(",");
    const config = { "http.curloptResolve": `${name}:${port}:${targets}` };
    return { network: { protocol: remote.kind, env, config }, context };
  }

  async #addressesOf(name: string, remote: Remote): Promise<readonly string[]> {
    const found = await this.#resolve(name).catch((cause: unknown) => {
      const sentence = `Couldn't reach ${remote.display}: the server ${name} was not found. Check the address.`;
      throw new AppError("repository.cloneFailed", sentence, { cause });
    });
    const verdicts = found.map((address) => this.#rules.judge(address));
    if (found.length > 0 && verdicts.every((verdict) => verdict === "allowed")) return found;
    const advice = verdicts.includes("never")
      ? "That is no address of a git server."
      : 'If it is meant to be used, name its network under "repositories.privateNetworks" in the host\'s configuration.';
    const sentence = `The repository ${remote.display} can't be used: ${name} is an address inside the host's own network. ${advice}`;
    throw new AppError("repository.invalid", sentence);
  }
}

function serverOf(remote: Remote): { readonly name: string; readonly port: string } {
  const scp = /^(?:[^@/]+@)?([^:/]+):/.exec(remote.url)?.[1];
  if (remote.kind === "ssh" && scp !== undefined && !remote.url.startsWith("ssh://")) return { name: scp, port: "22" };
  const url = new URL(remote.url);
  const name = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  return { name, port: url.port || defaultPorts[url.protocol] || "22" };
}

/** The name stays what the server's key is known by. Neither part can hold anything that a shell reads. */
function sshCommand(name: string, port: string, address: string): string {
  const alias = port === "22" ? name : `'[${name}]:${port}'`;
  const pinned = `-oHostName=${address} -oHostKeyAlias=${alias} -oCanonicalizeHostname=no`;
  return `ssh -oBatchMode=yes -oStrictHostKeyChecking=yes -oConnectTimeout=20 ${pinned}`;
}
