import { startVsCode, type Workbench } from "../support/vscode/workbench.ts";
import type { Lifetime } from "../support/vscode/lifetime.ts";
import { addHost, approveInPanel, createPullRequest, openAgent, review, waitForRow } from "../workbench/flow.ts";
import { castRealAgents, type Casting } from "./demoAgents.ts";
import { GITHUB_TOKEN, gitHubSettings, OWNER, startDemoFleet, type DemoFleet } from "./demoFleet.ts";

export interface CheckOptions {
  readonly lifetime: Lifetime;
  readonly folder: string;
  readonly vsix: readonly string[];
  readonly say: (text: string) => void;
}

/** What a run of the demo came to; one JSON line. */
export interface DemoReport {
  readonly ok: true;
  /** npm packages of the agents that did the work, with their versions. */
  readonly agents: Readonly<Record<string, string>>;
  readonly vscode: string;
  readonly actionsReceived: number;
  readonly filesChanged: number;
  /** Commits of the agent's branch on the remote that its base does not have. */
  readonly commits: number;
  readonly approval: { readonly agent: string; readonly approved: boolean };
  readonly pullRequest: { readonly number: number; readonly branch: string; readonly draft: boolean };
  /** Requests to GitHub that its published description does not allow: none. */
  readonly gitHubViolations: number;
  readonly seconds: number;
}

/**
 * The demo as a person would go through it, in a headless browser: connect, watch one agent stream, approve what another
 * asks for, review the changes in the multi-diff, create the pull request. Rejects with the step that did not happen.
 */
export async function checkDemo({ lifetime, folder, vsix, say }: CheckOptions): Promise<DemoReport> {
  const started = performance.now();
  const casting = await castRealAgents(lifetime, say);
  say("Starting the host and launching three agents");
  const fleet = await startDemoFleet(lifetime, folder, "package", casting);
  say("Opening VS Code");
  const vscode = await startVsCode({
    name: "demo",
    vsix,
    workspaceFolder: fleet.repository.path,
    settings: gitHubSettings(fleet),
    env: { MUSTER_DEMO_GITHUB_TOKEN: GITHUB_TOKEN },
    onProgress: say,
  });
  lifetime.defer(() => vscode.close());
  const workbench = await vscode.openWindow();
  try {
    return await goThrough(workbench, fleet, casting, { vscode: vscode.server.version, started, say });
  } catch (error) {
    await workbench.screenshot("demo-failed");
    throw error;
  }
}

async function goThrough(
  workbench: Workbench,
  fleet: DemoFleet,
  casting: Casting,
  run: { readonly vscode: string; readonly started: number; readonly say: (text: string) => void },
): Promise<DemoReport> {
  const { say } = run;
  const { works, asks, finishes } = fleet.agents;
  await addHost(workbench, fleet.host);

  say("Watching an agent work");
  const panel = await openAgent(workbench, works.title);
  await panel.turns
    .first()
    .getByText(/util\.format/)
    .first()
    .waitFor();

  say("Approving what another asks for");
  await approveInPanel(workbench, asks.title);
  await waitForRow(workbench, asks.title, /ready for review/i);
  await waitForRow(workbench, finishes.title, /ready for review/i);
  await waitForRow(workbench, works.title, /ready for review/i);

  say("Reviewing the changes");
  const editor = await review(workbench, works.title);
  const files = await editor.files.count();
  await workbench.screenshot("demo-review");

  say("Creating the pull request");
  const created = await createPullRequest(workbench, works.title);
  await waitForRow(workbench, works.title, new RegExp(`draft #${created.number}\\b`));
  await workbench.screenshot("demo-pull-request");
  return report(fleet, casting.realAgents, { ...run, files });
}

async function report(
  fleet: DemoFleet,
  agents: Readonly<Record<string, string>>,
  seen: { readonly files: number; readonly vscode: string; readonly started: number },
): Promise<DemoReport> {
  const { gitHub, agents: cast } = fleet;
  const repository = gitHub.state.repositories.find(({ owner }) => owner === OWNER);
  const [pull] = [...(repository?.pulls.values() ?? [])];
  if (repository === undefined || pull === undefined) throw new Error("GitHub has no pull request.");
  if (gitHub.violations.length > 0) throw new Error(`GitHub would refuse: ${JSON.stringify(gitHub.violations)}`);
  return {
    ok: true,
    agents,
    vscode: seen.vscode,
    actionsReceived: fleet.actionsReceived(),
    filesChanged: seen.files,
    commits: (await repository.git.commitsBetween("main", pull.head)).length,
    approval: { agent: cast.asks.provider, approved: true },
    pullRequest: { number: pull.number, branch: pull.head, draft: pull.draft },
    gitHubViolations: gitHub.violations.length,
    seconds: Math.round((performance.now() - seen.started) / 1000),
  };
}
