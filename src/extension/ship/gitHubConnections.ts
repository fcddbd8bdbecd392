import type { GitHubApi } from "./gitHubApi.ts";
import type { GitHubServer } from "./gitHubServers.ts";
import type { SignInPort, TokenUse } from "./gitHubSignIn.ts";

export interface GitHubConnectionsPorts {
  readonly signIn: SignInPort;
  /** @param refused called when the server does not accept the token */
  readonly connect: (server: GitHubServer, token: string, refused: () => void) => Promise<GitHubApi>;
}

interface Connection {
  readonly token: string;
  readonly api: Promise<GitHubApi>;
}

/** One connection for each server while its token is the same, so that what it was told with an ETag is kept. */
export class GitHubConnections {
  readonly #ports: GitHubConnectionsPorts;
  readonly #connections = new Map<string, Connection>();
  /** The last token that each server refused. */
  readonly #refused = new Map<string, string>();

  constructor(ports: GitHubConnectionsPorts) {
    this.#ports = ports;
  }

  /** Asks the person to sign in if need be, again if the server refused the last sign-in. Throws `github.noSession`. */
  async open(server: GitHubServer, use?: TokenUse): Promise<GitHubApi> {
    const token = await this.#ports.signIn.token(server, this.#refused.get(server.host), use);
    return this.#connect(server, token);
  }

  /** `undefined` where the person is not signed in, or the sign-in was refused; asks nobody. */
  async openSilently(server: GitHubServer): Promise<GitHubApi | undefined> {
    const token = await this.#ports.signIn.silentToken(server);
    return token === undefined || token === this.#refused.get(server.host) ? undefined : this.#connect(server, token);
  }

  #connect(server: GitHubServer, token: string): Promise<GitHubApi> {
    const key = `${server.host} ${server.apiUrl}`;
    const known = this.#connections.get(key);
    if (known?.token === token) return known.api;
    const api = this.#ports.connect(server, token, () => this.#refused.set(server.host, token));
    this.#connections.set(key, { token, api });
    api.catch(() => this.#connections.delete(key));
    return api;
  }
}
