import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { agentEnvironment, findCommand, secretsOf } from "../../../../../src/host/providers/acp/agentCatalogue.ts";
import { WELL_KNOWN_AGENTS } from "../../../../../src/host/providers/acp/wellKnownAgents.ts";
import { parseConfig } from "../../../../../src/host/configFile.ts";

function agentOf(entry: object) {
  const agent = parseConfig(JSON.stringify({ agents: [entry] }), "host.json").config.agents[0];
  if (!agent) throw new Error("no agent");
  return agent;
}

describe("a well-known agent", () => {
  it.each([...WELL_KNOWN_AGENTS.keys()])("%s is configured in one line", (use) => {
    const agent = agentOf({ use });
    expect(agent).toMatchObject({ id: use, displayName: expect.any(String), command: expect.any(Array) });
    const values = { home: "/h", workspace: "/w", sessionId: "s", env: { PATH: "/bin" } };
    for (const value of Object.values(agentEnvironment(agent, values))) expect(value).not.toContain("${");
  });

  it("gets the keys that the host has, and no variable for those that it lacks", () => {
    const env = { OPENAI_API_KEY: "sk-0123456789" };
    const values = { home: "/h", workspace: "/w", sessionId: "s", env };
    const agent = agentOf({ use: "codex" });
    const environment = agentEnvironment(agent, values);
    expect(environment).toMatchObject({ OPENAI_API_KEY: "sk-0123456789", CODEX_HOME: "/h/.codex" });
    expect(Object.keys(environment)).not.toContain("CODEX_API_KEY");
    expect(secretsOf(agent, values)).toEqual(["sk-0123456789"]);
  });

  it("is what the configuration says where that says something", () => {
    const agent = agentOf({
      use: "claude",
      id: "claude-2",
      displayName: "Claude (team)",
      command: ["/opt/claude", "--x"],
      env: { ANTHROPIC_BASE_URL: "http://127.0.0.1:1", EXTRA: "1" },
      files: { "notes.txt": "hello" },
      mode: "plan",
    });
    expect(agent).toMatchObject({
      id: "claude-2",
      displayName: "Claude (team)",
      command: ["/opt/claude", "--x"],
      mode: "plan",
      files: { "notes.txt": "hello" },
      env: { ANTHROPIC_BASE_URL: "http://127.0.0.1:1", EXTRA: "1", CLAUDE_CONFIG_DIR: "${home}/.claude" },
    });
  });

  it("that nobody knows is refused with the list of those that are known", () => {
    expect(() => agentOf({ use: "codx" })).toThrow(
      'host.json:1:13: agents.0.use is "codx"; this host knows codex, gemini, claude, opencode',
    );
  });

  it("is looked for in its npm prefix before the PATH", async () => {
    const directory = mkdtempSync(path.join(tmpdir(), "muster-prefix-"));
    const program = (folder: string) => {
      const file = path.join(directory, folder, "codex-acp");
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, "#!/bin/sh\n");
      chmodSync(file, 0o755);
      return file;
    };
    const values = { home: "/h", workspace: "/w", sessionId: "s", env: {} };
    const [onPath, inPrefix] = [program("path"), program("prefix/node_modules/.bin")];
    const searchPath = path.dirname(onPath);
    expect(await findCommand(agentOf({ use: "codex" }), values, searchPath)).toEqual([onPath]);
    const prefixed = agentOf({ use: "codex", prefix: path.join(directory, "prefix") });
    expect(await findCommand(prefixed, values, searchPath)).toEqual([inPrefix]);
    expect(() => agentOf({ use: "codex", prefix: "somewhere" })).toThrow(/agents\.0\.prefix is not valid/);
    rmSync(directory, { recursive: true });
  });
});
