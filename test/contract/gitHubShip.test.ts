import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { Fleet } from "../../src/extension/fleet/fleet.ts";
import { readBranchChanges } from "../../src/extension/fleet/sessionChanges.ts";
import type { FleetAgent } from "../../src/extension/fleet/fleetAgent.ts";
import { newHostClient } from "../../src/extension/hosts/hostClient.ts";
import { HostConnections } from "../../src/extension/hosts/hostConnections.ts";
import { HostRegistry } from "../../src/extension/hosts/hostRegistry.ts";
import { type DiffRow, toMultiDiff } from "../../src/extension/review/reviewDiffs.ts";
import { RevisionReader } from "../../src/extension/review/revisionReader.ts";
import { HostBranchPush } from "../../src/extension/ship/branchPush.ts";
import { CreatePullRequestFlow } from "../../src/extension/ship/createPullRequest.ts";
import type { GitHubServer as ServerSetting } from "../../src/extension/ship/gitHubServers.ts";
import { HostCredentials } from "../../src/extension/signIn/hostCredentials.ts";
import { GitHubApi } from "../../src/extension/ship/gitHubApi.ts";
import { OctokitGitHub } from "../../src/extension/ship/octokitGitHub.ts";
import { PullRequestDrafts } from "../../src/extension/ship/pullRequestDrafts.ts";
import { PullRequests } from "../../src/extension/ship/pullRequests.ts";
import { HostShipSource } from "../../src/extension/ship/shipSource.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { HostDirectory, type HostProcess } from "../host/hostProcess.ts";
import { hostConfig } from "../host/sessionFixture.ts";
import { FakeHostsStore, FakeSecrets } from "../support/fakeHostsPorts.ts";
import { type GitHubServer, startGitHub } from "../support/gitHub/gitHubServer.ts";
import type { GitHubRepository } from "../support/gitHub/gitHubState.ts";
import { makeRepository } from "../support/repositories/repositories.ts";
import type { TestRepository } from "../support/repositories/testRepository.ts";
import { FakeMemento } from "../unit/extension/ship/memento.ts";
import { untilAgent } from "../support/untilAgent.ts";

/**
 * From an agent's work to its pull request without an editor: a real host process with the sample agent, git over
 * HTTP with token checks, and GitHub's contract. The person is the only fake.
 */
const token = "ship-token";

let root: string;
let gitHub: GitHubServer;
let served: GitHubRepository;
let working: TestRepository;
let directory: HostDirectory;
let host: HostProcess;
let connections: HostConnections;
let fleet: Fleet;
let hostId: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "muster-ship-"));
  gitHub = await startGitHub(root);
  gitHub.addUser("octo", token);
  working = await makeRepository("broken");
  served = await gitHub.addRepository({ owner: "octo", name: "library", from: working });
  directory = new HostDirectory(hostConfig(root));
  host = await directory.start();
  const newId = () => crypto.randomUUID();
  const hosts = new HostRegistry({
    store: new FakeHostsStore(),
    secrets: new FakeSecrets(),
    newId,
    readFile: async () => undefined,
    logger: silentLogger,
  });
  const ports = { clock: systemClock, logger: silentLogger, version: "0" };
  connections = new HostConnections({
    hosts,
    newClient: (record, secret) => newHostClient(record, secret, ports),
    logger: silentLogger,
  });
  fleet = new Fleet({ connections, clock: systemClock, newId, logger: silentLogger });
  ({ id: hostId } = await hosts.add({ name: "Local", url: host.url, token: host.token }));
  const client = connections.client(hostId);
  client.connect();
  await client.root.ready;
});

afterEach(() => {
  expect(gitHub.violations).toEqual([]);
});

afterAll(async () => {
  fleet?.dispose();
  connections?.dispose();
  await host?.kill();
  directory?.remove();
  await gitHub?.close();
  await working?.dispose();
  await rm(root, { recursive: true, force: true });
});

const until = (key: string, fits: (agent: FleetAgent) => boolean) => untilAgent(fleet, key, fits);

async function finishedAgent(prompt: string): Promise<FleetAgent> {
  const repository = gitHub.cloneUrl("octo", "library");
  const key = await fleet.launch({ hostId, provider: "sample", prompt, repository });
  return until(key, ({ attention, head, phase }) => attention === "review" && head !== undefined && phase === "ready");
}

/** @param answers `meanwhile` happens while the form is open */
function person(answers: { readonly lends: boolean; meanwhile?: () => Promise<void> }) {
  const questions: string[] = [];
  const server: ServerSetting = { host: gitHub.host, apiUrl: gitHub.apiUrl, authProvider: "test" };
  const servers = () => [server];
  const state = new FakeMemento();
  const signIn = { token: async () => token, silentToken: async () => token };
  const choose = async (question: string) => {
    questions.push(question);
    return answers.lends ? "Allow" : undefined;
  };
  const credentials = new HostCredentials({ hosts: connections, dialogs: { choose }, signIn, servers, state });
  const reviewed = new Map<string, string>();
  const flow = new CreatePullRequestFlow({
    source: new HostShipSource(
      connections,
      ({ hostId: host, session }) => fleet.get(`${host}|${session}`),
      systemClock,
    ),
    readSides: async () => ({ before: "", after: "" }),
    reviewed: { commitOf: ({ session }) => reviewed.get(session) },
    servers,
    gate: {
      accept: async () => true,
      acquit: async () => true,
      explain: async (blocks) => void questions.push(...blocks.map(({ kind }) => `blocked: ${kind}`)),
      updateFromBase: async () => undefined,
      recreate: async () => false,
    },
    form: {
      ask: async (values) => {
        await answers.meanwhile?.();
        return values;
      },
      close: async () => undefined,
    },
    drafts: new PullRequestDrafts(state),
    gitHub: async (setting) =>
      new OctokitGitHub(
        await GitHubApi.connect({
          server: setting,
          token,
          clock: systemClock,
          logger: silentLogger,
          userAgent: "muster/test",
        }),
      ),
    push: new HostBranchPush(connections, credentials),
    pullRequests: new PullRequests(state, (key, facts) => fleet.decorate(key, facts)),
    progress: (_title, run) => run(() => undefined),
  });
  return { flow, questions, reviewed };
}

