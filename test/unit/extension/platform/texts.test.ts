import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import { CommandRegistry } from "../../../../src/extension/platform/commandRegistry.ts";
import { redact } from "../../../../src/extension/platform/logger.ts";
import { toLabel, toMarkdownText } from "../../../../src/extension/platform/plainText.ts";
import type { ErrorPresenter } from "../../../../src/extension/platform/presentError.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";

describe("texts of others", () => {
  it("show no icons and no line breaks in labels", () => {
    expect(toLabel("$(trash) delete\nme")).toBe("$\u200b(trash) delete me");
  });

  it("mean nothing as markdown", () => {
    const text = toMarkdownText("[x](command:evil) <b> `code` https://a.b/ | **x**");
    expect(text).not.toMatch(/[[\]()<>`|*]/);
    expect(text).not.toContain("https://");
  });
});

describe("log fields", () => {
  it("lose tokens by the name of their key and by their look", () => {
    const fields = redact({
      token: "abc",
      nested: { Authorization: "Bearer xyz", url: "wss://h.example/?tkn=secret&x=1" },
      reason: new Error("failed with ghp_0123456789abcdefABCDEF"),
      count: 3,
    });
    expect(fields).toEqual({
      token: "(redacted)",
      nested: { Authorization: "(redacted)", url: "wss://h.example/?tkn=(redacted)&x=1" },
      reason: "failed with (redacted)",
      count: 3,
    });
  });
});

describe("commands", () => {
  beforeEach(() => fakeVscode.reset());

  it("present their own failures and never throw into VS Code", async () => {
    const presented: unknown[] = [];
    const presenter: Pick<ErrorPresenter, "present"> = {
      present: async (failure, during) => {
        presented.push([failure instanceof AppError && failure.code, during]);
      },
    };
    const registry = new CommandRegistry(presenter);
    registry.register("muster.agent.stop", "stop the agent", async () => {
      throw new AppError("conflict", "It has stopped already.");
    });
    await fakeVscode.commands.get("muster.agent.stop")?.();
    expect(presented).toEqual([["conflict", "stop the agent"]]);
    registry.dispose();
    expect(fakeVscode.commands.size).toBe(0);
  });

  it("offer to do the same once more, with what they were given", async () => {
    const given: unknown[] = [];
    const presenter: Pick<ErrorPresenter, "present"> = {
      present: async (_failure, _during, options) => options?.retry?.(),
    };
    const registry = new CommandRegistry(presenter);
    const target = { hostId: "a", session: "ahp-session:/1" };
    registry.register("muster.agent.stop", "stop the agent", async (agent) => {
      given.push(agent);
      if (given.length === 1) throw new AppError("host.disconnected", "The connection is down.");
    });
    await fakeVscode.commands.get("muster.agent.stop")?.(target);
    expect(given).toEqual([target, target]);
  });
});
