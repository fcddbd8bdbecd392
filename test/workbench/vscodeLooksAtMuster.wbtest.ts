import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { chatUri, ROOT_URI, sessionUri } from "../../src/protocol/uris.ts";
import { WireClient } from "../host/wireClient.ts";
import { type FrameTap, startFrameTap } from "../support/frameTap.ts";
import { makeRepository } from "../support/repositories/repositories.ts";
import type { TestRepository } from "../support/repositories/testRepository.ts";
import { sampleAgentConfig } from "../support/sampleAgent/sampleAgentConfig.ts";
import { Lifetime } from "../support/vscode/lifetime.ts";
import { startVsCode, type Workbench } from "../support/vscode/workbench.ts";
import { type HostProcess, startHostProcess } from "./hostProcess.ts";
import { VscodeSessions } from "./pages/vscodeSessions.ts";
import { inOrder, outputDir, pictured } from "./scene.ts";

const done = "Describe the layout, quickly";
const asking = "Ask permission to clean the build output";
const failing = "please fail";
const waiting = "Describe the layout, then wait for me";
const working = "Work on the documentation";
const ofVsCode = "Finish the notes for newcomers";

/**
 * VS Code itself, without any extension of ours, with a muster-host for its agent host
 * (`--agent-host-bridge-host`, `--agent-host-bridge-port`). What it shows and what not is in docs/vscode-client.md.
 */
