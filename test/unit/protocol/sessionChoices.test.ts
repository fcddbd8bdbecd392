import { describe, expect, it } from "vitest";
import { choicesOf, chosenIn } from "../../../src/protocol/sessionChoices.ts";
import { aSession } from "../../support/aChat.ts";

const schemaOf = (properties: Record<string, object>) => ({
  type: "object",
  properties: Object.fromEntries(Object.entries(properties).map(([id, more]) => [id, { type: "string", ...more }])),
});

describe("what a person may choose of a session", () => {
  const modes = { current: "ask", available: [{ id: "ask", name: "Ask first" }] };
  const ours = (values: Record<string, unknown>) =>
    aSession({ config: { schema: schemaOf({}), values }, _meta: { muster: { modes, models: { available: [] } } } });

  it("is what the agent of a host of ours offers, with what was chosen before", () => {
    expect(choicesOf(ours({}))).toEqual([{ id: "mode", title: undefined, ...modes }]);
    expect(choicesOf(ours({ mode: "plan", model: 3 }))).toMatchObject([{ id: "mode", current: "plan" }]);
    expect(chosenIn(ours({ mode: "plan", model: 3 }))).toEqual({ mode: "plan", model: undefined });
  });

  it("is what another host's schema lets be changed while the session lives", () => {
    const properties = {
      approvals: {
        title: "Approvals",
        enum: ["ask", "auto", 7],
        enumLabels: ["Ask first", "Automatic"],
        default: "ask",
        sessionMutable: true,
      },
      isolation: { enum: ["folder"], sessionMutable: false },
      fixed: { enum: ["x"], sessionMutable: true, readOnly: true },
      branch: { sessionMutable: true },
    };
    const session = aSession({ config: { schema: schemaOf(properties), values: { isolation: "folder" } } });
    expect(choicesOf(session)).toEqual([
      {
        id: "approvals",
        title: "Approvals",
        current: "ask",
        available: [
          { id: "ask", name: "Ask first" },
          { id: "auto", name: "Automatic" },
        ],
      },
    ]);
  });

  it("is nothing where there is no configuration", () => {
    expect(choicesOf(aSession({ _meta: { muster: { modes } } }))).toEqual([]);
    expect(chosenIn(undefined)).toEqual({ mode: undefined, model: undefined });
  });
});
