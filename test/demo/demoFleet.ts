import { randomUUID } from "node:crypto";
import path from "node:path";
import { silentLogger } from "../../src/base/logger.ts";
import { AhpClient } from "../../src/client/ahpClient.ts";
import { launchAgent, launchTitle } from "../../src/extension/fleet/launch.ts";
import { dialWebSocket } from "../../src/extension/hosts/wsTransport.ts";
import { chatUri, sessionUri } from "../../src/protocol/uris.ts";
import { type GitHubServer, startGitHub } from "../support/gitHub/gitHubServer.ts";
import { makeRepository, type RepositoryKind } from "../support/repositories/repositories.ts";
import type { TestRepository } from "../support/repositories/testRepository.ts";
import { systemClock } from "../../src/extension/platform/clock.ts";
import type { Lifetime } from "../support/vscode/lifetime.ts";
import { startHostProcess, type HostProcess } from "../workbench/hostProcess.ts";
import type { Casting, Part } from "./demoAgents.ts";

export const OWNER = "demo";
export const GITHUB_TOKEN = "demo-token";

export interface DemoAgent {
  readonly title: string;
  readonly session: string;
  readonly provider: string;
}

export interface DemoFleet {
  readonly host: HostProcess;
  readonly tokenFile: string;
  readonly gitHub: GitHubServer;
  readonly repository: TestRepository;
  readonly client: AhpClient;
  readonly agents: Readonly<Record<Part, DemoAgent>>;
  /** AHP actions that reached a client of the host since the agents were launched. */
  actionsReceived(): number;
}

/**
 * A host on a fresh data directory, a repository with history and a bare remote behind a GitHub on loopback, and three
 * agents at work on it. Everything ends with `lifetime`; `folder` is the caller's to remove.
 */
export async function startDemoFleet(
  lifetime: Lifetime,
  folder: string,
  kind: RepositoryKind,
  casting: Casting,
): Promise<DemoFleet> {
  const gitHub = await startGitHub(path.join(folder, "remotes"));
  lifetime.defer(() => gitHub.close());
  gitHub.addUser(OWNER, GITHUB_TOKEN);
  const repository = await makeRepository(kind, path.join(folder, "repositories"));
  const name = path.basename(repository.path);
  await gitHub.addRepository({ owner: OWNER, name, from: repository, writers: [OWNER] });

  const hostFolder = path.join(folder, "host");
  const host = await startHostProcess(lifetime, {
    folder: hostFolder,
    agents: casting.catalogue,
    concurrentSessions: 3,
    logFile: path.join(folder, "host.log"),
  });
  const client = new AhpClient({
    dial: (attempt) => dialWebSocket(host.url, host.token, attempt, silentLogger),
    clientId: randomUUID(),
    clientInfo: { name: "muster-demo" },
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
  });
  lifetime.defer(() => client.dispose());
  client.connect();
  await connected(client);

  let actions = 0;
  const launch = async (part: Part): Promise<DemoAgent> => {
    const { provider, prompt } = casting.parts[part];
    const session = sessionUri(randomUUID());
    const request = { hostId: "demo", provider, prompt, repository: gitHub.cloneUrl(OWNER, name) };
    await launchAgent(client, session, request, { clock: systemClock, newId: randomUUID });
    for (const [channel, uri] of [
      ["session", session],
      ["chat", chatUri(session)],
    ] as const) {
      const handle = client.subscribe(channel, uri);
      lifetime.defer(() => handle.dispose());
      handle.onDidChange(({ applied }) => {
        actions += applied?.length ?? 0;
      });
      await handle.ready;
    }
    return { title: launchTitle(request), session, provider };
  };
  const agents = { asks: await launch("asks"), finishes: await launch("finishes"), works: await launch("works") };
  return {
    host,
    tokenFile: path.join(hostFolder, "token"),
    gitHub,
    repository,
    client,
    agents,
    actionsReceived: () => actions,
  };
}

async function connected(client: AhpClient): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = () => {
    if (client.state.kind === "live") resolve();
    else if (client.state.kind === "refused") reject(client.state.error);
  };
  const listener = client.onDidChangeState(look);
  look();
  await promise.finally(() => listener.dispose());
}

/** Points the extension at the demo's GitHub; an address among the user's settings, as for any GitHub Enterprise Server. */
export function gitHubSettings(fleet: DemoFleet): Record<string, unknown> {
  const { host, apiUrl } = fleet.gitHub;
  return { "muster.github.servers": [{ host, apiUrl, authProvider: "muster-demo-github" }] };
}
