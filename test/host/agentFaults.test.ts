import { beforeAll, describe, expect, it } from "vitest";
import { findAct } from "../../src/protocol/fleetActs.ts";
import { fleetMeta } from "../../src/protocol/fleetMeta.ts";
import { useHostStage } from "./hostStage.ts";
import { createSession, failureOf, finished, prompt, type Refs, scriptedAgent } from "./sessionFixture.ts";

/** What an agent says beside text and calls, and what it does wrong, as a person sees it on the session. */
describe("agents on a real host", () => {
  const stage = useHostStage((allowLocal) => ({
    agents: [scriptedAgent("scripted"), scriptedAgent("v9", "v9"), scriptedAgent("nameless", "nameless")],
    repositories: { allowLocal: [allowLocal] },
    agentWatch: { silentMinutes: 0.01 },
  }));
  let all: Refs;
  let turns = 0;

  beforeAll(async () => {
    all = await createSession(stage.client, "77777777-faults-00", "scripted", stage.repository.remote);
  });

  async function turn(text: string, refs = all) {
    turns += 1;
    prompt(stage.client, refs, `turn-${turns}`, text);
    return await finished(stage.client, refs, `turn-${turns}`);
  }

  function textOf(finishedTurn: Awaited<ReturnType<typeof turn>>): string {
    return finishedTurn.responseParts.map((part) => (part.kind === "markdown" ? part.content : "")).join("");
  }

  const about = () => fleetMeta("session", stage.client.state("session", all.session));

  it("tell their modes, models, commands and plan, and show pictures", async () => {
    const { responseParts } = await turn("introduce");
    expect(responseParts.map((part) => part.kind)).toEqual(["systemNotification", "contentRef"]);
    expect(responseParts.at(-1)).toMatchObject({ uri: "data:image/png;base64,AAAA", contentType: "image/png" });
    expect(about()).toMatchObject({
      modes: { current: "careful", available: [{ id: "careful" }, { id: "quick" }] },
      models: { current: "small", available: [{ id: "small" }, { id: "large", name: "Large" }] },
      commands: [{ name: "review", description: "Reviews the change", hint: "what" }],
      plan: [
        { content: "Look", status: "completed", priority: "high" },
        { content: "Leap", status: "pending", priority: "low" },
      ],
    });
  });

  it("have their commands completed after a slash", async () => {
    const complete = (text: string) =>
      stage.client.request("completions", { channel: all.chat, kind: "userMessage", text, offset: text.length });
    expect(await complete("/Re")).toEqual({
      items: [
        {
          insertText: "/review ",
          rangeStart: 0,
          rangeEnd: 3,
          attachment: {
            type: "simple",
            label: "/review",
            _meta: { muster: { description: "Reviews the change" } },
          },
        },
      ],
    });
    for (const text of ["", "a /re", "/x", "/review it"]) expect(await complete(text)).toEqual({ items: [] });
  });

  it("get pictures, and the model that the message names", async () => {
    const attachment = { type: "embeddedResource", label: "shot.png", data: "AAAA", contentType: "image/png" } as const;
    const message = { text: "look", origin: { kind: "user" }, attachments: [attachment], model: { id: "large" } };
    stage.client.dispatch(all.chat, {
      type: "chat/turnStarted",
      turnId: "p1",
      startedAt: new Date().toISOString(),
      message,
    });
    expect(textOf(await finished(stage.client, all, "p1"))).toBe("text, image for large");
  });

  it("take another mode and model at once and after they were started anew, and may move on themselves", async () => {
    const choose = (config: Record<string, string>) =>
      stage.client.dispatched(all.session, { type: "session/configChanged", config });
    const chosen = () => stage.client.state("session", all.session).config?.values;
    expect((await choose({ mode: "quick", model: "large" })).rejectionReason).toBeUndefined();
    await stage.client.until(() => about()?.modes?.current === "quick" && about()?.models?.current === "large");
    expect(textOf(await turn("chosen"))).toBe("quick, large");
    expect((await choose({ mode: "reckless" })).rejectionReason).toBe("The agent does not offer that choice.");
    expect((await choose({ repository: "other" })).rejectionReason).toMatch(/fixed when it is created/);
    expect((await turn("crash")).state).toBe("error");
    expect(textOf(await turn("chosen"))).toBe("quick, large");
    await turn("introduce");
    await stage.client.until(() => chosen()?.["mode"] === "careful");
    expect(chosen()).toEqual({ mode: "careful", model: "large" });
  });

  it("are asked by somebody, whom the session remembers", async () => {
    const { id } = await turn("chosen");
    const { acts = [], owner } = stage.client.state("fleetSession", all.fleet);
    expect(findAct({ acts }, { act: "prompted", on: id })).toMatchObject({ by: "owner" });
    expect(owner).toBe("owner");
  });

  it("ask a question, are answered from the session alone, and are told when it is withdrawn", async () => {
    const isAsked = () =>
      stage.client.state("session", all.session).inputNeeded?.some(({ kind }) => kind === "chatInput");
    turns += 1;
    prompt(stage.client, all, `turn-${turns}`, "question");
    await stage.client.until(() => isAsked() === true);
    const [needed] = stage.client.state("session", all.session).inputNeeded ?? [];
    if (needed?.kind !== "chatInput") throw new Error("No question");
    expect(needed.request).toMatchObject({
      message: "Which colour?",
      questions: [{ id: "colour", kind: "single-select", required: true, options: [{ id: "red" }, { id: "blue" }] }],
    });
    const answers = { colour: { state: "submitted" as const, value: { kind: "selected" as const, value: "blue" } } };
    const completed = {
      type: "chat/inputCompleted",
      requestId: needed.request.id,
      response: "accept",
      answers,
    } as const;
    expect((await stage.client.dispatched(needed.chat, completed)).rejectionReason).toBeUndefined();
    const answered = await finished(stage.client, all, `turn-${turns}`);
    expect(JSON.parse(textOf(answered))).toEqual({ action: "accept", content: { colour: "blue" } });

    turns += 1;
    prompt(stage.client, all, `turn-${turns}`, "question");
    await stage.client.until(() => isAsked() === true);
    await stage.client.dispatched(all.chat, { type: "chat/turnCancelled", turnId: `turn-${turns}`, duration: 1 });
    await finished(stage.client, all, `turn-${turns}`);
    expect(stage.client.state("session", all.session).inputNeeded ?? []).toEqual([]);
  });

  it("have a log, which says what their programs write and how they end", async () => {
    await turn("chatter");
    await stage.client.until(() => about()?.agentLog !== undefined);
    const uri = about()?.agentLog ?? "";
    await stage.client.subscribe("terminal", uri);
    const log = () => JSON.stringify(stage.client.state("terminal", uri));
    await stage.client.until(() => log().includes("first line"));
    expect(stage.client.state("terminal", uri)).toMatchObject({ isPty: false, title: "Agent log" });
    expect((await turn("crash")).state).toBe("error");
    await stage.client.until(() => log().includes("Scripted agent ended: exit code 7"));
    expect(log()).toContain("out of cheese");
  });

  it("are forgiven a banner among their messages", async () => {
    expect((await turn("banner")).state).toBe("complete");
  });

  it.each([
    ["babble", /^Scripted agent keeps writing text that is no agent protocol .* last: "this is line \d+ of a log/],
    ["nonsense", /^Scripted agent does not keep to the agent protocol: its answer to session\/prompt is not what/],
    ["crash", /^Scripted agent ended unexpectedly \(exit code 7\)\. Its last words: .*out of cheese/],
    ["fail", /^Scripted agent reported an error: Internal error: the model said 500/],
  ])("that go wrong (%s) leave a turn that says how and can be resumed", async (text, sentence) => {
    const failed = await turn(text);
    expect(failureOf(failed)).toMatchObject({ message: expect.stringMatching(sentence), resumable: true });
    expect((await turn("edit")).state).toBe("complete");
  });

  it.each([
    ["v9", /speaks version 9 of the agent protocol \(ACP\); this host speaks version 1\. Install a version/],
    ["nameless", /does not keep to the agent protocol: its answer to session\/new is not what/],
  ])("that cannot be spoken with (%s) say why", async (provider, sentence) => {
    const refs = await createSession(stage.client, `88888888-${provider}`, provider, stage.repository.remote);
    expect(failureOf(await turn("edit", refs))).toMatchObject({
      errorType: "agent.failed",
      message: expect.stringMatching(sentence),
      resumable: true,
    });
  });

  it("of which nothing is heard say so, and go on when they are stopped", async () => {
    turns += 1;
    prompt(stage.client, all, `turn-${turns}`, "wait");
    await stage.client.until(() => stage.client.state("chat", all.chat).activity === "Nothing heard for 1 min");
    await stage.client.until(() =>
      JSON.stringify(stage.client.state("chat", all.chat).activeTurn).includes("Nothing was heard of"),
    );
    await stage.client.dispatched(all.chat, { type: "chat/turnCancelled", turnId: `turn-${turns}`, duration: 1 });
    await finished(stage.client, all, `turn-${turns}`);
    await stage.client.until(() => stage.client.state("chat", all.chat).activity === undefined);
  });

  it("take their log with them when their session is removed", async () => {
    const uri = about()?.agentLog ?? "";
    await stage.client.request("disposeSession", { channel: all.session });
    expect(await stage.client.refusal("subscribe", { channel: uri })).toMatchObject({ message: expect.any(String) });
  });
});
