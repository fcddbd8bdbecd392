import { afterAll, beforeAll } from "vitest";
import { type ModelServer, startModelServer } from "../support/modelServer/modelServer.ts";
import { CODING_SCENARIOS } from "../support/modelServer/scenarios/codingScenarios.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import { type RemoteRepository, remoteRepository } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

/** A repository, a real host that may clone it, and a client of its owner. */
export class HostStage {
  #repository: RemoteRepository | undefined;
  #directory: HostDirectory | undefined;
  #host: HostProcess | undefined;
  #client: WireClient | undefined;

  get repository(): RemoteRepository {
    return present(this.#repository);
  }

  get directory(): HostDirectory {
    return present(this.#directory);
  }

  /** The latest. */
  get host(): HostProcess {
    return present(this.#host);
  }

  /** Of the latest host. */
  get client(): WireClient {
    return present(this.#client);
  }

  /** @param configOf the host's configuration, for repositories in this folder */
  async prepare(configOf: (allowLocal: string) => object | Promise<object>): Promise<void> {
    this.#repository = await remoteRepository();
    this.#directory = new HostDirectory(await configOf(this.#repository.directory));
  }

  /** A host on the same data as those before, which must have ended. */
  async start(clientId?: string): Promise<void> {
    this.#client?.close();
    this.#host = await this.directory.start();
    this.#client = await WireClient.connect(this.#host.url, this.#host.token, clientId);
  }

  async remove(): Promise<void> {
    this.#client?.close();
    await this.#host?.stop();
    this.#directory?.remove();
    this.#repository?.remove();
  }
}

/** One stage, with a running host, for all tests of the `describe` or file that this is called in. */
export function useHostStage(configOf: (allowLocal: string) => object | Promise<object>): HostStage {
  const stage = new HostStage();
  // The published agents may have to be installed first.
  beforeAll(async () => {
    await stage.prepare(configOf);
    await stage.start();
  }, 300_000);
  afterAll(() => stage.remove());
  return stage;
}

/** A model that follows the coding scenarios, for as long as the tests of this `describe` or file run. */
export function useScriptedModel(): Pick<ModelServer, "url" | "requests"> {
  let model: ModelServer | undefined;
  beforeAll(async () => {
    model = await startModelServer({ scenarios: CODING_SCENARIOS });
  });
  afterAll(() => model?.close());
  return {
    get url() {
      return present(model).url;
    },
    get requests() {
      return present(model).requests;
    },
  };
}

function present<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("The stage is not set: this is there once the tests run");
  return part;
}
