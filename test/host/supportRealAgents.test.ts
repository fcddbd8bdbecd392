import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { SessionUpdate } from "@agentclientprotocol/sdk";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ModelServer, startModelServer } from "../support/modelServer/modelServer.ts";
import { CODING_SCENARIOS } from "../support/modelServer/scenarios/codingScenarios.ts";
import { AcpDriver, type AcpDriverOptions } from "../support/realAgents/acpDriver.ts";
import { ensureRealAgents, type RealAgentOptions } from "../support/realAgents/realAgents.ts";
import { makeRepository, type RepositoryKind } from "../support/repositories/repositories.ts";
import type { TestRepository } from "../support/repositories/testRepository.ts";

let server: ModelServer;
const disposals: (() => Promise<void>)[] = [];

beforeAll(async () => {
  server = await startModelServer({ scenarios: CODING_SCENARIOS });
});

afterAll(() => server.close());

afterEach(async () => {
  for (const dispose of disposals.splice(0).toReversed()) await dispose();
});

describe.each(["codex", "gemini"] as const)("%s", (agent) => {
  async function repositoryOf(kind: RepositoryKind): Promise<TestRepository> {
    const repository = await makeRepository(kind);
    disposals.push(() => repository.dispose());
    return repository;
  }

  async function start(
    repository: TestRepository,
    options: Partial<AcpDriverOptions> & Pick<RealAgentOptions, "approval"> = {},
  ): Promise<AcpDriver> {
    const agents = await ensureRealAgents({ modelServerUrl: server.url, approval: options.approval });
    const home = await mkdtemp(path.join(tmpdir(), "muster-home-"));
    disposals.push(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));
    const name = path.basename(home);
    const driver = await AcpDriver.start({ config: agents[agent], cwd: repository.path, home, name, ...options });
    disposals.push(() => driver.close());
    return driver;
  }

  test("reads, edits, writes and runs the tests of a repository", async () => {
    const repository = await repositoryOf("broken");
    const driver = await start(repository);
    expect((await driver.prompt("Please fix the add function")).stopReason).toBe("end_turn");
    expect(driver.text).toContain("the tests pass");
    expect(await repository.git("status", "--porcelain")).toBe("M src/math.mjs\n?? CHANGES.md");
    expect(await repository.git("diff")).toContain("+  return a + b;");
    expect(server.requests.at(-1)?.toolResult).toMatch(/pass \d/);
    expect(server.requests.at(-1)?.toolResult).toContain("fail 0");
    expect(new Set(driver.toolUpdates.map(({ kind }) => kind))).toContain("edit");
    const permitted = driver.permissions.map(({ toolCall }) => toolCall.kind);
    expect(permitted).toEqual(["edit", "edit", "execute"]);
  });

  test("changes a published package and runs its tests without asking when told never to ask", async () => {
    const repository = await repositoryOf("package");
    const driver = await start(repository, { approval: "never" });
    await driver.prompt("Support the %c placeholder");
    expect(server.requests.at(-1)?.toolResult).toContain("all tests pass");
    expect(await repository.git("status", "--porcelain")).toBe("M index.js\n?? test/css.js");
    expect(driver.permissions).toEqual([]);
  });

  test("runs a dangerous command when it is allowed", async () => {
    const repository = await repositoryOf("broken");
    await repository.write("build/out.js", "1\n");
    const driver = await start(repository);
    await driver.prompt("Clean the build output");
    expect(driver.permissions.map(({ toolCall }) => toolCall.kind)).toEqual(["execute"]);
    expect(existsSync(path.join(repository.path, "build"))).toBe(false);
  });

  test("does not run a dangerous command when it is denied", async () => {
    const repository = await repositoryOf("broken");
    await repository.write("build/out.js", "1\n");
    const driver = await start(repository, { onPermission: () => "reject_once" });
    const { stopReason } = await driver.prompt("Clean the build output");
    expect(stopReason).toBe(agent === "codex" ? "cancelled" : "end_turn");
    expect(existsSync(path.join(repository.path, "build/out.js"))).toBe(true);
    expect(existsSync(path.join(repository.path, "CLEANED.md"))).toBe(false);
  });

  test("stops in the middle of a slow answer", async () => {
    let onStreaming: () => void = () => {};
    const streaming = new Promise<void>((resolve) => (onStreaming = resolve));
    const onUpdate = (update: SessionUpdate) => {
      if (JSON.stringify(update).includes("after")) onStreaming();
    };
    const driver = await start(await repositoryOf("broken"), { onUpdate });
    const turn = driver.prompt("Write slowly");
    await streaming;
    await driver.cancel();
    expect((await turn).stopReason).toBe("cancelled");
  });

  test("follows a scripted plan", async () => {
    const repository = await repositoryOf("broken");
    const driver = await start(repository, { approval: "never" });
    await driver.prompt("Make a plan");
    expect(await repository.git("status", "--porcelain")).toBe("?? PLAN.md");
    expect(driver.toolUpdates.filter(({ status }) => status === "failed")).toEqual([]);
    const isPlanned = driver.messages.some(
      (message) => message.kind === "update" && message.update.sessionUpdate === "plan",
    );
    expect(isPlanned).toBe(agent === "codex");
  });

  test("ends the turn with an error when its model fails", async () => {
    const driver = await start(await repositoryOf("broken"));
    await expect(driver.prompt("always fail")).rejects.toThrow();
  });
});
