import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { HostDirectory } from "./hostProcess.ts";
import { scriptedAgent } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";
import { hostMain } from "../support/hostPrograms.ts";

const agents = [
  scriptedAgent("scripted"),
  { id: "gone", displayName: "Gone agent", command: ["no-such-agent-program"] },
];
let directory: HostDirectory;
let data: string;

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [hostMain, ...args], {
    encoding: "utf8",
    env: { ...process.env, OPENAI_API_KEY: undefined, CODEX_API_KEY: undefined },
  });
  return { status, stdout, stderr };
}

beforeAll(async () => {
  directory = new HostDirectory({ agents });
  data = path.join(directory.path, "data");
  const host = await directory.start();
  const client = await WireClient.connect(host.url, host.token, "somebody");
  await client.dispatched("ahp-session:/nobody", { type: "session/titleChanged", title: "a private title" });
  client.close();
  expect(await host.stop()).toBe(0);
});

afterAll(() => directory.remove());

it("verifies a whole log, and finds the record that was changed", () => {
  expect(run("verify", "--data", data)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^The log is whole: \d+ records/),
  });
  const copy = new DatabaseSync(path.join(data, "log.db"));
  copy.exec("UPDATE records SET body = replace(body, 'somebody', 'anybody')");
  expect(run("verify", "--data", data)).toMatchObject({ status: 1, stdout: expect.stringMatching(/does not fit/) });
  copy.exec("UPDATE records SET body = replace(body, 'anybody', 'somebody')");
  copy.close();
});

it("says so when there is nothing of somebody, in the place of an empty file", () => {
  expect(run("export", "--user", "nobody", "--data", data)).toMatchObject({
    status: 1,
    stderr: 'The host has nothing of a user "nobody".\n',
  });
});

it("exports every record, and of people's actions who did what, never its text", () => {
  const exported = run("export", "--data", data)
    .stdout.trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { channel: string });
  const channels = new Set(exported.map((record) => record.channel));
  // What is refused leaves nothing under the address that it was for.
  expect(Array.from(channels).toSorted()).toEqual([ROOT_URI, "x-fleet-audit:"]);
  const { stdout } = run("audit", "--refused", "--json", "--data", data);
  expect(JSON.parse(stdout)).toMatchObject({
    user: "owner",
    clientId: "somebody",
    what: "session/titleChanged",
    channel: "ahp-session:/nobody",
    refused: "There is no such channel.",
  });
  expect(stdout).not.toContain("private title");
});

describe("the doctor", () => {
  const configured = [
    ...agents,
    { id: "talker", displayName: "Talker", command: ["echo", "this is no agent"] },
    { ...scriptedAgent("login", "login"), displayName: "Members only" },
    { id: "keyless", displayName: "Keyless", command: ["sh"], env: { KEY: "${env:NOT_SET_ANYWHERE}" } },
    { use: "codex", command: [process.execPath, "--version"] },
  ];

  function examine(config: object, ...args: string[]) {
    const file = path.join(directory.path, "doctor.json");
    writeFileSync(file, JSON.stringify({ isolation: "none", ...config }));
    return run("doctor", "--config", file, "--data", data, "--port", "0", ...args);
  }

  it("starts every agent, and says of each what is wrong and what to do", () => {
    const { status, stdout } = examine({ agents: configured });
    expect(status).toBe(1);
    for (const line of [
      /^ok +git version/m,
      /^(ok|warning) +terminals: /m,
      /^ok +data directory: /m,
      /^ok +free disk: [\d.]+ GiB/m,
      /^ok +Scripted agent 1\.2\.3: .*node, speaks ACP \(answered in [\d.]+ s\)$/m,
      /^MISSING Gone agent: the command "no-such-agent-program" was not found/m,
      /^MISSING Talker: ended unexpectedly \(exit code 0\)\. Its last words: this is no agent$/m,
      /^MISSING Members only 1\.2\.3: .* It wants a sign-in or another key: .* It offers: Log in, Use SCRIPTED_API_KEY\./m,
      /^MISSING Keyless: its configuration needs the variable NOT_SET_ANYWHERE/m,
      /^MISSING Codex: .* It needs a key: set OPENAI_API_KEY or CODEX_API_KEY where the host is started\./m,
    ]) {
      expect(stdout).toMatch(line);
    }
  });

  it("tells programs the same, and is content when nothing is missing", () => {
    const { status, stdout } = examine({ agents: [scriptedAgent("scripted")] }, "--json");
    const report = JSON.parse(stdout) as {
      ok: boolean;
      findings: { check: string; state: string; details?: object }[];
    };
    expect({ status, ok: report.ok }).toEqual({ status: 0, ok: true });
    expect(report.findings.map(({ check }) => check)).toEqual([
      "node",
      "config",
      "git",
      "gitBehaviour",
      "isolation",
      "terminals",
      "data",
      "disk",
      "privacy",
      "log",
      "clock",
      "agent:scripted",
    ]);
    expect(report.findings.at(-1)?.details).toMatchObject({ version: "1.2.3", startMs: expect.any(Number) });
  });
});

it("SEC-3: prints the token when it makes it, and keeps it where it was told alone", () => {
  const file = ["--token-file", path.join(data, "mine")];
  const first = run("token", "--data", data).stdout;
  expect(first.trim()).toHaveLength(43);
  expect(run("token", "--data", data)).toMatchObject({ status: 1, stderr: expect.stringMatching(/token --rotate/) });
  expect(run("token", "--rotate", "--data", data).stdout).not.toBe(first);
  const named = run("token", "--data", data, ...file).stdout;
  expect(run("token", "--data", data, ...file).stdout).toBe(named);
  expect(run("token", "--rotate", "--data", data, ...file).stdout).not.toBe(named);
});

it("goes on when nobody reads what it prints", async () => {
  const elsewhere = mkdtempSync(path.join(tmpdir(), "muster-cli-"));
  const child = spawn(process.execPath, [hostMain, "serve", "--port", "0", "--data", elsewhere]);
  child.stdout.destroy();
  const exited = once(child, "exit");
  // The line that stdout would get is made in the same moment.
  for await (const line of createInterface({ input: child.stderr })) if (line.includes("No agents are")) break;
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  rmSync(elsewhere, { recursive: true, force: true });
});

it.each([
  [["fly"], 2, /There is no command "fly"/],
  [["serve", "--config", "/nowhere.json"], 2, /could not be read: there is no such file or directory\.$/m],
  [["serve", "--host", "0.0.0.0"], 2, /loopback only/],
  [
    ["serve", "--port", "0", "--data", "/dev/null/data"],
    1,
    /^The log in .* could not be opened: a file is where a directory/,
  ],
  [["serve", "--host", "192.0.2.1", "--behind-proxy"], 2, /^192\.0\.2\.1 is no address of this machine/m],
  [["verify", "--data", "/nowhere"], 1, /There is no log/],
  [
    ["token", "create", "--user", "ada", "--role", "viewer", "--data", "/dev/null/data"],
    1,
    /: a file is where a directory/,
  ],
])("refuses %j in a sentence", (args, status, sentence) => {
  const elsewhere = mkdtempSync(path.join(tmpdir(), "muster-cli-"));
  const ended = run(...args, ...(args.includes("--data") ? [] : ["--data", elsewhere]));
  expect(ended).toMatchObject({ status, stdout: "" });
  // The lines of a host's log stand before the sentence.
  expect(ended.stderr.replaceAll(/^\{.*\n/gm, "")).toMatch(sentence);
  expect(ended.stderr).not.toMatch(/\n\s+at /);
  rmSync(elsewhere, { recursive: true, force: true });
});
