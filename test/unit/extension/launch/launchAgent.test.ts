import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import type { LaunchRequest } from "../../../../src/extension/fleet/fleetAgent.ts";
import { AgentLauncher } from "../../../../src/extension/launch/launchAgent.ts";
import { type LaunchDraft, LaunchDrafts } from "../../../../src/extension/launch/launchDraft.ts";
import type { LaunchSeed } from "../../../../src/extension/launch/launchFlow.ts";
import { CommandRegistry } from "../../../../src/extension/platform/commandRegistry.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { settle } from "../../../support/fakeClock.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";

beforeEach(() => fakeVscode.reset());

const agents = [
  { provider: "sample", displayName: "Sample agent", description: "", models: [] },
  { provider: "other", displayName: "Other agent", description: "", models: [] },
];
const repository = "https://git.example/acme/widgets.git";
const chosen = { hostId: "a", provider: "sample", repository, baseBranch: "" };

interface Retry {
  readonly retry?: () => unknown;
}

async function aLauncher(draft: LaunchDraft = chosen, hostIds?: string[]) {
  const { connections } = await aFleet((host) => host.put("ahp-root://", { agents }), hostIds);
  const stored = new Map<string, unknown>([["muster.launchDraft", draft]]);
  const drafts = new LaunchDrafts({
    get: (key) => stored.get(key),
    update: async (key, value) => void stored.set(key, JSON.parse(JSON.stringify(value))),
  });
  const state = {
    launched: [] as LaunchRequest[],
    opened: [] as string[],
    documents: [] as string[],
    failures: [] as { readonly during: string; readonly retry: (() => unknown) | undefined }[],
    refuse: (_request: LaunchRequest): boolean => false,
  };
  const presenter = {
    present: async (_error: unknown, during: string, { retry }: Retry = {}) =>
      void state.failures.push({ during, retry }),
  };
  const launcher = new AgentLauncher({
    connections,
    signIn: async () => true,
    launch: async (request) => {
      if (state.refuse(request)) throw new AppError("host.unreachable", "The host does not answer.");
      return `a|session-${state.launched.push(request)}`;
    },
    drafts,
    documents: {
      active: undefined,
      open: async (text) => void state.documents.push(text),
      close: async () => undefined,
    },
    newId: () => "group-1",
    commands: new CommandRegistry(presenter),
    presenter,
    telemetry: { send: () => undefined },
    openPanel: ({ session }) => void state.opened.push(`panel of ${session}`),
    compare: ({ session }) => void state.opened.push(`comparison of ${session}`),
  });
  const run = (seed?: LaunchSeed) => launcher.run(seed);
  return { drafts, state, run };
}

const box = () => fakeVscode.quickInputs.open;
const act = async (action: () => void) => {
  action();
  await settle();
};

