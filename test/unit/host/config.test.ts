import { describe, expect, it } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import { configuredTokens } from "../../../src/host/config.ts";
import { parseConfig } from "../../../src/host/configFile.ts";
import { parseCli } from "../../../src/host/cli/arguments.ts";
import { HOST_VERSION } from "../../../src/host/version.ts";

it("tells the package's version", () => {
  expect(HOST_VERSION).toBe(manifest.version);
});

describe("the configuration", () => {
  it("takes tokens from the variables that it names", () => {
    const config = parseConfig(
      '{"repositories":{"credentials":{"https://git.example.com/x":{"tokenEnv":"T"}}}}',
      "f",
    ).config;
    expect(configuredTokens(config, { T: "secret" })).toEqual(new Map([["https://git.example.com", "secret"]]));
    expect(() => configuredTokens(config, {})).toThrow(/T, which holds the token/);
  });
});

describe("the isolation", () => {
  const parse = (config: object) => parseConfig(JSON.stringify(config), "f").config;

  it("SBX-1: is bubblewrap unless the operator chooses otherwise", () => {
    expect(parse({}).isolation).toBe("bubblewrap");
    expect(parse({ isolation: "none" }).isolation).toBe("none");
    expect(() => parse({ isolation: "default" })).toThrow(/isolation/);
  });

  it("has limits and a closed network by default, and takes only names of servers", () => {
    expect(parse({})).toMatchObject({
      box: { memoryMegabytes: 4_096, nestedNamespaces: false },
      egress: { allow: [] },
    });
    expect(parse({ box: { cpus: 2 }, egress: { askSeconds: 0 } })).toMatchObject({
      box: { cpus: 2, processes: 1_024 },
      egress: { askSeconds: 0, allow: [] },
    });
    for (const name of ["*", "https://example.com", "exa mple.com", "127.1"]) {
      expect(() => parse({ egress: { allow: [name] } })).toThrow(/egress\.allow/);
    }
    expect(() => parse({ egress: { privateNetworks: ["10.0.0.0"] } })).toThrow(/privateNetworks/);
    expect(() => parse({ box: { readable: ["tools"] } })).toThrow(/absolute/);
  });
});

describe("the command line", () => {
  it("resolves files where it was called, and keeps no token unless told where", () => {
    const options = parseCli(["serve", "--data", "d", "--config", "c.json", "--port", "0"], "/here");
    expect(options).toMatchObject({
      command: "serve",
      data: "/here/d",
      config: "/here/c.json",
      port: 0,
      tokenFile: undefined,
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
