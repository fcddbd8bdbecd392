import { mkdtempSync, rmSync } from "node:fs";
import { silentLogger } from "../../../src/base/logger.ts";
import { CreatePullRequestFlow } from "../../../src/extension/ship/createPullRequest.ts";
import { GitHubApi } from "../../../src/extension/ship/gitHubApi.ts";
import type { GitHubServer as ServerSetting } from "../../../src/extension/ship/gitHubServers.ts";
import { OctokitGitHub } from "../../../src/extension/ship/octokitGitHub.ts";
import { OctokitStandings } from "../../../src/extension/ship/octokitStandings.ts";
import { PullRequestDrafts } from "../../../src/extension/ship/pullRequestDrafts.ts";
import { PullRequests } from "../../../src/extension/ship/pullRequests.ts";
import { systemClock } from "../../../src/host/systemClock.ts";
import { type GitHubServer, startGitHub } from "../../support/gitHub/gitHubServer.ts";
import type { GitHubRepository } from "../../support/gitHub/gitHubState.ts";
import { makeRepository } from "../../support/repositories/repositories.ts";
import type { TestRepository } from "../../support/repositories/testRepository.ts";
import { anAgent, reviewedCommit } from "../../unit/extension/ship/anAgent.ts";
import { FakeMemento } from "../../unit/extension/ship/memento.ts";
import { dataDirectory } from "../host/dataDirectory.ts";
import { compare } from "../measure.ts";
import { at, type Part } from "../suite.ts";

/**
 * What GitHub is asked for one pull request, and for a look at many that have not changed. Calls are counted, so the
 * numbers are the same on every machine.
 */
export const ship: Part = async (options) => {
  const pulls = at(options, 12, 6, 2);
  const directory = mkdtempSync(dataDirectory("ship"));
  const gitHub = await startGitHub(directory);
  let working: TestRepository | undefined;
  try {
    gitHub.addUser("octo", "bench-token");
    working = await makeRepository("broken");
    const served = await gitHub.addRepository({ owner: "octo", name: "library", from: working });
    served.labels = ["bug"];
    const branches = Array.from({ length: pulls }, (_, index) => `agent/bench-${index}`);
    for (const branch of branches) await pushBranch(working, served, branch);

    const [first = "", second = ""] = branches;
    const plain = await callsOf(gitHub, () => create(gitHub, first, []));
    const labelled = await callsOf(gitHub, () => create(gitHub, second, ["bug"]));
    for (const branch of branches.slice(2)) await create(gitHub, branch, []);
    const standings = new OctokitStandings(await connect(gitHub));
    const numbers = Array.from(served.pulls.keys());
    const look = () => standings.readAll(located(gitHub), numbers, new Set());
    await look();
    const again = await callsOf(gitHub, look);
    const counted = again.filter((status) => status !== 304).length;
    return [
      // The one write; ours looks first whether there is one, what the repository is, and for its template.
      compare("calls to create a pull request / the write alone", plain.length, 1, { atMost: 5 }),
      compare("calls to create one with labels / the writes alone", labelled.length, 2, { atMost: 3 }),
      compare(
        `${pulls} unchanged pull requests, one look: calls that count against the limit / reading each anew`,
        counted,
        4 * pulls,
        { atMost: 0 },
      ),
      compare(`${pulls} unchanged pull requests, one look: calls / reading each anew`, again.length, 4 * pulls, {
        atMost: 0.6,
      }),
    ];
  } finally {
    await gitHub.close();
    await working?.dispose();
    rmSync(directory, { recursive: true, force: true });
  }
};

function setting(gitHub: GitHubServer): ServerSetting {
  return { host: gitHub.host, apiUrl: gitHub.apiUrl, authProvider: "bench" };
}

function located(gitHub: GitHubServer) {
  return { server: setting(gitHub), owner: "octo", repo: "library" };
}

function connect(gitHub: GitHubServer): Promise<GitHubApi> {
  const server = setting(gitHub);
  const ports = { clock: systemClock, logger: silentLogger, userAgent: "muster/bench" };
  return GitHubApi.connect({ server, token: "bench-token", timeoutMs: 30_000, isPaced: false, ...ports });
}

async function pushBranch(working: TestRepository, served: GitHubRepository, branch: string): Promise<void> {
  await working.git("switch", "--quiet", "--force-create", branch, "main");
  await working.write("change.txt", branch);
  await working.commit("A change");
  await working.git("push", "--quiet", served.git.directory, branch);
}

/** Statuses of what GitHub was asked meanwhile. */
async function callsOf(gitHub: GitHubServer, work: () => Promise<unknown>): Promise<readonly number[]> {
  const before = gitHub.calls.length;
  await work();
  return gitHub.calls.slice(before).map(({ status }) => status);
}

/** The whole flow, with a person who agrees to everything. */
async function create(gitHub: GitHubServer, branch: string, labels: readonly string[]): Promise<void> {
  const state = new FakeMemento();
  const agent = anAgent({ branch, repository: gitHub.cloneUrl("octo", "library") });
  const flow = new CreatePullRequestFlow({
    source: { read: async () => agent },
    reviewed: { commitOf: () => reviewedCommit },
    servers: () => [setting(gitHub)],
    readSides: async () => ({ before: "", after: "" }),
    gate: {
      accept: async () => true,
      acquit: async () => true,
      explain: async () => undefined,
      updateFromBase: async () => undefined,
      recreate: async () => false,
    },
    form: {
      ask: async (values) => ({ ...values, extras: { ...values.extras, labels } }),
      close: async () => undefined,
    },
    drafts: new PullRequestDrafts(state),
    gitHub: async () => new OctokitGitHub(await connect(gitHub)),
    push: { push: async () => ({ branch, commit: undefined }) },
    pullRequests: new PullRequests(state, () => undefined),
    progress: (_title, run) => run(() => undefined),
  });
  if ((await flow.run(agent.target))?.outcome !== "created") throw new Error("No pull request was made");
}
