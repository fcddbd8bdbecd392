import { describe, expect, it } from "vitest";
import { isVsCode, VsCodeDialect } from "../../../../src/host/gateway/vscodeDialect.ts";
import { chatUri, ROOT_URI } from "../../../../src/protocol/uris.ts";

const id = "980c90c5-5e31-4402-9d20-4ffaf8fa8be5";
const session = `ahp-session:/${id}`;
const toVsCode = `sample:/${id}`;
const dialect = new VsCodeDialect((wanted) => (wanted === id ? { session, provider: "sample" } : undefined));
const dispatch = (channel: string, action: object) => dialect.hear("dispatchAction", { channel, clientSeq: 3, action });

describe("VS Code", () => {
  it.each(["vscode-editor-window", "vscode-agents-window", "Visual Studio Code"])(
    "is known by its name: %s",
    (name) => {
      expect(isVsCode({ name })).toBe(true);
    },
  );

  it.each(["muster", "code", ""])("is nobody else: %s", (name) => {
    expect(isVsCode({ name })).toBe(false);
    expect(isVsCode(undefined)).toBe(false);
  });
});

describe("what VS Code says", () => {
  it("names sessions by their agents", () => {
    expect(dialect.hear("subscribe", { channel: chatUri(toVsCode) })).toEqual({ channel: chatUri(session) });
  });

  it("is not heard where it tells its settings", () => {
    expect(dispatch(ROOT_URI, { type: "root/configChanged", config: { a: 1 } })).toBeUndefined();
  });

  it("renames a session on the channel of its chat", () => {
    const action = { type: "session/titleChanged", title: "Other" };
    expect(dispatch(chatUri(toVsCode), action)).toMatchObject({ channel: session, clientSeq: 3, action });
    expect(dispatch(toVsCode, action)).toMatchObject({ channel: session, action });
  });

  it("leaves the choice of a model to the agent", () => {
    const message = { text: "Go", origin: { kind: "user" } };
    const chosen = { ...message, model: { id: "muster.agents-choice" } };
    const other = { ...message, model: { id: "opus" } };
    const chat = chatUri(toVsCode);
    expect(dispatch(chat, { type: "chat/turnStarted", message: chosen })).toMatchObject({ action: { message } });
    expect(dispatch(chat, { type: "chat/turnStarted", message: chosen })).not.toHaveProperty("action.message.model");
    expect(dispatch(chat, { type: "chat/draftChanged", draft: chosen })).not.toHaveProperty("action.draft.model");
    expect(dispatch(chat, { type: "chat/turnStarted", message: other })).toMatchObject({ action: { message: other } });
    expect(dispatch(chat, { type: "chat/draftChanged" })).not.toHaveProperty("action.draft.text");
  });

  it.each([undefined, null, 7, "x", [], {}, { action: null }, { action: { type: 4 } }])(
    "may be malformed without harm: %j",
    (params) => {
      expect(() => dialect.hear("dispatchAction", params)).not.toThrow();
      expect(() => dialect.hear("resourceRead", params)).not.toThrow();
    },
  );
});

describe("what VS Code hears", () => {
  const agent = { provider: "sample", displayName: "Sample", description: "", models: [] };
  const model = { id: "muster.agents-choice", name: "Agent's default", provider: "sample" };

  it("is that every agent has a model, or it could not be chosen", () => {
    const root = { resource: ROOT_URI, state: { agents: [agent] }, fromSeq: 1 };
    const heard = { resource: ROOT_URI, state: { agents: [{ ...agent, models: [model] }] }, fromSeq: 1 };
    expect(dialect.say({ id: 1, result: { snapshots: [root] } })).toEqual({ id: 1, result: { snapshots: [heard] } });
    expect(dialect.say({ id: 1, result: { snapshot: root } })).toEqual({ id: 1, result: { snapshot: heard } });
    const changed = { method: "action", params: { action: { type: "root/agentsChanged", agents: [agent] } } };
    expect(dialect.say(changed)).toHaveProperty("params.action.agents.0.models", [model]);
    const own = { ...agent, models: [{ id: "opus", name: "Opus" }] };
    const rich = { id: 1, result: { snapshot: { ...root, state: { agents: [own] } } } };
    expect(dialect.say(rich)).toEqual(rich);
  });

  it("calls sessions by their agents, and leaves the message itself alone", () => {
    const message = { method: "root/sessionRemoved", params: { channel: ROOT_URI, session } };
    expect(dialect.say(message)).toEqual({ ...message, params: { channel: ROOT_URI, session: toVsCode } });
    expect(message.params.session).toBe(session);
  });
});
