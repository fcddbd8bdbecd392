import { rm } from "node:fs/promises";
import path from "node:path";
import type { Disposable } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import type { LaunchRequest } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView, Hosts } from "../hosts/hosts.ts";
import { DEMO_AGENT, type DemoHost, type DemoHostOptions, type DemoScripts } from "./demoHost.ts";
import type { NodeRuntime } from "./nodeRuntime.ts";

/** `vscode.Memento` has this shape. */
export interface DemoState {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

export interface DemoFleetOptions {
  /** Everything that the demo writes is in here. */
  readonly folder: string;
  readonly scripts: DemoScripts;
  readonly hosts: Hosts;
  readonly connections: HostConnectionsView;
  readonly launch: (request: LaunchRequest) => Promise<unknown>;
  readonly state: DemoState;
  readonly findNode: () => Promise<NodeRuntime>;
  readonly makeRepository: (folder: string) => Promise<void>;
  readonly startHost: (options: DemoHostOptions) => Promise<DemoHost>;
  /** Resolves when the host has answered for the first time; with what was wrong if it did not. */
  readonly connected: (hostId: string) => Promise<Error | undefined>;
  readonly logger: Logger;
}

/** One agent works, one asks, one is soon ready for review. */
const prompts = [
  "Tidy up the build output, but ask first",
  "Quickly describe the project layout",
  "Work through the documentation",
] as const;

const stateKey = "muster.demo.hostId";

/**
 * A host on this machine with three sample agents, among the hosts as "Demo". Its process belongs to this window; its
 * data stay until they are removed, so that a demo that is started again has the same agents.
 */
export class DemoFleet implements Disposable {
  readonly #options: DemoFleetOptions;
  #running: DemoHost | undefined;
  #starting: Promise<void> | undefined;
  #isDisposed = false;

  constructor(options: DemoFleetOptions) {
    this.#options = options;
  }

  /** The Demo among the configured hosts, whichever window runs it. */
  get hostId(): string | undefined {
    const id = this.#options.state.get(stateKey);
    return typeof id === "string" && this.#options.hosts.get(id) !== undefined ? id : undefined;
  }

  /** Does nothing when the demo answers already. Rejects with `demo.failed`; what was there before stays. */
  start(): Promise<void> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** A window that opens with the demo among its hosts runs it again, unless another window does. */
  async resume(): Promise<void> {
    const { connections, connected } = this.#options;
    const { hostId } = this;
    if (hostId === undefined || connections.get(hostId) === undefined) return;
    if ((await connected(hostId)) !== undefined && !this.#isDisposed) await this.start();
  }

  /** Ends the host and takes it off the list. */
  async stop({ removeData }: { readonly removeData: boolean }): Promise<void> {
    const { hosts, folder, state } = this.#options;
    await this.#starting?.catch(() => undefined);
    const { hostId } = this;
    if (hostId !== undefined) await hosts.remove(hostId);
    await state.update(stateKey, undefined);
    const running = this.#running;
    running?.stop();
    await running?.exited;
    if (removeData) await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#running?.stop();
  }

  async #start(): Promise<void> {
    const { connections, connected, folder, launch, makeRepository } = this.#options;
    const known = this.hostId;
    if (known !== undefined && connections.get(known)?.state.kind === "live") return;
    const repository = path.join(folder, "word-count");
    await makeRepository(repository);
    const host = this.#running ?? (await this.#run(repository));
    const hostId = await this.#list(host);
    connections.reconnect(hostId);
    const failure = await connected(hostId);
    if (failure !== undefined) throw failure;
    const { sessions } = connections.client(hostId);
    await sessions.refresh();
    if (sessions.all.size > 0) return;
    for (const prompt of prompts) await launch({ hostId, provider: DEMO_AGENT.id, prompt, repository });
  }

  async #run(repository: string): Promise<DemoHost> {
    const { findNode, startHost, scripts, folder, logger } = this.#options;
    const options = { node: await findNode(), scripts, folder: path.join(folder, "host"), repository };
    const port = this.#lastPort();
    // Whoever has the address of the last time finds the demo there again, if nobody else has taken the port.
    const host = await startHost({ ...options, port }).catch((error: unknown) => {
      if (port === 0) throw error;
      return startHost({ ...options, port: 0 });
    });
    logger.info("demo host started", { url: host.url });
    this.#running = host;
    void host.exited.then(() => {
      logger.info("demo host ended");
      this.#running = undefined;
    });
    if (this.#isDisposed) host.stop();
    return host;
  }

  #lastPort(): number {
    const { hostId } = this;
    const url = hostId === undefined ? undefined : this.#options.hosts.get(hostId)?.url;
    return url === undefined ? 0 : Number(URL.parse(url)?.port ?? 0);
  }

  async #list({ url, token }: DemoHost): Promise<string> {
    const { hosts, state } = this.#options;
    const known = this.hostId;
    if (known !== undefined) await hosts.edit(known, { name: "Demo", url, token });
    else {
      const { id } = await hosts.add({ name: "Demo", url, token });
      await state.update(stateKey, id);
    }
    const { hostId } = this;
    if (hostId === undefined) throw new Error("The demo host was removed while it was being added.");
    return hostId;
  }
}
