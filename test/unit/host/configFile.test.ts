import { readFileSync, writeFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../../src/host/configSchema.ts";
import { parseConfig, readConfig } from "../../../src/host/configFile.ts";

const agent = { id: "a", displayName: "A", command: ["a"] };

describe("the configuration", () => {
  it("has a default for everything", () => {
    const { config, warnings } = readConfig(undefined);
    expect(config).toMatchObject({ agents: [], isolation: "bubblewrap", limits: { concurrentSessions: 4 } });
    expect(config).toMatchObject({ log: { level: "info" }, shutdown: { finishTurnsSeconds: 3 } });
    expect(warnings).toEqual([]);
    expect(parseConfig('{"limits":{"agentIdleMinutes":1}}', "f").config.limits.concurrentSessions).toBe(4);
  });

  it("may hold comments and commas too many", () => {
    const text = `{
      // Two at once on this small machine.
      "limits": { "concurrentSessions": 2, /* more at night? */ },
    }`;
    expect(parseConfig(text, "f").config.limits.concurrentSessions).toBe(2);
  });

  it.each([
    ["no JSON", '{\n  "agents": [\n  }', /^f:3:3: the configuration is not JSON: value expected\./],
    ["nothing", "", /^f:1:1: the configuration is not JSON/],
    [
      "an agent without a command",
      { agents: [{ ...agent, command: [] }] },
      /^f:1:\d+: agents\.0\.command is not valid: .*>=1 items/,
    ],
    ["two agents of one name", { agents: [agent, agent] }, /two agents have the id "a"/],
    ["a limit of nothing", { limits: { concurrentSessions: 0 } }, /limits\.concurrentSessions is not valid: .*>=1/],
    [
      "an unknown isolation",
      '{\n\n  "isolation": "docker" }',
      /^f:3:3: isolation is not valid: .*"none"\|"bubblewrap"/,
    ],
    ["a relative directory", { repositories: { allowLocal: ["work"] } }, /"work", which is no absolute path/],
    ["an agent that nobody knows", { agents: [{ use: "hal" }] }, /^f:1:13: agents\.0\.use is "hal"/],
  ])("is refused with line, column, member and what is allowed: %s", (_what, value, sentence) => {
    expect(() => parseConfig(typeof value === "string" ? value : JSON.stringify(value), "f")).toThrow(sentence);
  });

  it("tells of everything that is wrong at once", () => {
    const text = JSON.stringify({ isolation: "docker", limits: { concurrentSessions: "many" } }, undefined, 2);
    expect(() => parseConfig(text, "f")).toThrow(/f:4:5: limits.*expected number, received string/);
    expect(() => parseConfig(text, "f")).toThrow(/f:2:3: isolation/);
  });

  it("warns of what it does not know, and says what was meant", () => {
    const text =
      '{\n  "limts": {},\n  "limits": { "concurentSessions": 3 },\n  "agents": [{ "use": "codex", "enviroment": {} }], "$schema": "x" }';
    expect(parseConfig(text, "f").warnings).toEqual([
      'f:2:3: limts is not known and is ignored. Did you mean "limits"?',
      'f:3:15: limits.concurentSessions is not known and is ignored. Did you mean "concurrentSessions"?',
      "f:4:32: agents.0.enviroment is not known and is ignored.",
    ]);
  });
});

describe("the schema for editors", () => {
  const file = new URL("../../../docs/muster-host.schema.json", import.meta.url);

  it("is what the host reads (to write it: UPDATE_SCHEMA=1, then npm run format)", () => {
    if (process.env["UPDATE_SCHEMA"] === "1") writeFileSync(file, `${JSON.stringify(configSchema(), undefined, 2)}\n`);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(configSchema());
  });

  it("accepts what the host accepts, and marks what it would warn of", () => {
    const validate = new Ajv2020({ strict: false }).compile(configSchema());
    expect(validate({ agents: [{ use: "codex" }, agent], isolation: "none", log: { level: "debug" } })).toBe(true);
    expect(validate({ agents: [{ displayName: "A" }] })).toBe(false);
    expect(validate({ limts: {} })).toBe(false);
  });
});
