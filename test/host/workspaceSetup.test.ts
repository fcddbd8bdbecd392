import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fleetConflictsUri, terminalUri } from "../../src/protocol/uris.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import { failureOf, finished, hostConfig, prompt, type Refs, refs, remoteRepository, watch } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

let repository: Awaited<ReturnType<typeof remoteRepository>>;
let directory: HostDirectory;
let host: HostProcess;
let client: WireClient;

const script = [
  "echo preparing",
  'test -n "$GREETING"',
  'printf "%s" "$GREETING" > "$HOME/greeting"',
  "pwd > .prepared",
  'echo "$SETUP_TOKEN" | wc -c',
  "echo done",
].join("\n");

/** A commit on a branch of the server, made from another. */
function commit(branch: string, from: string, files: Readonly<Record<string, string | undefined>>): void {
  const work = path.join(repository.directory, `work-${branch.replaceAll("/", "-")}`);
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.invalid", ...args], { cwd: work });
  execFileSync("git", ["clone", "--quiet", "--branch", from, repository.remote, work]);
  for (const [name, text] of Object.entries(files)) {
    if (text === undefined) execFileSync("rm", ["-f", path.join(work, name)]);
    else
      execFileSync("sh", [
        "-c",
        `mkdir -p "$(dirname "$1")" && printf "%s" "$2" > "$1"`,
        "sh",
        path.join(work, name),
        text,
      ]);
  }
  git("add", "--all");
  git("commit", "--quiet", "--message", "Set-up");
  git("push", "--quiet", "origin", `HEAD:refs/heads/${branch}`);
}

beforeAll(async () => {
  repository = await remoteRepository();
  const environment = { env: { GREETING: "hello from ${workspace}", NODE_ENV: "development" } };
  commit("main", "main", {
    ".muster/setup.sh": script,
    ".muster/environment.json": JSON.stringify(environment),
    ".gitignore": ".prepared\nnode_modules\n",
  });
  commit("agent/evil", "main", { ".muster/setup.sh": "echo pwned > pwned.txt\n" });
  commit("broken", "main", { ".muster/setup.sh": "echo looking for the compiler\nno-such-compiler\n" });
  commit("greedy", "main", { ".muster/environment.json": JSON.stringify({ env: { LD_PRELOAD: "/tmp/x.so" } }) });
  commit("endless", "main", { ".muster/setup.sh": "sleep 600 & sleep 600\n" });
  const config = hostConfig(repository.directory);
  directory = new HostDirectory({
    ...config,
    repositories: {
      allowLocal: [repository.directory],
      baseFetchMinutes: 0,
      setupMinutes: 0.05,
      setup: { "*": { env: { SETUP_TOKEN: "${env:NAMED_TOKEN}" } } },
    },
  });
  process.env["NAMED_TOKEN"] = "named-secret";
  process.env["OTHER_TOKEN"] = "other-secret";
  host = await directory.start();
  client = await WireClient.connect(host.url, host.token);
});
afterAll(async () => {
  delete process.env["NAMED_TOKEN"];
  delete process.env["OTHER_TOKEN"];
  client?.close();
  await host?.stop();
  directory?.remove();
  repository?.remove();
});

const workspaceOf = (id: string) => path.join(directory.path, "data/sessions", id, "workspace");

async function watchAgain(id: string): Promise<Refs> {
  const all = refs(id);
  await watch(client, all);
  return all;
}

async function begin(id: string, baseBranch: string, text: string) {
  const config = { repository: repository.remote, baseBranch };
  await client.request("createSession", { channel: refs(id).session, provider: "scripted", config });
  const all = await watchAgain(id);
  prompt(client, all, "t1", text);
  return { all, turn: await finished(client, all, "t1") };
}

function textOf(turn: { readonly responseParts: readonly object[] }): string {
  return JSON.stringify(turn.responseParts);
}