describe("VS Code's own client, looking at a muster-host", () => {
  inOrder();
  const lifetime = new Lifetime();
  let folder: string;
  let repository: TestRepository;
  let host: HostProcess;
  let tap: FrameTap;
  let ours: WireClient;
  let workbench: Workbench;
  let sessions: VscodeSessions;
  let restartHost: () => Promise<HostProcess>;

  /** As our own client launches: the session, then its prompt. */
  async function launch(prompt: string): Promise<string> {
    const session = sessionUri(randomUUID());
    await ours.request("createSession", {
      channel: session,
      provider: "sample",
      config: { repository: repository.path },
    });
    ours.dispatch(chatUri(session), {
      type: "chat/turnStarted",
      turnId: randomUUID(),
      startedAt: new Date().toISOString(),
      message: { text: prompt, origin: { kind: "user" } },
    });
    return session;
  }

  /** What VS Code dispatched, of one type. */
  const sent = (type: string) =>
    tap.frames.flatMap(({ from, params }) => {
      const action = params?.["action"] as { type: string } | undefined;
      return from === "client" && action?.type === type ? [{ action }] : [];
    });

  before(async () => {
    folder = await realpath(await mkdtemp(path.join(tmpdir(), "muster-vscode-client-")));
    lifetime.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
    await mkdir(path.join(outputDir, "logs"), { recursive: true });
    const repositories = path.join(folder, "repositories");
    repository = await makeRepository("package", repositories);
    await repository.git("branch", "next");
    const options = {
      folder: path.join(folder, "host"),
      agents: [sampleAgentConfig({ paceMs: 60 })],
      allowLocal: [repositories],
      concurrentSessions: 8,
      logFile: path.join(outputDir, "logs", "vscode-client-host.log"),
    };
    host = await startHostProcess(lifetime, options);
    restartHost = () => startHostProcess(lifetime, { ...options, port: host.port });
    tap = await startFrameTap(lifetime, host.port);
    ours = await WireClient.connect(host.url, host.token, "ours");
    for (const prompt of [done, asking, failing, waiting]) await launch(prompt);

    const vscode = await startVsCode({
      name: "vscode-client",
      outputDir,
      workspaceFolder: false,
      args: [
        "--agent-host-bridge-host=127.0.0.1",
        `--agent-host-bridge-port=${tap.port}`,
        `--agent-host-bridge-connection-token=${host.token}`,
      ],
      // The chat is VS Code's door to agent hosts.
      settings: {
        "chat.disableAIFeatures": false,
        "workbench.secondarySideBar.defaultVisibility": "visible",
        // Whatever else listens on this machine is no news.
        "remote.autoForwardPorts": false,
      },
    });
    lifetime.defer(() => vscode.close());
    pictured(vscode);
    workbench = await vscode.openWindow();
    sessions = new VscodeSessions(workbench);
  });
  after(async () => {
    pictured(undefined);
    ours?.close();
    await lifetime.end();
  });

  it("connects and counts who needs a person and who works", async () => {
    await sessions.badge("needs-input").filter({ hasText: "1" }).waitFor();
    await sessions.badge("active").filter({ hasText: "1" }).first().waitFor();
    const greeting = tap.frames.find((frame) => frame.method === "initialize");
    assert.deepEqual(greeting?.params?.["clientInfo"], { name: "vscode-editor-window", title: "VS Code" });
  });

  it("lists our sessions with their titles, their states and the size of their changes", async () => {
    await sessions.showList();
    await sessions.row(done, "Completed").filter({ hasText: "+19" }).waitFor();
    await sessions.row(asking, "Needs Input").filter({ hasText: "Input needed" }).waitFor();
    await sessions.row(failing, "Failed").waitFor();
    await sessions.row(waiting, "In Progress").filter({ hasText: "Working" }).waitFor();
    await workbench.screenshot("vscode-client-sessions");
  });

  it("shows the transcript of a session and why it failed", async () => {
    await sessions.open(failing);
    await sessions.text("I'm looking at the repository.").waitFor();
    await sessions.text(/The sample agent was asked to fail/).waitFor();
    await sessions.button("Try Again").waitFor();
  });

  it("shows what an agent asks, and the agent goes on when it is allowed", async () => {
    await sessions.open(asking);
    await sessions.text("Then I want to delete what an earlier build has left behind.").waitFor();
    await sessions.confirmation.getByText("rm -rfv build coverage").first().waitFor();
    await workbench.screenshot("vscode-client-approval");
    await sessions.confirmation
      .getByRole("button", { name: /^Allow/ })
      .first()
      .click();
    await sessions.text("Done. The build output is gone").waitFor();
    await sessions.row(asking, "Completed").waitFor();
    const [confirmed] = sent("chat/toolCallConfirmed");
    assert.deepEqual(confirmed && { ...confirmed.action, turnId: "", toolCallId: "" }, {
      type: "chat/toolCallConfirmed",
      turnId: "",
      toolCallId: "",
      approved: true,
      confirmed: "user-action",
    });
  });

  it("shows what changed in its own multi-diff, by name and in its language", async () => {
    await sessions.open(done);
    await sessions.text("2 files changed").waitFor();
    await sessions.changes.filter({ hasText: "2 Files" }).click();
    await sessions.diffOf("CONTRIBUTING.md").locator(".line-insert").first().waitFor();
    await sessions.diffOf("readme.md").locator(".line-insert").first().waitFor();
    await workbench.page.locator(".statusbar").getByText("Markdown", { exact: true }).waitFor();
    await workbench.screenshot("vscode-client-changes");
  });

  it("shows a running session live, and stops it", async () => {
    await launch(working);
    await sessions.row(working, "In Progress").waitFor();
    await sessions.open(working);
    await sessions.changesOfText(5);
    await sessions.row(working, "Completed").waitFor();
    await sessions.text(/docs\/sourceNotes\.md are ready for review/).waitFor();

    await sessions.open(waiting);
    await sessions.text("keep waiting until somebody stops me").waitFor();
    await sessions.button("Cancel (Ctrl+Escape)").or(sessions.button("Cancel")).first().click();
    await sessions.row(waiting, "Completed").waitFor();
  });

  it("renames a session", async () => {
    await sessions.choose(failing, "Rename...");
    const name = workbench.page.locator(".quick-input-widget:visible input.input");
    await name.fill("It fails by order");
    await name.press("Enter");
    await sessions.row("It fails by order").waitFor();
    const { items } = (await ours.request("listSessions", { channel: ROOT_URI })) as { items: { title: string }[] };
    assert.ok(items.some((item) => item.title === "It fails by order"));
  });

  it("starts a session from its own chat, on the repository and branch that were picked there", async () => {
    await sessions.newSession();
    await sessions.choice("Repository").filter({ hasText: "quick-format-unescaped" }).waitFor();
    // Nobody has used that branch, so it is nowhere on offer.
    await sessions.pick("Base branch", "next", "next");
    await sessions.choice("Base branch").filter({ hasText: "next" }).waitFor();
    await workbench.screenshot("vscode-client-new-session");
    await sessions.send(ofVsCode);
    await sessions.row(ofVsCode, "Completed").waitFor();
    await sessions.text("says how to check a change.").waitFor();
    await workbench.screenshot("vscode-client-answer");
    const { items } = (await ours.request("listSessions", { channel: ROOT_URI })) as {
      items: { title: string; resource: string; _meta: { git: { baseBranchName: string } } }[];
    };
    const made = items.filter((item) => item.title === ofVsCode);
    assert.equal(made.length, 1);
    assert.match(made[0]?.resource ?? "", /^sample:\/[0-9a-f-]{36}$/);
    assert.equal(made[0]?._meta.git.baseBranchName, "next");
  });

  it("comes back to a host that was killed and started again, and shows what became of its sessions", async () => {
    const lost = "Describe the sources, then wait for me";
    await launch(lost);
    await sessions.open(lost);
    await sessions.text("keep waiting until somebody stops me").waitFor();
    await host.kill();
    await restartHost();
    await sessions.row(lost, "Failed").waitFor();
    await sessions.text(/host (was )?(stopped|restarted|ended)|interrupted/i).waitFor();
    await sessions.row(ofVsCode, "Completed").waitFor();
    await sessions.open(ofVsCode);
    await sessions.text("says how to check a change.").waitFor();
    await workbench.screenshot("vscode-client-restarted");
  });

  it("asks for nothing that the host refuses, but for what is documented", () => {
    const refused = tap.refusals().map(({ what, why }) => `${what}: ${why}`);
    const expected = [
      // A restarted host knows no client, and VS Code initializes afresh.
      /^reconnect: -32008 /,
      // A turn without changes has no changes to watch.
      /^subscribe: -32001 /,
      // Extensions look for files beside one that is shown.
      /^resourceRead: -32008 /,
    ];
    assert.deepEqual(
      refused.filter((line) => !expected.some((pattern) => pattern.test(line))),
      [],
    );
  });
});
