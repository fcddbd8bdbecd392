import { describe, expect, it } from "vitest";
import { configQuestions, questionsOf } from "../../../../src/extension/launch/configQuestions.ts";

describe("what a host insists on before it makes a session", () => {
  it("is what it requires and has no answer of its own for", () => {
    const properties = {
      plan: { type: "string", title: "Plan", enum: ["solo", "team"], enumLabels: ["Solo", "Team"] },
      project: { type: "string", description: "Its id" },
      confirm: { type: "boolean", title: "Sure?" },
      branch: { type: "string", title: "Branch", default: "main" },
      known: { type: "string", title: "Known" },
      fixed: { type: "string", title: "Fixed", readOnly: true },
      tags: { type: "array", title: "Tags" },
      optional: { type: "string", title: "Optional" },
    };
    const required = ["plan", "project", "confirm", "branch", "known", "fixed", "tags", "missing"];
    const questions = questionsOf({ type: "object", properties, required }, { known: "x" });
    expect(questions.map(({ property, title }) => [property, title])).toEqual([
      ["plan", "Plan"],
      ["project", "project"],
      ["confirm", "Sure?"],
    ]);
    expect(questions[0]?.choices?.map(({ value, label }) => [value, label])).toEqual([
      ["solo", "Solo"],
      ["team", "Team"],
    ]);
    expect(questions[1]?.choices).toBeUndefined();
  });

  it("is nothing where the host requires nothing, or does not know the method", async () => {
    expect(questionsOf({ type: "object", properties: { mode: { type: "string" } } }, {})).toEqual([]);
    const request = () => Promise.reject(new Error("no such method"));
    expect(await configQuestions({ request }, { provider: "p", folder: "file:///w" })).toEqual([]);
  });
});
