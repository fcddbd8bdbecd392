import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import { toLine } from "../../base/visibleText.ts";
import { errorDataOf } from "../../protocol/errorData.ts";
import { RPC } from "../../protocol/jsonrpc.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { type GitHubServer, webOrigin } from "./gitHubServers.ts";
import type { SignInPort } from "./gitHubSignIn.ts";
import type { StatePort } from "./statePort.ts";

export interface HostCredentialsPorts {
  readonly hosts: Pick<HostConnectionsView, "client" | "get">;
  readonly dialogs: Pick<Dialogs, "confirm">;
  readonly signIn: SignInPort;
  readonly servers: () => readonly GitHubServer[];
  readonly state: StatePort;
}

const stateKey = "muster.tokenConsents";
const Consent = z.object({ hostUrl: z.string(), resource: z.string() });
type Consent = z.infer<typeof Consent>;

/**
 * Lends a person's GitHub sign-in to a host that needs it to clone or push. Nothing is lent without a yes for exactly
 * that host address and that resource, and only for a GitHub server that the person's own settings name.
 */
export class HostCredentials {
  readonly #ports: HostCredentialsPorts;

  constructor(ports: HostCredentialsPorts) {
    this.#ports = ports;
  }

  /**
   * Runs a request. When the host answers that it lacks credentials, asks the person, hands them over and runs the request
   * once more. A no, or a second such answer, rejects with `auth.required`.
   */
  async withCredentials<T>(hostId: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      if (!AppError.is(error, "auth.required")) throw error;
      await this.#lend(hostId, error);
      return await request();
    }
  }

  async #lend(hostId: string, failure: AppError): Promise<void> {
    const host = this.#ports.hosts.get(hostId)?.host;
    const wanted = this.#wantedServer(failure);
    if (host === undefined || wanted === undefined) {
      throw new AppError(
        "auth.required",
        "The repository asks for credentials that the host does not have. Give the host its own credentials for it, or add its server to the setting muster.github.servers.",
        { cause: failure },
      );
    }
    const { server, resource } = wanted;
    const consent: Consent = { hostUrl: host.url, resource };
    if (!this.#hasConsent(consent)) {
      const isGiven = await this.#ports.dialogs.confirm(
        `Let the host "${toLine(host.name, 60)}" use your sign-in for ${resource}?`,
        `The host at ${toLine(host.url)} needs it to reach the repository. It receives your GitHub token, keeps it in memory only, and uses it for ${resource} and nothing else.`,
        "Allow",
      );
      if (!isGiven) {
        throw new AppError(
          "auth.required",
          `The host may not use your sign-in for ${resource}, so nothing was sent. Allow it next time, or give the host its own credentials.`,
          { cause: failure },
        );
      }
      await this.#remember(consent);
    }
    const token = await this.#ports.signIn.token(server);
    await this.#ports.hosts.client(hostId).request("authenticate", { channel: ROOT_URI, resource, token });
  }

  /** The first resource that a configured server stands for, compared by whole origin. */
  #wantedServer(failure: AppError): { server: GitHubServer; resource: string } | undefined {
    for (const resource of resourcesOf(failure)) {
      if (!URL.canParse(resource)) continue;
      const url = new URL(resource);
      if (url.username !== "" || url.password !== "") continue;
      const server = this.#ports.servers().find((candidate) => originOf(candidate) === url.origin);
      if (server !== undefined) return { server, resource };
    }
    return undefined;
  }

  #consents(): readonly Consent[] {
    const parsed = z.array(Consent).safeParse(this.#ports.state.get(stateKey));
    return parsed.success ? parsed.data : [];
  }

  #hasConsent(consent: Consent): boolean {
    return this.#consents().some((one) => one.hostUrl === consent.hostUrl && one.resource === consent.resource);
  }

  async #remember(consent: Consent): Promise<void> {
    await this.#ports.state.update(stateKey, [...this.#consents(), consent].slice(-100));
  }
}

function originOf(server: GitHubServer): string | undefined {
  try {
    return new URL(webOrigin(server)).origin;
  } catch {
    return undefined;
  }
}

/** What the host asks for: the data of its error, as the client passes it on. */
function resourcesOf(failure: AppError): readonly string[] {
  const data: unknown = failure.cause instanceof Error ? Reflect.get(failure.cause, "data") : undefined;
  for (const candidate of [failure.details, data]) {
    const told = errorDataOf(RPC.authRequired, candidate);
    if (told) return told.resources.map((entry) => entry.resource);
  }
  return [];
}
