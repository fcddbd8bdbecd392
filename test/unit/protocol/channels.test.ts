import { describe, expect, it } from "vitest";
import { channelKind, parseState } from "../../../src/protocol/reduce.ts";
import { aState, fold } from "./builders.ts";

const file = (id: string) => ({ id, edit: { after: { uri: id, content: { uri: `x:${id}` } } } });

describe("a changeset", () => {
  const computed = fold("changeset", aState("changeset"), {
    type: "changeset/contentChanged",
    files: [file("a"), file("b")],
    operations: [{ id: "push", label: "Push branch", scopes: ["changeset"], status: "idle" }],
  });

  it("has an error for as long as its status says so", () => {
    const error = { errorType: "git", message: "Broken." };
    const failed = fold("changeset", computed, { type: "changeset/statusChanged", status: "error", error });
    expect(failed.error).toEqual(error);
    const ready = fold("changeset", failed, { type: "changeset/statusChanged", status: "ready", error });
    expect(ready).not.toHaveProperty("error");
  });

  it("replaces files by id and keeps operations that a new content does not mention", () => {
    const changed = fold("changeset", computed, { type: "changeset/fileSet", file: { ...file("b"), reviewed: true } });
    expect(changed.files.map(({ id, reviewed }) => [id, reviewed])).toEqual([
      ["a", undefined],
      ["b", true],
    ]);
    const next = fold("changeset", changed, { type: "changeset/contentChanged", files: [] });
    expect(next).toMatchObject({ files: [], operations: [{ id: "push" }] });
    expect(fold("changeset", next, { type: "changeset/operationsChanged" })).not.toHaveProperty("operations");
  });

  it("marks the files that it has as reviewed", () => {
    const reviewed = fold("changeset", computed, {
      type: "changeset/filesReviewChanged",
      files: ["a", "z"],
      reviewed: true,
    });
    expect(reviewed.files.map((one) => one.reviewed)).toEqual([true, undefined]);
    expect(fold("changeset", computed, { type: "changeset/filesReviewChanged", files: ["z"], reviewed: true })).toBe(
      computed,
    );
  });

  it("forgets the error of an operation that goes on", () => {
    const error = { errorType: "push", message: "Refused." };
    const status = (value: string) => ({
      type: "changeset/operationStatusChanged",
      operationId: "push",
      status: value,
      error,
    });
    expect(fold("changeset", computed, status("error")).operations?.[0]).toMatchObject({ status: "error", error });
    expect(fold("changeset", computed, status("error"), status("running")).operations?.[0]).not.toHaveProperty("error");
  });
});

describe("a terminal", () => {
  const data = (text: string) => ({ type: "terminal/data", data: text });
  const run = { type: "terminal/commandExecuted", commandId: "1", commandLine: "ls", timestamp: 1 };

  it("gives output to the open command, else to loose text", () => {
    const state = fold(
      "terminal",
      aState("terminal"),
      data("$ "),
      data("ls"),
      run,
      data("a"),
      {
        type: "terminal/commandFinished",
        commandId: "1",
        exitCode: 0,
      },
      data("$ "),
    );
    expect(state.content).toMatchObject([
      { type: "unclassified", value: "$ ls" },
      { type: "command", output: "a", isComplete: true, exitCode: 0 },
      { type: "unclassified", value: "$ " },
    ]);
    expect(state.supportsCommandDetection).toBe(true);
  });

  it("shows keystrokes to nobody's state and ends with an exit code", () => {
    const state = aState("terminal");
    expect(fold("terminal", state, { type: "terminal/input", data: "x" })).toBe(state);
    expect(fold("terminal", state, { type: "terminal/exited", exitCode: 3 }).lifecycle).toEqual({
      status: "exited",
      exitCode: 3,
    });
  });
});

describe("annotations", () => {
  const annotation = { id: "n", resource: "file:///a", resolved: false, entries: [{ id: "e", text: "Why?" }] };
  const one = fold("annotations", aState("annotations"), { type: "annotations/set", annotation });

  it("change in part and keep their entries", () => {
    const resolved = fold("annotations", one, { type: "annotations/updated", annotationId: "n", resolved: true });
    expect(resolved.annotations).toEqual([{ ...annotation, resolved: true }]);
  });

  it("take entries, replace and drop them by id", () => {
    const entry = (text: string) => ({ type: "annotations/entrySet", annotationId: "n", entry: { id: "e2", text } });
    const state = fold("annotations", one, entry("a"), entry("b"), {
      type: "annotations/entryRemoved",
      annotationId: "n",
      entryId: "e",
    });
    expect(state.annotations[0]?.entries).toEqual([{ id: "e2", text: "b" }]);
    expect(fold("annotations", one, { type: "annotations/removed", annotationId: "zz" })).toBe(one);
  });
});

describe("the root", () => {
  it("replaces lists and merges configuration that it has", () => {
    const agents = [{ provider: "sample", displayName: "Sample agent", description: "", models: [] }];
    const state = fold(
      "root",
      aState("root"),
      { type: "root/agentsChanged", agents },
      { type: "root/activeSessionsChanged", activeSessions: 3 },
    );
    expect(state).toEqual({ agents, activeSessions: 3 });
    expect(fold("root", state, { type: "root/configChanged", config: { a: 1 } })).toBe(state);
  });
});

it("folds no event of a resource watch into its state", () => {
  const state = aState("resourceWatch");
  const changes = { items: [{ uri: "file:///w/a", type: "added" }] };
  expect(fold("resourceWatch", state, { type: "resourceWatch/changed", changes })).toBe(state);
});

describe("the kind of a channel", () => {
  it.each([
    ["ahp-root://", "root"],
    ["ahp-session:/1", "session"],
    ["ahp-session:/1/changeset/branch", "changeset"],
    ["ahp-session:/1/changeset/turn/t1", "changeset"],
    ["ahp-session:/1/annotations", "annotations"],
    ["ahp-chat:/1", "chat"],
    ["ahp-chat://default/abc", "chat"],
    ["ahp-terminal:/1/2", "terminal"],
    ["agenthost-terminal:/1", "terminal"],
    ["x-fleet-session:/1", "fleetSession"],
    ["copilot:/1", "session"],
    ["copilot:/1/changeset/session", "changeset"],
    ["x-fleet-blob:/1/abc", undefined],
    ["ahp-automations://", "automations"],
    ["ahp-automation-run:/r1", "automationRun"],
    ["ahp-automation:/a1", undefined],
    ["file:/etc", undefined],
    ["file:///etc/passwd", undefined],
    ["constructor:/1/2/3", undefined],
    ["nonsense", undefined],
    ["", undefined],
  ])("of %s is %s", (uri, kind) => {
    expect(channelKind(uri)).toBe(kind);
  });
});

it("refuses a snapshot of a wrong shape with a code, and names the member", () => {
  expect(() => parseState("terminal", { title: "sh", content: "x", claim: { kind: "client", clientId: "c" } })).toThrow(
    expect.objectContaining({ code: "request.invalid", message: expect.stringContaining("content") }),
  );
});
