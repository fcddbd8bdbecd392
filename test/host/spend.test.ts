import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { InputAnswer } from "../../src/protocol/input.ts";
import type { SpendItem } from "../../src/protocol/fleetLedger.ts";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import { createSession, failureOf, finished, prompt, type Refs, remoteRepository, watch } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";
import { hostMain } from "../support/hostPrograms.ts";

const agentProgram = fileURLToPath(new URL("fixtures/spendingAcpAgent.ts", import.meta.url));
const day = new Date().toISOString().slice(0, 10);

describe("money and machine time on a real host", () => {
  let repository: Awaited<ReturnType<typeof remoteRepository>>;
  let directory: HostDirectory;
  let host: HostProcess;
  let client: WireClient;
  let clients = 0;

  function config(spend: object): object {
    const command = [process.execPath, agentProgram];
    return {
      agents: [{ id: "spender", displayName: "Spender", command }],
      repositories: { allowLocal: [repository.directory] },
      spend,
    };
  }

  async function start(spend: object): Promise<void> {
    directory ??= new HostDirectory(config(spend));
    directory.configure(config(spend));
    host = await directory.start();
    clients += 1;
    client = await WireClient.connect(host.url, host.token, `client-${clients}`);
  }

  async function report(by: string, more: object = {}) {
    return (await client.request("x-fleet/spend", { channel: ROOT_URI, by, ...more })) as {
      items: SpendItem[];
      total: SpendItem;
    };
  }

  /** What `muster-host spend` prints. */
  function spendCli(...args: string[]): string {
    const data = path.join(directory.path, "data");
    const { stdout, stderr } = spawnSync(process.execPath, [hostMain, "spend", "--data", data, ...args], {
      encoding: "utf8",
    });
    return stdout || stderr;
  }

  /** How often the session's agent asked its model. */
  function requestsOf(id: string): number {
    const file = path.join(directory.path, "data", "sessions", id, "home", "requests");
    return readFileSync(file, "utf8").length;
  }

  async function question(all: Refs) {
    await client.until(() => client.state("session", all.session).inputNeeded?.[0]?.kind === "chatInput");
    await client.until(() => client.state("fleetSession", all.fleet).phase === "ready");
    const part = client.state("chat", all.chat).activeTurn?.responseParts.at(-1);
    if (part?.kind !== "inputRequest") throw new Error("There is no question");
    return part.request;
  }

  async function answer(all: Refs, requestId: string, decision: string, usd?: number) {
    const answers: Record<string, InputAnswer> = {
      decision: { state: "submitted", value: { kind: "selected", value: decision } },
    };
    if (usd !== undefined) answers["usd"] = { state: "submitted", value: { kind: "number", value: usd } };
    return await client.dispatched(all.chat, { type: "chat/inputCompleted", requestId, response: "accept", answers });
  }

  beforeAll(async () => {
    repository = await remoteRepository();
  });

  afterEach(async () => {
    client?.close();
    await host?.stop();
  });

  afterAll(() => {
    directory?.remove();
    repository?.remove();
  });

  it("books cost, tokens and machine time, and loses none of it when the host is killed", async () => {
    await start({ prices: [{ agent: "spender", input: 2, output: 10 }] });
    const all = await createSession(client, "spend-0-books-0000", "spender", repository.remote);
    prompt(client, all, "t1", "cost 0.25 2\ntokens 1000 200");
    await finished(client, all, "t1");
    prompt(client, all, "t2", "burn 700");
    const burnt = await finished(client, all, "t2");
    await host.kill();
    await start({ prices: [{ agent: "spender", input: 2, output: 10 }] });
    await watch(client, all);
    // The agent's own total goes on where it was: only what is new counts.
    prompt(client, all, "t3", "cost 0.25 1");
    await finished(client, all, "t3");

    const { usage, spend } = client.state("fleetSession", all.fleet);
    expect(usage).toMatchObject({ turns: 3, inputTokens: 1000, outputTokens: 200, costUsd: 0.75, unpricedTurns: 1 });
    expect(usage.computedUsd).toBeUndefined();
    expect(spend?.turns).toMatchObject([
      { turnId: "t1", costUsd: 0.5, costSource: "agent", inputTokens: 1000 },
      { turnId: "t2", isUnpriced: true },
      { turnId: "t3", costUsd: 0.25, costSource: "agent" },
    ]);
    expect(spend?.turns[1]).not.toHaveProperty("costUsd");

    const said = burnt.responseParts.find((part) => part.kind === "markdown");
    const childMs = Number(/burnt ([\d.]+)/.exec(said?.kind === "markdown" ? said.content : "")?.[1]);
    const { cpuMs = 0, wallMs = 0, peakMemoryBytes = 0, machineSource } = spend?.turns[1] ?? {};
    expect(machineSource).toBe("processes");
    expect(cpuMs).toBeGreaterThanOrEqual(childMs - 20);
    expect(cpuMs).toBeLessThan(childMs + 400);
    expect(wallMs).toBeGreaterThan(childMs * 0.9);
    expect(peakMemoryBytes).toBeGreaterThan(30 * 1024 * 1024);

    const bySession = await report("session", { session: all.session });
    expect(bySession.items).toHaveLength(1);
    expect(bySession.items[0]?.coordination).toMatchObject({ turns: 3, costUsd: 0.75, inputTokens: 1000 });
    expect(bySession.items[0]?.infrastructure.cpuMs).toBeCloseTo(spend?.machine?.cpuMs ?? 0, 6);
    expect((await report("day")).items).toMatchObject([{ key: day, coordination: { costUsd: 0.75 } }]);

    expect((await report("agent")).items).toMatchObject([{ key: "spender", coordination: { costUsd: 0.75 } }]);

    // The ledger stays when the session goes.
    await client.request("disposeSession", { channel: all.session });
    const byUser = await report("user");
    expect(byUser.items).toMatchObject([{ key: "owner", coordination: { costUsd: 0.75, turns: 3 } }]);

    // And whoever has the data can read it while the host runs.
    expect(JSON.parse(spendCli("--by", "user", "--json"))).toEqual(byUser);
    const [titles, line, total] = spendCli("--from", day, "--by", "agent").trim().split("\n");
    expect(titles?.split(/ {2,}/)).toEqual([
      "agent",
      "turns",
      "models",
      "unknown",
      "input",
      "output",
      "CPU",
      "at work",
      "memory",
    ]);
    expect(line?.split(/ {2,}/).slice(0, 6)).toEqual(["spender", "3", "$0.75", "1", "1000", "200"]);
    expect(total?.split(/ {2,}/).slice(0, 3)).toEqual(["total", "3", "$0.75"]);
    expect(spendCli("--to", "2020-01-01", "--from", "2020-01-01").trim().split("\n")).toHaveLength(2);
    expect(spendCli("--by", "mood")).toMatch(/Use session, repository, user, day, agent, model/);
  });

  it("prices tokens of agents that tell no cost, and says so", async () => {
    await start({ prices: [{ agent: "spender", input: 2, output: 10 }] });
    const all = await createSession(client, "spend-1-price-0000", "spender", repository.remote);
    prompt(client, all, "t1", "tokens 1000000 100000");
    await finished(client, all, "t1");
    const { usage, spend } = client.state("fleetSession", all.fleet);
    expect(usage).toMatchObject({ costUsd: 3, computedUsd: 3 });
    expect(spend?.turns).toMatchObject([{ costUsd: 3, costSource: "prices" }]);
  });

  it("BRG-3: tells at 50 and 80 %, stops at most one request past the budget, and asks over a restart", async () => {
    await start({ budgets: { session: { usd: 1 } } });
    const all = await createSession(client, "spend-2-stops-0000", "spender", repository.remote);
    prompt(client, all, "t1", "cost 0.2 8 500");
    const asked = await question(all);
    expect(requestsOf(all.fleet.split("/").at(-1) ?? "")).toBeLessThanOrEqual(6);
    const chat = client.state("chat", all.chat);
    const told = chat.activeTurn?.responseParts.flatMap((part) => {
      const { content } = part.kind === "systemNotification" ? part : {};
      return typeof content === "object" ? [content.markdown] : [];
    });
    expect(told).toEqual([
      "This session has spent $0.60, 50 % of its budget of $1.00.",
      "This session has spent $0.80, 80 % of its budget of $1.00.",
      "This session has spent $1.00; its budget is $1.00.",
    ]);
    const notified = client.notifications.filter(({ method }) => method === "x-fleet/budgetReached");
    expect(notified.map(({ params }) => params["share"])).toMatchObject([
      { percent: 50 },
      { percent: 80 },
      { percent: 100 },
    ]);
    expect(client.state("fleetSession", all.fleet).spend).toMatchObject({ paused: { scope: "session", turnId: "t1" } });
    expect(client.state("fleetSession", all.fleet).phase).toBe("ready");
    expect(client.state("session", all.session).activity).toMatch(/budget/);

    await host.kill();
    await start({ budgets: { session: { usd: 1 } } });
    await watch(client, all);
    expect(client.state("session", all.session).inputNeeded).toHaveLength(1);
    expect(client.state("chat", all.chat).activeTurn?.id).toBe("t1");
    await answer(all, asked.id, "raise", 100);
    expect((await finished(client, all, "t1")).state).toBe("complete");
    expect(client.state("fleetSession", all.fleet).spend).toMatchObject({ budgetUsd: 101 });
  });

  it("BRG-3: a budget of all agents stops them all, lets one go once more, and no new one begin", async () => {
    await start({ budgets: { fleet: { usd: 1_000 } } });
    const spent = (await report("user")).total.coordination.costUsd ?? 0;
    client.close();
    await host.stop();
    await start({ budgets: { fleet: { usd: spent + 1, per: "day" } } });
    const first = await createSession(client, "spend-3-first-0000", "spender", repository.remote);
    const second = await createSession(client, "spend-3-second-000", "spender", repository.remote);
    prompt(client, first, "t1", "cost 0.25 8 100");
    prompt(client, second, "t1", "cost 0.25 8 100");
    const [askedFirst, askedSecond] = await Promise.all([question(first), question(second)]);
    const late = await createSession(client, "spend-3-third-0000", "spender", repository.remote);
    prompt(client, late, "t1", "cost 0.05 1");
    await client.until(() => client.state("session", late.session).inputNeeded?.length === 1);

    await answer(first, askedFirst.id, "once");
    const gone = await finished(client, first, "t1");
    expect([gone.state, failureOf(gone)]).toEqual(["complete", undefined]);
    await answer(second, askedSecond.id, "stop");
    expect((await finished(client, second, "t1")).state).toBe("cancelled");
    const lateRequest = client.state("chat", late.chat).activeTurn?.responseParts.at(-1);
    if (lateRequest?.kind !== "inputRequest") throw new Error("There is no question");
    await answer(late, lateRequest.request.id, "raise", 1_000);
    const done = await finished(client, late, "t1");
    expect([done.state, failureOf(done)]).toEqual(["complete", undefined]);
  });
});