describe("the set-up of a workspace", () => {
  const id = "setup-1111-0000";

  it("runs before the first turn, from the base branch, and people can read along", async () => {
    const { all, turn } = await begin(id, "main", "env");
    expect(turn.state).toBe("complete");
    expect(readFileSync(path.join(workspaceOf(id), ".prepared"), "utf8")).toBe(`${workspaceOf(id)}\n`);
    const { setup } = client.state("fleetSession", all.fleet);
    expect(setup).toMatchObject({ status: "done", source: "repository", exitCode: 0, log: terminalUri(id, "setup") });
    await client.subscribe("terminal", terminalUri(id, "setup"));
    const text = JSON.stringify(client.state("terminal", terminalUri(id, "setup")).content);
    expect(text).toContain("preparing");
    expect(text).toContain("done");
    // The variables of the workspace reach the agent, others of the host do not.
    expect(textOf(turn)).toContain(`hello from ${workspaceOf(id)}`);
    expect(textOf(turn)).toContain("named-secret");
    expect(textOf(turn)).not.toContain("other-secret");
  });

  it("runs once: what an agent writes into the script is never run", async () => {
    const all = await watchAgain(id);
    prompt(client, all, "t2", "write .muster/setup.sh echo pwned > pwned.txt");
    await finished(client, all, "t2");
    const { setup } = client.state("fleetSession", all.fleet);
    await host.stop();
    host = await directory.start();
    client.close();
    client = await WireClient.connect(host.url, host.token);
    await watchAgain(id);
    prompt(client, all, "t3", "edit");
    await finished(client, all, "t3");
    expect(client.state("fleetSession", all.fleet).setup).toEqual(setup);
    expect(existsSync(path.join(workspaceOf(id), "pwned.txt"))).toBe(false);
  });

  it("is that of the default branch when an agent's branch is the base", async () => {
    const { turn } = await begin("setup-2222-0000", "agent/evil", "edit");
    expect(turn.state).toBe("complete");
    expect(existsSync(path.join(workspaceOf("setup-2222-0000"), "pwned.txt"))).toBe(false);
    expect(existsSync(path.join(workspaceOf("setup-2222-0000"), ".prepared"))).toBe(true);
  });

  it("says why it failed, with its last words, and is tried again on resume", async () => {
    const { all, turn } = await begin("setup-3333-0000", "broken", "edit");
    expect(failureOf(turn)).toMatchObject({
      errorType: "setup.failed",
      message: expect.stringMatching(/exit code 127.*looking for the compiler.*no-such-compiler/s),
      resumable: true,
    });
    expect(client.state("fleetSession", all.fleet)).toMatchObject({
      phase: "failed",
      setup: { status: "failed", exitCode: 127 },
    });
    expect(existsSync(path.join(workspaceOf("setup-3333-0000"), "made.txt"))).toBe(false);
  });

  it("is ended when it takes too long, with all that it started", async () => {
    const { turn } = await begin("setup-4444-0000", "endless", "edit");
    expect(failureOf(turn)).toMatchObject({ message: expect.stringContaining("longer than the 0.1 minutes") });
    const home = path.join(directory.path, "data/sessions/setup-4444-0000/home");
    expect(
      execFileSync("sh", ["-c", 'grep -lz "$1" /proc/[0-9]*/environ 2>/dev/null || true', "sh", `HOME=${home}`]),
    ).toHaveLength(0);
  });

  it("refuses variables that say where programs come from", async () => {
    const { turn } = await begin("setup-5555-0000", "greedy", "edit");
    expect(failureOf(turn)).toMatchObject({ message: expect.stringContaining('the variable "LD_PRELOAD"') });
  });
});

it("forecasts the conflict of two agents for everybody to see", async () => {
  for (const [id, text] of [
    ["cafe-1111-0000", "write CONTRIBUTING.md ours"],
    ["cafe-2222-0000", "write CONTRIBUTING.md theirs"],
  ] as const) {
    const { turn } = await begin(id, "main", text);
    expect(turn.state).toBe("complete");
  }
  const uri = fleetConflictsUri(repository.remote);
  const told = () => client.notifications.filter(({ method }) => method === "root/sessionSummaryChanged");
  await client.until(() => told().some(({ params }) => JSON.stringify(params).includes('"conflicts":1')));
  await client.subscribe("fleetConflicts", uri);
  const [first, second] = ["ahp-session:/cafe-1111-0000", "ahp-session:/cafe-2222-0000"];
  expect(client.state("fleetConflicts", uri).pairs).toContainEqual(
    expect.objectContaining({ first, second, overlap: "conflict", files: ["CONTRIBUTING.md"] }),
  );
  const { items } = (await client.request("listSessions", { channel: "ahp-root://" })) as { items: object[] };
  expect(items.find((item) => Reflect.get(item, "resource") === first)).toMatchObject({
    _meta: { muster: { conflicts: 1 } },
  });
  const { rejectionReason } = await client.dispatched(uri, {
    type: "x-fleet/conflictsChanged",
    branches: [],
    removed: [first],
    pairs: [],
    mergeOrder: [],
    at: "2026-01-01T00:00:00Z",
  });
  expect(rejectionReason).toContain("Only the host");
});
