import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type GitHubServer, startGitHub } from "../support/gitHub/gitHubServer.ts";
import type { GitHubRepository } from "../support/gitHub/gitHubState.ts";
import { makeRepository } from "../support/repositories/repositories.ts";
import { sampleAgentConfig } from "../support/sampleAgent/sampleAgentConfig.ts";
import { Lifetime } from "../support/vscode/lifetime.ts";
import { startVsCode, type VsCode, type Workbench } from "../support/vscode/workbench.ts";
import { type HostProcess, startHostProcess } from "./hostProcess.ts";

/** Screenshots and logs of the suite. */
export const outputDir = path.resolve(import.meta.dirname, "../../test-results");

const checkout = path.resolve(import.meta.dirname, "../..");
const gitHubToken = "workbench-token";

/** A host with the sample agent, a GitHub with a repository for it, and a VS Code window with the built extension. */
export interface Scene {
  readonly vscode: VsCode;
  readonly workbench: Workbench;
  readonly host: HostProcess;
  readonly gitHub: GitHubServer;
  readonly repository: GitHubRepository;
  /** Clone URL of the repository. */
  readonly repositoryUrl: string;
  /** Somebody else changes a file on the repository's main branch. */
  commitToMain(file: string, text: string): Promise<void>;
  /** Starts the killed host again on its port and data. */
  restartHost(): Promise<HostProcess>;
  close(): Promise<void>;
}

export interface SceneOptions {
  /** Begins the names of logs. */
  readonly name: string;
  /** Default: true. */
  readonly isSignedInToGitHub?: boolean;
  /** How slowly the sample agent works. Default: 60. */
  readonly paceMs?: number;
  /** Default: 2. */
  readonly concurrentSessions?: number;
}

let current: VsCode | undefined;

/** Which VS Code is meant when a test fails. */
export function pictured(vscode: VsCode | undefined): void {
  current = vscode;
}

/** A picture of every open window, when a test has failed. */
export async function takePictures(title: string): Promise<void> {
  const name = `failed-${title.replaceAll(/[^\w.-]+/g, "-").slice(0, 100)}`;
  for (const [index, page] of (current?.pages ?? []).entries()) {
    await page.screenshot({ path: path.join(outputDir, `${name}-${index}.png`) }).catch(() => undefined);
  }
}

/** Makes the tests of a `describe` steps that stand on one another, as they do for a person: after a failure the rest is skipped. */
export function inOrder(): void {
  let hasFailed = false;
  beforeEach(function skipAfterFailure() {
    if (hasFailed) this.skip();
  });
  afterEach(function remember() {
    hasFailed ||= this.currentTest?.state === "failed";
  });
}

export async function startScene(options: SceneOptions): Promise<Scene> {
  const lifetime = new Lifetime();
  try {
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), "muster-workbench-")));
    lifetime.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
    await mkdir(path.join(outputDir, "logs"), { recursive: true });

    const gitHub = await startGitHub(path.join(folder, "gitHub"));
    lifetime.defer(() => gitHub.close());
    gitHub.addUser("octocat", gitHubToken);
    const from = await makeRepository("package", path.join(folder, "repositories"));
    const repository = await gitHub.addRepository({ owner: "octocat", name: "format", from });

    const hostOptions = {
      folder: path.join(folder, "host"),
      agents: [sampleAgentConfig({ paceMs: options.paceMs ?? 60 })],
      concurrentSessions: options.concurrentSessions ?? 2,
      logFile: path.join(outputDir, "logs", `${options.name}-host.log`),
    };
    const host = await startHostProcess(lifetime, hostOptions);

    const vscode = await startVsCode({
      name: options.name,
      outputDir,
      extensionDevelopmentPaths: [checkout],
      settings: { "muster.github.servers": [{ host: gitHub.host, apiUrl: gitHub.apiUrl, authProvider: "github" }] },
      ...(options.isSignedInToGitHub === false ? {} : { githubToken: gitHubToken }),
    });
    lifetime.defer(() => vscode.close());
    const workbench = await vscode.openWindow();
    await workbench.resizeSideBar(500);
    pictured(vscode);
    return {
      vscode,
      workbench,
      host,
      gitHub,
      repository,
      repositoryUrl: gitHub.cloneUrl("octocat", "format"),
      commitToMain: async (file, text) => {
        await from.write(file, text);
        await from.commit(`Change ${file}`);
        await from.git("push", "--quiet", repository.git.directory, "main");
      },
      restartHost: () => startHostProcess(lifetime, { ...hostOptions, port: host.port }),
      close: async () => {
        pictured(undefined);
        await lifetime.end();
      },
    };
  } catch (error) {
    await lifetime.end();
    throw error;
  }
}