async function textsOf(row: DiffRow): Promise<readonly (string | undefined)[]> {
  const reader = new RevisionReader(connections, { get: () => undefined });
  return Promise.all([row.left, row.right].map(async (side) => side && (await reader.read(side)).text));
}

describe("from an agent's work to its pull request", () => {
  it("ships nothing after a no to lending the sign-in", async () => {
    // The first test here: the host keeps what it was lent once.
    const agent = await finishedAgent("Finish something else");
    const { flow, reviewed } = person({ lends: false });
    reviewed.set(agent.session, agent.head ?? "");
    const before = served.pulls.size;
    await expect(flow.run(agent)).rejects.toMatchObject({ code: "auth.required" });
    expect(await served.git.branch(agent.branch ?? "")).toBeUndefined();
    expect(served.pulls.size).toBe(before);
  });

  it("PR-2, PR-3: reviews what git holds, pushes exactly that with lent credentials, and opens one draft, also when asked twice", async () => {
    const agent = await finishedAgent("Finish the layout; fixes #1, thanks @octocat");
    const { flow, questions, reviewed } = person({ lends: true });
    expect(await flow.run(agent)).toBeUndefined();
    expect(questions).toEqual(["blocked: notReviewed"]);

    const { session, files } = await readBranchChanges(connections.client(hostId), agent.session, {
      clock: systemClock,
    });
    const { baseCommit, head = "" } = session;
    const diff = toMultiDiff(hostId, {
      title: agent.title,
      baseCommit,
      head,
      isMoving: false,
      snapshot: undefined,
      files,
    });
    const readme = diff.rows.find((row) => row.label.path.endsWith("README.md"));
    if (readme === undefined) throw new Error("The sample agent edits the README");
    const [before, after] = await textsOf(readme);
    expect(before?.trim()).toBe((await served.git.file("main", "README.md"))?.text);
    expect(after).not.toBe(before);
    reviewed.set(agent.session, head);

    const shipped = await flow.run(agent);
    expect(shipped).toMatchObject({ outcome: "created", pullRequest: { state: "draft", baseBranch: "main" } });
    expect(questions.slice(1)).toEqual([`Let the host "Local" use your sign-in for ${gitHub.url}?`]);
    const pull = served.pulls.get(shipped?.pullRequest.number ?? 0);
    expect(pull).toMatchObject({ head: agent.branch, draft: true });
    expect(pull?.body).toContain(`Reviewed-Commit: ${head}`);
    expect(`${pull?.title}\n${pull?.body}`).not.toMatch(/@octocat|fixes #1/i);
    const pushed = await served.git.commit(pull?.headSha ?? "");
    expect(pushed.message).not.toMatch(/@octocat|fixes #1/i);
    expect((await served.git.file(pushed.sha, "README.md"))?.text).toBe(after?.trim());
    await until(
      agent.key,
      ({ pullRequest, attention }) => pullRequest?.isDraft === true && attention === "pullRequest",
    );

    expect(await flow.run(agent)).toMatchObject({ outcome: "found", pullRequest: { number: pull?.number } });
    expect(served.pulls.size).toBe(1);
  });

  it("PR-2: does not ship what changed after the review, be it before the gate or while the form is open", async () => {
    const agent = await finishedAgent("Finish a third thing");
    const { flow, questions, reviewed } = person({ lends: true });
    reviewed.set(agent.session, "0".repeat(40));
    expect(await flow.run(agent)).toBeUndefined();
    expect(questions).toEqual(["blocked: headMoved"]);

    const reviewedHead = agent.head ?? "";
    reviewed.set(agent.session, reviewedHead);
    const before = served.pulls.size;
    const goesOn = person({
      lends: true,
      meanwhile: async () => {
        await fleet.send(agent.key, "Go on with the third thing");
        await until(agent.key, ({ attention, head }) => attention === "review" && head !== reviewedHead);
      },
    });
    goesOn.reviewed.set(agent.session, reviewedHead);
    await expect(goesOn.flow.run(agent)).rejects.toMatchObject({ code: "branch.moved" });
    expect([served.pulls.size, await served.git.branch(agent.branch ?? "")]).toEqual([before, undefined]);
    reviewed.set(agent.session, fleet.get(agent.key)?.head ?? "");
    const shipped = await flow.run(agent);
    const pull = served.pulls.get(shipped?.pullRequest.number ?? 0);
    expect(pull?.body).toContain(`Reviewed-Commit: ${fleet.get(agent.key)?.head}`);
  });

  it("says that the repository refused the push, and ships when it accepts", async () => {
    const agent = await finishedAgent("Finish a fourth thing");
    const { flow, reviewed } = person({ lends: true });
    reviewed.set(agent.session, agent.head ?? "");
    await gitHub.refusePushes(served, "protected by a rule");
    await expect(flow.run(agent)).rejects.toMatchObject({ code: "push.refused" });
    await gitHub.refusePushes(served, undefined);
    expect(await flow.run(agent)).toMatchObject({ outcome: "created" });
  });
});
