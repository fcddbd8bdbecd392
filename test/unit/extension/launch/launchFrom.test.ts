import { beforeEach, describe, expect, it } from "vitest";
import type { ForkLaunch } from "../../../../src/extension/fleet/fleetAgent.ts";
import { LaunchFromAgent } from "../../../../src/extension/launch/launchFromAgent.ts";
import { LaunchFromCode } from "../../../../src/extension/launch/launchFromCode.ts";
import type { LaunchSeed } from "../../../../src/extension/launch/launchFlow.ts";
import { CommandRegistry } from "../../../../src/extension/platform/commandRegistry.ts";
import { registerBudgetCommands } from "../../../../src/extension/spend/budgetCommands.ts";
import type { FleetSessionState } from "../../../../src/protocol/fleet.ts";
import { chatUri, fleetSessionUri } from "../../../../src/protocol/uris.ts";
import { aChat, aSession, aTurn } from "../../../support/aChat.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { settle } from "../../../support/fakeClock.ts";
import { fakeVscode, Range, Uri, window } from "../../../support/fakeVscode.ts";

beforeEach(() => fakeVscode.reset());

const box = () => fakeVscode.quickInputs.open;

function aRegistry() {
  const failures: unknown[] = [];
  const commands = new CommandRegistry({ present: async (error) => void failures.push(error) });
  const run = async (id: string, ...args: unknown[]) => {
    void fakeVscode.commands.get(id)?.(...args);
    await settle();
  };
  return { commands, failures, run };
}

describe("a launch about code", () => {
  const lines = ["import x from 'x';", "", "// TODO: handle nothing", "export const a = x;", ""];
  const document = {
    uri: new Uri("file", "/folder/src/a.ts"),
    languageId: "typescript",
    lineCount: lines.length,
    lineAt: (line: number) => ({ text: lines[line] ?? "" }),
    getText: ({ start, end }: Range) => lines.slice(start.line, end.line + 1).join("\n"),
  };
  const problem = { message: "Unused x.", source: "ts", code: { value: 6133 }, range: new Range(0, 7, 0, 8) };

  function fromCode(canLaunch = true) {
    const seeds: LaunchSeed[] = [];
    const registry = aRegistry();
    const { commands } = registry;
    const actions = new LaunchFromCode({
      commands,
      launch: async (seed) => void seeds.push(seed),
      canLaunch: () => canLaunch,
    });
    const offered = (range: Range, diagnostics: unknown[]) =>
      actions.provideCodeActions(document as never, range as never, { diagnostics } as never);
    return { ...registry, seeds, offered };
  }

  it("is offered on the lightbulb of a problem and of a TODO, as long as a host is connected", () => {
    const { offered } = fromCode();
    expect(offered(new Range(0, 0, 0, 0), [problem])).toMatchObject([
      { title: "Fix with an agent…", diagnostics: [problem], command: { command: "muster.agent.fixProblem" } },
    ]);
    expect(offered(new Range(1, 0, 3, 0), [])).toMatchObject([
      { title: "Do this TODO with an agent…", command: { arguments: [{ line: 2 }] } },
    ]);
    expect(offered(new Range(3, 0, 3, 0), [])).toEqual([]);
    expect(fromCode(false).offered(new Range(2, 0, 2, 0), [problem])).toEqual([]);
  });

  it("quotes what is selected, and not the line that the selection only touches", async () => {
    const { run, seeds, failures } = fromCode();
    window.activeTextEditor = { document, selection: Object.assign(new Range(2, 0, 4, 0), { isEmpty: false }) };
    await run("muster.agent.launchFromSelection");
    expect(seeds).toEqual([
      {
        title: "Launch Agent: src/a.ts:3-4",
        question: "What should the agent do with this code?",
        quote: "`src/a.ts:3-4`\n\n```typescript\n// TODO: handle nothing\nexport const a = x;\n```",
      },
    ]);
    window.activeTextEditor = undefined;
    await run("muster.agent.launchFromSelection");
    expect(failures).toMatchObject([{ code: "request.invalid" }]);
  });

  it("quotes the problems and the TODO of the cursor's line, with the order filled in", async () => {
    const { run, seeds, failures } = fromCode();
    fakeVscode.diagnostics.push(problem, { ...problem, range: new Range(3, 0, 3, 1), message: "Elsewhere." });
    window.activeTextEditor = { document, selection: { active: { line: 0 } } };
    await run("muster.agent.fixProblem");
    expect(seeds[0]).toMatchObject({ title: "Launch Agent: src/a.ts:1", prompt: expect.stringMatching(/^Fix this/) });
    expect(seeds[0]?.quote).toMatch(/^> Unused x\. \(ts 6133\)\n\n`src\/a\.ts:1-5`/);
    window.activeTextEditor = { document, selection: { active: { line: 2 } } };
    await run("muster.agent.doTodo");
    expect(seeds[1]?.prompt).toContain("TODO: handle nothing");
    window.activeTextEditor = { document, selection: { active: { line: 1 } } };
    await run("muster.agent.doTodo");
    await run("muster.agent.fixProblem");
    expect(failures).toMatchObject([{ code: "notFound" }, { code: "notFound" }]);
  });
});

