import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { SessionUpdate } from "@agentclientprotocol/sdk";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AcpDriver, type AcpDriverOptions } from "../support/realAgents/acpDriver.ts";
import { makeRepository } from "../support/repositories/repositories.ts";
import type { TestRepository } from "../support/repositories/testRepository.ts";
import { sampleAgentConfig } from "../support/sampleAgent/sampleAgentConfig.ts";

let repository: TestRepository;
let home: string;
let drivers: AcpDriver[];

beforeEach(async () => {
  repository = await makeRepository("package");
  home = await mkdtemp(path.join(tmpdir(), "muster-home-"));
  drivers = [];
});

afterEach(async () => {
  for (const driver of drivers) await driver.close();
  await repository.dispose();
  await rm(home, { recursive: true, force: true });
});

async function start(options: Partial<AcpDriverOptions> = {}): Promise<AcpDriver> {
  const config = sampleAgentConfig();
  const driver = await AcpDriver.start({ config, cwd: repository.path, home, name: "sample-test", ...options });
  drivers.push(driver);
  return driver;
}

async function changedFiles(): Promise<string[]> {
  const status = await repository.git("status", "--porcelain", "--untracked-files=all");
  return status.split("\n").map((line) => line.trim().split(" ").at(-1) ?? "");
}

test("finishes quickly with edits, diffs, a title and usage with its cost", async () => {
  const driver = await start();
  const answer = await driver.prompt("Describe the repository and finish");
  expect(answer.stopReason).toBe("end_turn");
  expect(await changedFiles()).toEqual(expect.arrayContaining(["readme.md", "CONTRIBUTING.md"]));
  const updates = driver.messages.flatMap((message) => (message.kind === "update" ? [message.update] : []));
  expect(updates).toContainEqual(
    expect.objectContaining({ sessionUpdate: "session_info_update", title: "Describe the repository and finish" }),
  );
  expect(updates.findLast((update) => update.sessionUpdate === "usage_update")?.cost?.currency).toBe("USD");
  const diffs = driver.toolUpdates.flatMap((update) => update.content ?? []).filter((item) => item.type === "diff");
  expect(diffs.map((diff) => path.basename(diff.path))).toEqual(["readme.md", "CONTRIBUTING.md"]);
});

test("works through a plan, runs a test of its own and streams its output", async () => {
  const driver = await start();
  expect((await driver.prompt("Work on the documentation")).stopReason).toBe("end_turn");
  const plans = driver.messages.filter(
    (message) => message.kind === "update" && message.update.sessionUpdate === "plan",
  );
  expect(plans.length).toBeGreaterThan(3);
  const execution = driver.toolUpdates.filter((update) => JSON.stringify(update.content ?? "").includes("pass 1"));
  expect(execution.at(-1)?.status).toBe("completed");
  expect(existsSync(path.join(repository.path, "test/readmeLinks.test.mjs"))).toBe(true);
  expect(existsSync(path.join(repository.path, "docs/sourceNotes.md"))).toBe(true);
});

test("asks before it deletes, and deletes when allowed", async () => {
  await repository.write("build/out.js", "1\n");
  const driver = await start();
  expect((await driver.prompt("Clean up, but ask me first")).stopReason).toBe("end_turn");
  expect(driver.permissions.map((request) => request.options.map((option) => option.optionId))).toEqual([
    ["allow-once", "allow-always", "reject-once"],
  ]);
  expect(existsSync(path.join(repository.path, "build"))).toBe(false);
});

test("leaves everything in place when the permission is denied", async () => {
  await repository.write("build/out.js", "1\n");
  const driver = await start({ onPermission: () => "reject_once" });
  expect((await driver.prompt("Clean up, but ask me first")).stopReason).toBe("end_turn");
  expect(existsSync(path.join(repository.path, "build/out.js"))).toBe(true);
  expect(driver.toolUpdates.at(-1)?.status).toBe("failed");
  expect(driver.text).toContain("left the build output alone");
});

test("waits until it is cancelled and says so", async () => {
  let onWaiting: () => void = () => {};
  const waiting = new Promise<void>((resolve) => (onWaiting = resolve));
  const onUpdate = (update: SessionUpdate) => {
    if (update.sessionUpdate === "agent_message_chunk" && JSON.stringify(update.content).includes("stops")) onWaiting();
  };
  const driver = await start({ onUpdate });
  const turn = driver.prompt("wait for me");
  await waiting;
  await driver.cancel();
  expect((await turn).stopReason).toBe("cancelled");
});

test("ends a turn with an error when told to fail, and takes the next prompt", async () => {
  const driver = await start();
  await expect(driver.prompt("please fail")).rejects.toThrow("The model is not available");
  expect((await driver.prompt("finish")).stopReason).toBe("end_turn");
});

test("exits in the middle of a turn when told to crash", async () => {
  const driver = await start();
  await expect(driver.prompt("crash")).rejects.toThrow();
  expect(await driver.exited).toBe(70);
});

test("a loaded session is replayed and remembers what it changed", async () => {
  const first = await start();
  await first.prompt("finish");
  await first.close();
  const second = await start({ load: first.sessionId });
  expect(second.text).toContain("Done.");
  await second.prompt("What did you change?");
  expect(second.text).toContain("`readme.md`");
  expect(await readFile(path.join(repository.path, "readme.md"), "utf8")).toContain("## Project layout");
});