describe("a launch", () => {
  it("is a prompt and Enter the second time, under one line that shows all that is chosen", async () => {
    const { run, state, drafts } = await aLauncher({ ...chosen, budgetUsd: 5 });
    void run();
    await settle();
    expect(box().placeholder).toBe("What should the agent do?");
    expect(box().prompt).toBe("Sample agent on acme/widgets (default branch) · up to $5.00");
    await act(() => box().enter("Fix the parser"));
    expect(state.launched).toEqual([
      { hostId: "a", provider: "sample", repository, prompt: "Fix the parser", budgetUsd: 5 },
    ]);
    expect(state.opened).toEqual(["panel of session-1"]);
    expect(fakeVscode.quickInputs.isAnyOpen).toBe(false);
    expect(drafts.read()).toMatchObject({ provider: "sample", budgetUsd: 5, recent: [repository] });
    expect(drafts.read()).not.toHaveProperty("prompt");
  });

  it("asks the first time for what is missing, step by step and back again", async () => {
    const { run, state } = await aLauncher({});
    void run();
    await settle();
    expect([box().placeholder, box().step, box().totalSteps]).toEqual(["Which kind of agent?", 1, 4]);
    await act(() => box().choose("Other agent"));
    await act(() => box().press("Back"));
    await act(() => box().choose("Sample agent"));
    await act(() => box().type(repository));
    await act(() => box().choose(repository));
    await act(() => box().enter(""));
    expect(box().placeholder).toBe("What should the agent do?");
    await act(() => box().enter("  "));
    expect(box().validationMessage).toBe("Tell the agent what to do.");
    await act(() => box().enter("Fix the parser"));
    expect(state.launched).toMatchObject([{ provider: "sample", repository, prompt: "Fix the parser" }]);
  });

  it("shows every choice in one list, where each can be changed before it is launched", async () => {
    const { run, state } = await aLauncher();
    void run({ showForm: true });
    await settle();
    expect(box().labels).toEqual([
      "$(comment) Prompt",
      "-- ",
      "$(robot) Agent",
      "$(repo) Repository",
      "$(git-branch) Base branch",
      "$(credit-card) Budget",
      "$(watch) Time limit",
      "$(arrow-up) Priority",
      "$(layers) Attempts",
    ]);
    await act(() => box().choose("Prompt"));
    await act(() => box().enter("Fix the parser"));
    await act(() => box().choose("Budget"));
    await act(() => box().enter("a lot"));
    expect(box().validationMessage).toMatch(/Write a sum like 5/);
    await act(() => box().enter("$2.50"));
    await act(() => box().choose("Time limit"));
    await act(() => box().enter("1h30m"));
    await act(() => box().choose("Priority"));
    await act(() => box().choose("high"));
    expect(box().row("Time limit").description).toBe("1 h 30 min");
    await act(() => box().choose("Launch"));
    expect(state.launched).toEqual([
      {
        hostId: "a",
        provider: "sample",
        repository,
        prompt: "Fix the parser",
        budgetUsd: 2.5,
        timeLimitMinutes: 90,
        priority: "high",
      },
    ]);
  });

  it("launches several attempts, shows them beside one another, and is a single one the next time", async () => {
    const { run, state, drafts } = await aLauncher({ ...chosen, count: 3, prompt: "Fix the parser" });
    void run({ showForm: true });
    await settle();
    await act(() => box().choose("Launch"));
    expect(state.launched).toHaveLength(3);
    expect(state.opened).toEqual(["comparison of session-1"]);
    expect(drafts.read()).not.toHaveProperty("count");
  });

  it("keeps what was typed when it is dismissed, and when the host refuses", async () => {
    const { run, state, drafts } = await aLauncher();
    void run();
    await settle();
    await act(() => box().type("Fix the"));
    await act(() => box().hide());
    expect(state.launched).toEqual([]);
    expect(drafts.read().prompt).toBe("Fix the");
    state.refuse = () => true;
    void run();
    await settle();
    expect(box().value).toBe("Fix the");
    await act(() => box().enter("Fix the parser"));
    expect(state.failures).toMatchObject([{ during: "launch the agent (your prompt is kept)" }]);
    expect(drafts.read().prompt).toBe("Fix the parser");
    state.refuse = () => false;
    await state.failures[0]?.retry?.();
    expect(state.launched).toHaveLength(1);
    expect(drafts.read()).not.toHaveProperty("prompt");
  });

  it("tries again only the attempts that did not come about", async () => {
    const { run, state } = await aLauncher({ ...chosen, count: 3, prompt: "Fix" });
    state.refuse = (request) => "group" in request && request.group?.index === 2;
    void run({ showForm: true });
    await settle();
    await act(() => box().choose("Launch"));
    expect(state.failures).toMatchObject([{ during: "launch 2 of 3 attempts (your prompt is kept)" }]);
    state.refuse = () => false;
    await state.failures[0]?.retry?.();
    expect(state.launched.map((request) => "group" in request && request.group?.index)).toEqual([1, 2, 3]);
  });

  it("puts what it is about under what is typed, and leaves a prompt that waits alone", async () => {
    const { run, state, drafts } = await aLauncher({ ...chosen, prompt: "Another thing" });
    void run({ question: "What about it?", quote: "`a.ts:1`" });
    await settle();
    expect([box().placeholder, box().value]).toEqual(["What about it?", ""]);
    await act(() => box().enter("Explain"));
    expect(state.launched).toMatchObject([{ prompt: "Explain\n\n`a.ts:1`" }]);
    expect(drafts.read().prompt).toBe("Another thing");
    expect(drafts.read()).not.toHaveProperty("aside");
  });

  it("shows what was typed about something in an editor when it is not launched", async () => {
    const { run, state, drafts } = await aLauncher();
    void run({ prompt: "Fix it.", quote: "`a.ts:1`" });
    await settle();
    await act(() => box().hide());
    expect(state.documents).toEqual([]);
    void run({ prompt: "Fix it.", quote: "`a.ts:1`" });
    await settle();
    await act(() => box().type("Fix it. Add a test."));
    await act(() => box().hide());
    expect(state.documents).toEqual(["Fix it. Add a test.\n\n`a.ts:1`"]);
    expect(drafts.read()).not.toHaveProperty("aside");
    expect(drafts.read()).not.toHaveProperty("prompt");
  });

  it("finds what was being typed about something when the window was reloaded", async () => {
    const { run, state } = await aLauncher({ ...chosen, aside: "Explain\n\n`a.ts:1`" });
    void run();
    await settle();
    expect(state.documents).toEqual(["Explain\n\n`a.ts:1`"]);
    expect(box().value).toBe("");
  });

  it("goes on in an editor with all that was typed", async () => {
    const { run, state, drafts } = await aLauncher();
    void run();
    await settle();
    await act(() => box().type("Fix"));
    await act(() => box().press("Write the prompt in an editor"));
    expect(state.documents).toEqual(["Fix"]);
    expect(drafts.read()).not.toHaveProperty("prompt");
    expect(state.launched).toEqual([]);
  });

  it("never squeezes a prompt of several lines into a box of one", async () => {
    const { run, state } = await aLauncher({ ...chosen, prompt: "Fix\n\nthe parser" });
    void run();
    await settle();
    expect(box().row("Prompt").description).toBe("Fix  +2 lines");
    await act(() => box().choose("Prompt"));
    expect(state.documents).toEqual(["Fix\n\nthe parser"]);
  });

  it("says what to do when no host is connected", async () => {
    const { run } = await aLauncher(chosen, []);
    await expect(run()).rejects.toMatchObject({ code: "host.disconnected" });
  });
});