const session = "ahp-session:/12345678";
const fleetState: FleetSessionState = {
  session,
  provider: "sample",
  createdAt: "2026-01-01T00:00:00.000Z",
  repository: "https://git.example/acme/widgets",
  baseBranch: "main",
  isolation: "none",
  phase: "ready",
  priority: "high",
  time: { workedMs: 1, limitMinutes: 30 },
  checkpoints: [
    {
      id: "1",
      turnId: "t",
      commit: "c",
      tree: "t",
      createdAt: "2026-01-01T00:00:00.000Z",
      files: 2,
      additions: 3,
      deletions: 1,
    },
  ],
  usage: { inputTokens: 0, outputTokens: 0, costUsd: 0.4 },
  spend: { turns: [], budgets: [], budgetUsd: 5 },
};

async function anAgent(fleet: FleetSessionState = fleetState) {
  const {
    connections,
    fleet: model,
    host,
  } = await aFleet((fake) => {
    fake.put(session, aSession({ defaultChat: chatUri(session), _meta: { muster: { model: "large" } } }));
    fake.put(
      chatUri(session),
      aChat({ turns: [aTurn("t", [], { message: { text: "Fix it", origin: { kind: "user" } } })] }),
    );
    fake.put(fleetSessionUri("12345678"), fleet);
  });
  const target = { hostId: "a", session };
  return { connections, model, host, target, resolveAgent: async () => target };
}

describe("a launch that begins with another agent", () => {
  async function fromAgent() {
    const { connections, target, resolveAgent, host } = await anAgent();
    const registry = aRegistry();
    const seeds: LaunchSeed[] = [];
    const forks: ForkLaunch[] = [];
    const kept: (string | undefined)[] = [];
    const { commands } = registry;
    const from = new LaunchFromAgent({
      commands,
      client: (hostId) => connections.client(hostId),
      resolveAgent,
      agent: () => undefined,
      launch: async (seed) => void seeds.push(seed),
      launchFork: async (request) => void forks.push(request),
      keep: (typed) => void kept.push(typed),
    });
    return { ...registry, from, seeds, forks, kept, target, host };
  }

  it("has the same prompt and the same choices, all of them shown before it is launched", async () => {
    const { run, seeds, failures } = await fromAgent();
    await run("muster.agent.launchAgain");
    expect(failures).toEqual([]);
    expect(seeds).toMatchObject([
      {
        prompt: "Fix it",
        showForm: true,
        choices: {
          hostId: "a",
          provider: "sample",
          model: "large",
          repository: "https://git.example/acme/widgets",
          baseBranch: "main",
          budgetUsd: 5,
          timeLimitMinutes: 30,
          priority: "high",
        },
      },
    ]);
  });

  it("begins at the checkpoint that was chosen, or named", async () => {
    const { run, forks, kept, target } = await fromAgent();
    await run("muster.agent.fork");
    expect(box().labels).toEqual(["The files as they are", "Checkpoint 1", "The beginning"]);
    box().choose("Checkpoint 1");
    await settle();
    expect(box().prompt).toContain("checkpoint 1");
    box().enter("Try another way");
    await settle();
    expect(forks).toEqual([
      {
        hostId: "a",
        provider: "sample",
        prompt: "Try another way",
        forkOf: { session, repository: "https://git.example/acme/widgets", checkpoint: "1" },
      },
    ]);
    expect(kept).toEqual(["Try another way"]);
    await run("muster.agent.fork", { ...target, checkpoint: "0" });
    expect(box().prompt).toContain("the base commit");
  });

  it("is a fork on the host, with its prompt as the first turn", async () => {
    const { model, host } = await anAgent();
    host.answers["x-fleet/fork"] = ({ session: copy }) => {
      host.put(String(copy), aSession());
      host.put(chatUri(String(copy)), aChat());
      return { result: { checkpoint: "1", conversation: "agent", message: "" } };
    };
    const forkOf = { session, repository: "r", checkpoint: "1" };
    await model.launch({ hostId: "a", provider: "sample", prompt: "Try another way", forkOf }).catch(() => undefined);
    const asked = host.heard.find(({ method }) => method === "x-fleet/fork");
    expect(asked?.params).toMatchObject({
      channel: session,
      checkpoint: "1",
      title: "Try another way",
      provider: "sample",
    });
    expect(host.heard.some(({ method }) => method === "createSession")).toBe(false);
  });
});

