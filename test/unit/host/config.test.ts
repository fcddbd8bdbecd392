import { describe, expect, it } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import { configuredTokens, parseConfig, readConfig } from "../../../src/host/config.ts";
import { parseCli } from "../../../src/host/cli/arguments.ts";
import { redact, redactText } from "../../../src/host/hostLogger.ts";
import { HOST_VERSION } from "../../../src/host/version.ts";

it("tells the package's version", () => {
  expect(HOST_VERSION).toBe(manifest.version);
});

describe("the configuration", () => {
  it("has a default for everything", () => {
    expect(readConfig(undefined)).toMatchObject({ agents: [], isolation: "none", limits: { concurrentSessions: 4 } });
    expect(parseConfig('{"limits":{"agentIdleMinutes":1}}', "f").limits.concurrentSessions).toBe(4);
  });

  const agent = { id: "a", displayName: "A", command: ["a"] };
  it.each([
    ["no JSON", "{", /f is not JSON/],
    ["an agent without a command", { agents: [{ ...agent, command: [] }] }, /agents\.0\.command/],
    ["two agents of one name", { agents: [agent, agent] }, /two agents have the id "a"/],
    ["a limit of nothing", { limits: { concurrentSessions: 0 } }, /limits\.concurrentSessions/],
    ["an unknown isolation", { isolation: "docker" }, /isolation/],
    ["a relative directory", { repositories: { allowLocal: ["work"] } }, /"work", which is no absolute path/],
  ])("is refused in a sentence that names the member: %s", (_what, value, sentence) => {
    expect(() => parseConfig(typeof value === "string" ? value : JSON.stringify(value), "f")).toThrow(sentence);
  });

  it("takes tokens from the variables that it names", () => {
    const config = parseConfig('{"repositories":{"credentials":{"https://git.example.com/x":{"tokenEnv":"T"}}}}', "f");
    expect(configuredTokens(config, { T: "secret" })).toEqual(new Map([["https://git.example.com", "secret"]]));
    expect(() => configuredTokens(config, {})).toThrow(/T, which holds the token/);
  });
});

describe("the command line", () => {
  it("resolves files where it was called, and keeps the token with the data", () => {
    const options = parseCli(["serve", "--data", "d", "--config", "c.json", "--port", "0"], "/here");
    expect(options).toMatchObject({
      command: "serve",
      data: "/here/d",
      config: "/here/c.json",
      port: 0,
      tokenFile: "/here/d/token",
    });
  });

  it.each([
    [["fly"]],
    [[]],
    [["serve", "--port", "99999"]],
    [["serve", "--isolation", "magic"]],
    [["serve", "--what"]],
  ])("refuses %j", (args) => {
    expect(() => parseCli(args, "/")).toThrow();
  });
});

describe("the log file", () => {
  it("holds no secret, by its key or by its look", () => {
    const github = `ghp_${"a".repeat(36)}`;
    const text = JSON.stringify(
      redact({
        token: "x1",
        nested: { apiKey: "x2", note: `used ${github}` },
        list: [`Bearer abc.def`],
        error: new Error("https://me:pw@host/a"),
      }),
    );
    for (const secret of ["x1", "x2", github, "abc.def", "me:pw"]) expect(text).not.toContain(secret);
    expect(redactText("ws://127.0.0.1/?tkn=abc&x=1")).toBe("ws://127.0.0.1/?tkn=[redacted]&x=1");
  });
});
