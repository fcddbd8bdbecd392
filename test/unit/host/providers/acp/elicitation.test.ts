import { describe, expect, it } from "vitest";
import {
  AcpElicitation,
  toElicitationAnswer,
  toInputRequest,
} from "../../../../../src/host/providers/acp/elicitation.ts";
import { OpenQuestions } from "../../../../../src/host/providers/acp/openQuestions.ts";
import type { AgentEvent } from "../../../../../src/host/providers/provider.ts";
import { InputRequest } from "../../../../../src/protocol/input.ts";

const asked = AcpElicitation.parse({
  sessionId: "s",
  mode: "form",
  message: "How should it be set up?",
  requestedSchema: {
    type: "object",
    required: ["name", "colour"],
    properties: {
      name: {
        type: "string",
        title: "Name",
        description: "What to call it",
        minLength: 1,
        maxLength: 20,
        default: "x",
      },
      colour: {
        type: "string",
        oneOf: [
          { const: "r", title: "Red", description: "like fire" },
          { const: "b", title: "Blue" },
        ],
      },
      size: { type: "string", enum: ["s", "l"], enumNames: ["Small", "Large"] },
      count: { type: "integer", minimum: 1, maximum: 9, default: 2 },
      ratio: { type: "number" },
      fast: { type: "boolean", default: true },
      parts: { type: "array", minItems: 1, maxItems: 2, items: { anyOf: [{ const: "a", title: "A" }] } },
      older: { type: "array", items: { enum: ["p", "q"] } },
      later: { type: "_vendor" },
    },
  },
});

describe("a form", () => {
  it("becomes questions of the kinds that people are shown", () => {
    const request = toInputRequest("q", asked);
    expect(InputRequest.parse(request)).toEqual(request);
    expect(request).toEqual({
      id: "q",
      message: "How should it be set up?",
      questions: [
        {
          id: "name",
          kind: "text",
          title: "Name",
          message: "What to call it",
          required: true,
          min: 1,
          max: 20,
          defaultValue: "x",
        },
        {
          id: "colour",
          kind: "single-select",
          title: "colour",
          message: "colour",
          required: true,
          options: [
            { id: "r", label: "Red", description: "like fire" },
            { id: "b", label: "Blue" },
          ],
        },
        {
          id: "size",
          kind: "single-select",
          title: "size",
          message: "size",
          options: [
            { id: "s", label: "Small" },
            { id: "l", label: "Large" },
          ],
        },
        { id: "count", kind: "integer", title: "count", message: "count", min: 1, max: 9, defaultValue: 2 },
        { id: "ratio", kind: "number", title: "ratio", message: "ratio" },
        { id: "fast", kind: "boolean", title: "fast", message: "fast", defaultValue: true },
        {
          id: "parts",
          kind: "multi-select",
          title: "parts",
          message: "parts",
          options: [{ id: "a", label: "A" }],
          min: 1,
          max: 2,
        },
        {
          id: "older",
          kind: "multi-select",
          title: "older",
          message: "older",
          options: [
            { id: "p", label: "p" },
            { id: "q", label: "q" },
          ],
        },
        { id: "later", kind: "text", title: "later", message: "later" },
      ],
    });
  });

  it("is answered in the shapes that it asked for, without what was skipped and what it did not ask", () => {
    const submitted = (value: object) => ({ state: "submitted", value }) as never;
    const answers = {
      name: submitted({ kind: "text", value: "Otto" }),
      colour: submitted({ kind: "selected", value: "b" }),
      size: { state: "skipped" as const },
      count: submitted({ kind: "number", value: 3 }),
      fast: submitted({ kind: "boolean", value: false }),
      parts: submitted({ kind: "selected-many", value: ["a"], freeformValues: ["mine"] }),
      intruder: submitted({ kind: "text", value: "!" }),
    };
    expect(toElicitationAnswer(asked, { response: "accept", answers })).toEqual({
      action: "accept",
      content: { name: "Otto", colour: "b", count: 3, fast: false, parts: ["a", "mine"] },
    });
    expect(toElicitationAnswer(asked, { response: "decline", answers })).toEqual({ action: "decline" });
    expect(toElicitationAnswer(asked, { response: "cancel" })).toEqual({ action: "cancel" });
  });
});

describe("a page to visit", () => {
  const page = (url: string) => AcpElicitation.parse({ mode: "url", message: "Sign in", url, elicitationId: "e1" });

  it("is shown if it is a web page, and nothing else is", () => {
    expect(toInputRequest("q", page("https://example.com/x"))).toEqual({
      id: "q",
      message: "Sign in",
      url: "https://example.com/x",
    });
    for (const url of ["javascript:alert(1)", "file:///etc/passwd", "command:x", ""]) {
      expect(toInputRequest("q", page(url))).toBeUndefined();
    }
  });

  it("is over when the agent says that it was visited", async () => {
    const events: AgentEvent[] = [];
    const questions = new OpenQuestions((event) => events.push(event));
    const answer = questions.ask("turn-1", page("https://example.com"));
    questions.completed("another");
    expect(questions.isEmpty).toBe(false);
    questions.completed("e1");
    expect(await answer).toEqual({ action: "accept" });
    expect(events.map((event) => event.channel === "chat" && event.action)).toMatchObject([
      { type: "chat/inputRequested", request: { id: "turn-1-q1" } },
      { type: "chat/inputCompleted", requestId: "turn-1-q1", response: "accept" },
    ]);
  });
});

describe("questions of a turn", () => {
  it("are withdrawn when it ends, and what cannot be shown is declined", async () => {
    const events: AgentEvent[] = [];
    const questions = new OpenQuestions((event) => events.push(event));
    expect(await questions.ask("turn-1", AcpElicitation.parse({ mode: "_dance" }))).toEqual({ action: "decline" });
    expect(events).toEqual([]);
    const answer = questions.ask("turn-1", asked);
    questions.withdraw();
    expect(await answer).toEqual({ action: "cancel" });
    expect(events.at(-1)).toMatchObject({ action: { type: "chat/inputCompleted", response: "cancel" } });
  });
});