describe("a budget", () => {
  async function budgets(fleet?: FleetSessionState) {
    const { connections, model, resolveAgent, host } = await anAgent(fleet);
    const registry = aRegistry();
    const answered: unknown[] = [];
    registerBudgetCommands({
      commands: registry.commands,
      client: (hostId) => connections.client(hostId),
      fleet: { get: (key) => model.get(key), answer: async (...args) => void answered.push(args) },
      resolveAgent,
    });
    const sent = () =>
      host.heard
        .filter(({ method }) => method === "dispatchAction")
        .map(({ params }) => ({ channel: params["channel"], action: params["action"] }));
    return { ...registry, sent, answered, host };
  }

  it("is set to a sum, and given back to the host's configuration by none", async () => {
    const { run, sent } = await budgets();
    await run("muster.agent.setBudget");
    expect([box().value, box().prompt]).toEqual(["5", expect.stringContaining("It has spent $0.40 so far.")]);
    box().enter("lots");
    expect(box().validationMessage).toMatch(/Write a sum/);
    box().enter("7.50");
    await settle();
    await run("muster.agent.setBudget");
    box().enter("");
    await settle();
    const channel = fleetSessionUri("12345678");
    expect(sent()).toEqual([
      { channel, action: { type: "x-fleet/budgetSet", usd: 7.5 } },
      { channel, action: { type: "x-fleet/budgetSet" } },
    ]);
  });

  it("that holds an agent is raised by the answer that the host has asked for, whosever budget it is", async () => {
    const pause = {
      scope: "fleet",
      limitUsd: 20,
      spentUsd: 20.1,
      period: "2026-01",
      turnId: "t",
      at: "2026-01-01T00:00:00.000Z",
    };
    const requestId = "budget-fleet-t-1";
    const { run, answered, host, failures } = await budgets({
      ...fleetState,
      spend: { turns: [], budgets: [], paused: { ...pause, scope: "fleet", requestId } },
    });
    const request = { id: requestId, message: "Go on?", questions: [] };
    host.put(session, aSession({ inputNeeded: [{ id: "x", kind: "chatInput", chat: chatUri(session), request }] }));
    await run("muster.agent.raiseBudget");
    expect(box().prompt).toBe(
      "$20.10 of the whole host's $20.00 (2026-01) is used. By how many US dollars shall it be raised?",
    );
    box().enter("10");
    await settle();
    expect(failures).toEqual([]);
    expect(answered).toMatchObject([
      [
        `a|${session}`,
        { id: "x" },
        "accept",
        { decision: { value: { value: "raise" } }, usd: { value: { kind: "number", value: 10 } } },
      ],
    ]);
  });
});
