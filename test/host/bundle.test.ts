import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { HostDirectory } from "./hostProcess.ts";
import { createSession, finished, prompt, type Refs, refs, remoteRepository, scriptedAgent } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";
import { plantedSecrets } from "../support/plantedSecrets.ts";
import { hostMain } from "../support/hostPrograms.ts";

const planted = plantedSecrets();
const inAgentEnv = "anAgentsOwnKey123456";
const inHostEnv = "theHostsVariable987654";
const inAddress = "pw-in-an-address-4711";

let repository: Awaited<ReturnType<typeof remoteRepository>>;
let directory: HostDirectory;
let scratch: string;
let hostLog: string;
let all: Refs;
const id = "aaaaaaaa-bundle-0000";

function run(...args: string[]) {
  const data = path.join(directory.path, "data");
  const config = path.join(directory.path, "config.json");
  const env = { ...process.env, PLANTED_KEY: inHostEnv };
  return spawnSync(process.execPath, [hostMain, ...args, "--data", data, "--config", config], {
    encoding: "utf8",
    env,
  });
}

function leaksIn(text: string): string[] {
  const extra = [inAgentEnv, inHostEnv, inAddress].map((secret) => ({ format: secret, secret }));
  return [...planted, ...extra].filter(({ secret }) => text.includes(secret)).map(({ format }) => format);
}

beforeAll(async () => {
  scratch = mkdtempSync(path.join(tmpdir(), "muster-bundle-"));
  repository = await remoteRepository();
  const agent = {
    ...scriptedAgent("scripted"),
    env: { AGENT_BEHAVIOUR: "resume", MY_KEY: inAgentEnv, REF: "${env:PLANTED_KEY}" },
  };
  directory = new HostDirectory({ agents: [agent], repositories: { allowLocal: [repository.directory] } });
  process.env["PLANTED_KEY"] = inHostEnv;
  const host = await directory.start("--verbose");
  delete process.env["PLANTED_KEY"];
  const client = await WireClient.connect(host.url, host.token);
  all = await createSession(client, id, "scripted", repository.remote);
  // In a prompt, in what the agent says of its environment and of its prompts, in what it writes for its operator.
  const prompts = [planted.map(({ text }) => text).join("\n"), "env", "history", "chatter", "edit"];
  for (const [index, text] of prompts.entries()) {
    prompt(client, all, `t${index}`, text);
    await finished(client, all, `t${index}`);
  }
  // In addresses, in requests that are refused, in tokens that are not.
  const channel = refs("bbbbbbbb-bundle-0000").session;
  for (const repositoryUrl of [
    `https://me:${inAddress}@127.0.0.1:9/x.git`,
    ...planted.slice(0, 20).map(({ text }) => text),
  ]) {
    await client.refusal("createSession", {
      channel,
      provider: "scripted",
      config: { repository: repositoryUrl, title: 7 },
    });
  }
  for (const { text } of planted.slice(0, 20)) {
    await client.refusal(`x-nothing/${text}`, {});
    await WireClient.open(host.url, encodeURIComponent(text)).catch(() => undefined);
  }
  client.close();
  await host.stop();
  hostLog = host.stderr();
  writeFileSync(path.join(scratch, "host.log"), hostLog);
}, 120_000);

afterAll(() => {
  directory.remove();
  repository.remove();
  rmSync(scratch, { recursive: true, force: true });
});

it(`SEC-1: the host's log shows none of ${planted.length} credentials in prompts, outputs, environment, addresses, errors`, () => {
  expect(hostLog.split("\n").length).toBeGreaterThan(30);
  expect(leaksIn(hostLog)).toEqual([]);
  for (const line of hostLog.trim().split("\n")) expect(() => JSON.parse(line) as unknown).not.toThrow();
});

it("puts what is needed to look into a session into one file, with a table of contents, and no credential (SEC-1)", () => {
  const output = path.join(scratch, "bundle.tar.gz");
  const made = run(
    "bundle",
    "--session",
    all.session,
    "--log",
    path.join(scratch, "host.log"),
    "--output",
    output,
    "--files",
  );
  expect(made).toMatchObject({ status: 0, stdout: `${output}\n`, stderr: "" });
  expect(statSync(output).mode & 0o077).toBe(0);
  const folder = path.join(scratch, "open");
  mkdirSync(folder);
  expect(spawnSync("tar", ["-xzf", output, "-C", folder]).status).toBe(0);
  const read = (name: string) => readFileSync(path.join(folder, name), "utf8");
  const contents = JSON.parse(read("contents.json")) as { files: { name: string; bytes: number }[]; notes: string[] };
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  expect(names.toSorted()).toEqual(["contents.json", ...contents.files.map(({ name }) => name)].toSorted());
  for (const { name, bytes } of contents.files)
    expect([name, statSync(path.join(folder, name)).size]).toEqual([name, bytes]);
  expect(contents.notes).toEqual([]);
  expect(leaksIn(names.map(read).join("\n"))).toEqual([]);
  expect(JSON.parse(read("versions.json"))).toMatchObject({ host: expect.any(String), sqlite: expect.any(String) });
  expect(JSON.parse(read("config.json"))).toMatchObject({
    agents: [{ id: "scripted", env: { MY_KEY: "[hidden]", REF: "${env:PLANTED_KEY}" } }],
  });
  expect(read("host.log")).toMatch(/"agent connected"/);
  expect(read("agent.log")).toMatch(/first line/);
  expect(read("git.txt")).toMatch(/refs\/muster/);
  expect(read("git.txt")).toMatch(/\$ git diff/);
  const states = names
    .filter((name) => name.endsWith(".state.json"))
    .map((name) => JSON.parse(read(name)) as { channel: string });
  expect(states.map(({ channel }) => channel)).toEqual(expect.arrayContaining([all.session, all.chat, all.fleet]));
});

it("says what it cannot do in a sentence", () => {
  expect(run("bundle")).toMatchObject({ status: 2, stderr: expect.stringMatching(/^Name the session/) });
  expect(run("bundle", "--session", "ahp-session:/cccccccc-none-0000")).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/holds nothing of/),
  });
});

it("shows the configuration as it holds, without secrets, and ends", () => {
  writeFileSync(
    path.join(directory.path, "config.json"),
    `{ "agents": [{ "use": "codex", "env": { "X": "${inAgentEnv}" } }], "limts": 1 }`,
  );
  const { status, stdout, stderr } = run("serve", "--check-config");
  expect(status).toBe(0);
  expect(stderr).toMatch(/config\.json:1:\d+: limts is not known and is ignored\. Did you mean "limits"\?/);
  expect(JSON.parse(stdout)).toMatchObject({
    agents: [{ id: "codex", env: { X: "[hidden]" } }],
    log: { level: "info" },
  });
  expect(stdout).not.toContain(inAgentEnv);
});
