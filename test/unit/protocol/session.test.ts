import { describe, expect, it } from "vitest";
import { STATUS } from "../../../src/protocol/status.ts";
import { aState, chat, fold } from "./builders.ts";

const summary = (resource: string, title = "Chat") => ({
  resource,
  title,
  status: 1,
  modifiedAt: "2026-01-01T00:00:00.000Z",
});

describe("lifecycle", () => {
  it("goes from creating to failed to ready", () => {
    const error = { errorType: "clone", message: "Couldn't clone." };
    const failed = fold("session", aState("session"), { type: "session/creationFailed", error });
    expect(failed).toMatchObject({ lifecycle: "failed", creationError: error });
    expect(fold("session", failed, { type: "session/ready" }).lifecycle).toBe("ready");
  });
});

describe("chats", () => {
  const two = fold(
    "session",
    aState("session"),
    { type: "session/chatAdded", summary: summary(chat) },
    { type: "session/chatAdded", summary: summary("ahp-chat:/c2") },
    { type: "session/defaultChatChanged", defaultChat: chat },
  );

  it("are added once, by resource", () => {
    const again = fold("session", two, { type: "session/chatAdded", summary: summary(chat, "Renamed") });
    expect(again.chats.map(({ title }) => title)).toEqual(["Renamed", "Chat"]);
  });

  it("take the default with them when they go", () => {
    expect(fold("session", two, { type: "session/chatRemoved", chat })).not.toHaveProperty("defaultChat");
    expect(fold("session", two, { type: "session/chatRemoved", chat: "ahp-chat:/c2" }).defaultChat).toBe(chat);
    expect(fold("session", two, { type: "session/chatRemoved", chat: "ahp-chat:/zz" })).toBe(two);
  });

  it("change in part but never in identity", () => {
    const changes = { status: 8, resource: "ahp-chat:/stolen" };
    const state = fold("session", two, { type: "session/chatUpdated", chat, changes });
    expect(state.chats[0]).toEqual({ ...summary(chat), status: 8 });
  });
});

describe("status", () => {
  const question = { kind: "chatInput", id: "i1", chat, request: { id: "q" } };
  const execution = {
    kind: "toolClientExecution",
    id: "i2",
    chat,
    turnId: "t1",
    clientId: "c1",
    toolCall: { status: "streaming", toolCallId: "tc", toolName: "n", displayName: "N" },
  };

  it("is waiting while a person is asked, and in progress after", () => {
    const base = aState("session", { status: STATUS.inProgress | STATUS.isRead });
    const asked = fold("session", base, { type: "session/inputNeededSet", request: question });
    expect(asked.status).toBe(STATUS.inputNeeded | STATUS.isRead);
    const both = fold("session", asked, { type: "session/inputNeededSet", request: execution });
    const answered = fold("session", both, { type: "session/inputNeededRemoved", id: "i1" });
    expect(answered.status).toBe(STATUS.inProgress | STATUS.isRead);
    expect(fold("session", answered, { type: "session/inputNeededRemoved", id: "i2" })).not.toHaveProperty(
      "inputNeeded",
    );
  });

  it("keeps read, archived and unknown bits apart", () => {
    const state = fold(
      "session",
      aState("session", { status: 1 + 2 ** 31 }),
      { type: "session/isReadChanged", isRead: true },
      { type: "session/isArchivedChanged", isArchived: true },
      { type: "session/isReadChanged", isRead: false },
    );
    expect(state.status).toBe(1 + 64 + 2 ** 31);
  });
});

describe("working directories", () => {
  const set = (directories: string[]) => aState("session", { workingDirectories: directories });

  it("are an ordered set", () => {
    const state = set(["file:///a"]);
    expect(fold("session", state, { type: "session/workingDirectorySet", directory: "file:///a" })).toBe(state);
  });

  it.each([
    [["a", "b", "c"], "b", "x", ["a", "x", "c"]],
    [["a", "b", "c"], "c", "a", ["a", "b"]],
    [["a", "b", "c"], "a", "c", ["c", "b"]],
    [["a", "b"], "z", "x", ["a", "b"]],
  ])("of %j with %s replaced by %s", (before, directory, replacement, after) => {
    const state = fold("session", set(before), { type: "session/workingDirectoryReplaced", directory, replacement });
    expect(state.workingDirectories).toEqual(after);
  });
});

describe("customizations", () => {
  const server = { type: "mcpServer", id: "m", uri: "u", name: "M", state: { kind: "ready" }, channel: "mcp://m" };
  const skill = { type: "skill", id: "s", uri: "u", name: "S" };
  const plugin = { type: "plugin", id: "p", uri: "u", name: "P", children: [skill, server] };
  const state = aState("session", { customizations: [plugin, { type: "other", path: "/x" }] });
  const off = [{ kind: "session", enabled: false }];

  it("remember where a plugin was switched, and for a skill only what it came to", () => {
    const toggled = fold(
      "session",
      state,
      { type: "session/customizationToggled", id: "p", enablement: off },
      { type: "session/customizationToggled", id: "s", enablement: off },
    );
    expect(toggled.customizations?.[0]).toMatchObject({ enablement: off, children: [{ id: "s", enabled: false }, {}] });
    const back = fold("session", toggled, { type: "session/customizationToggled", id: "p", enablement: [] });
    expect(back.customizations?.[0]).not.toHaveProperty("enablement");
  });

  it("stop a server that is a child and take its channel away", () => {
    const stopped = fold("session", state, { type: "session/mcpServerStopRequested", id: "m" });
    const { channel: _channel, ...rest } = server;
    expect(stopped.customizations?.[0]).toMatchObject({ children: [skill, { ...rest, state: { kind: "stopped" } }] });
    expect(stopped.customizations?.[0]).not.toHaveProperty("children.1.channel");
    expect(fold("session", state, { type: "session/mcpServerStopRequested", id: "s" })).toBe(state);
  });

  it("go with their children, and survive unknown neighbours", () => {
    const removed = fold("session", state, { type: "session/customizationRemoved", id: "s" });
    expect(removed.customizations).toEqual([
      { ...plugin, children: [server] },
      { type: "other", path: "/x" },
    ]);
    expect(fold("session", state, { type: "session/customizationRemoved", id: "p" }).customizations).toHaveLength(1);
  });
});

describe("configuration", () => {
  it("merges, replaces, and is nothing to a session without one", () => {
    const bare = aState("session");
    expect(fold("session", bare, { type: "session/configChanged", config: { a: 1 } })).toBe(bare);
    const config = { schema: { type: "object", properties: {} }, values: { a: 1, b: 2 } };
    const state = aState("session", { config });
    expect(fold("session", state, { type: "session/configChanged", config: { a: 3 } }).config?.values).toEqual({
      a: 3,
      b: 2,
    });
    const replaced = fold("session", state, { type: "session/configChanged", config: { a: 3 }, replace: true });
    expect(replaced.config?.values).toEqual({ a: 3 });
  });
});
