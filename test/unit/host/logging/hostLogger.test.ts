import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHostLogger, type LogLevel } from "../../../../src/host/logging/hostLogger.ts";
import { Redactor } from "../../../../src/host/logging/redactor.ts";
import { asRequest, outsideRequests } from "../../../../src/host/logging/requestContext.ts";
import { plantedSecrets } from "../../../support/plantedSecrets.ts";

function aLog(level: LogLevel = "debug", secrets: readonly string[] = []) {
  let text = "";
  const log = createHostLogger({ write: (line) => void (text += line) }, level, new Redactor(secrets));
  const lines = () =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { ...log, log, text: () => text, lines };
}

describe("the host's log", () => {
  it("is one JSON object a line, with level, time, scope, and what the line is about", () => {
    const { logger, lines } = aLog();
    let turn: string | undefined;
    const child = logger.child("sessions").child("agent", () => ({ session: "s1", turn }));
    child.info("agent connected", { agent: "codex" });
    turn = "t2";
    child.warn("slow");
    expect(lines()).toMatchObject([
      { level: "info", scope: "sessions.agent", msg: "agent connected", session: "s1", agent: "codex" },
      { level: "warn", msg: "slow", session: "s1", turn: "t2" },
    ]);
    expect(lines()[0]?.["time"]).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(lines()[0]).not.toHaveProperty("turn");
  });

  it("names the request on every line of its work, and on none of what it left running", async () => {
    const { logger, lines } = aLog();
    const after = Promise.withResolvers<void>();
    const left = { running: Promise.resolve() };
    await asRequest({ request: 7, client: "c" }, async () => {
      await new Promise(setImmediate);
      logger.info("inside");
      outsideRequests(() => logger.info("somebody else's"));
      left.running = after.promise.then(() => logger.info("later"));
    });
    after.resolve();
    await left.running;
    expect(lines().map(({ msg, request }) => [msg, request])).toEqual([
      ["inside", 7],
      ["somebody else's", undefined],
      ["later", undefined],
    ]);
  });

  it("changes its level while it runs, for children too, and counts its lines", () => {
    const { logger, log, lines } = aLog("info");
    const child = logger.child("a");
    child.debug("hidden");
    log.level = "debug";
    child.debug("shown");
    log.level = "error";
    child.warn("hidden");
    expect(lines().map(({ msg }) => msg)).toEqual(["shown"]);
    expect(log.lines).toEqual({ debug: 1, info: 0, warn: 0, error: 0 });
  });

  it("SEC-1: holds no secret: in a message, a field, a key, an error, a list, or known by its value", () => {
    const known = "correct horse battery";
    const { logger, text } = aLog("debug", [known, "short"]);
    const planted = plantedSecrets();
    for (const { text: said } of planted) {
      logger.info(said, { said, list: [{ deep: said }], error: new Error(said), [said]: 1 });
    }
    logger.warn("env", {
      value: `x ${known} y`,
      token: "tiny",
      nested: { apiKey: "k", inputTokens: 5 },
      home: "/home/someone",
    });
    expect(planted.filter(({ secret }) => text().includes(secret)).map(({ format }) => format)).toEqual([]);
    for (const secret of [known, '"tiny"', '"k"']) expect(text()).not.toContain(secret);
    expect(text()).toContain('"inputTokens":5');
    expect(text()).toContain("/home/someone");
  });

  it("FUZ-8: no text forges a line or a field, whatever is in it", () => {
    const nasty = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.constantFrom(
        '\n{"level":"error","msg":"forged"}',
        '","level":"error',
        "\r\n\u2028\u2029\u0085\u0000;..\\\"'\u202e",
        "\u001b[2J\u009b1m",
        "level",
        "scope",
        "msg",
        "__proto__",
      ),
    );
    fc.assert(
      fc.property(nasty, nasty, nasty, (message, key, value) => {
        const { logger, text, lines } = aLog();
        logger.child("s").info(message, { [key]: value, value });
        expect(text().match(/[\n\r\u0085\u2028\u2029]/g)).toEqual(["\n"]);
        // oxlint-disable-next-line no-control-regex -- that is what must not be there
        expect(text()).not.toMatch(/[\u0000-\u0009\u001b\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
        expect(lines()).toHaveLength(1);
        expect(lines()[0]).toMatchObject({ level: "info", scope: "s" });
      }),
    );
  });

  it("bounds a line, however much it is given", () => {
    const { logger, text } = aLog();
    const deep: Record<string, unknown> = {};
    deep["self"] = deep;
    logger.info("x".repeat(1_000_000), {
      big: "y".repeat(1_000_000),
      list: Array.from({ length: 10_000 }, () => "z"),
      deep,
    });
    expect(text().length).toBeLessThan(50_000);
  });
});
