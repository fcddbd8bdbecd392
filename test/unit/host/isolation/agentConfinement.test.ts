import { expect, it } from "vitest";
import { isHostPattern } from "../../../../src/host/isolation/egress/hostPattern.ts";
import { type AcpAgent, agentEnvironment } from "../../../../src/host/providers/acp/agentCatalogue.ts";
import { confinementOf } from "../../../../src/host/providers/acp/agentConfinement.ts";
import { WELL_KNOWN_AGENTS } from "../../../../src/host/providers/acp/wellKnownAgents.ts";

const values = {
  home: "/h",
  workspace: "/w",
  sessionId: "s",
  env: { BASE: "https://models.example/v1", PATH: "/bin" },
};

function of(more: Partial<AcpAgent>) {
  const agent = { id: "a", displayName: "A", command: ["a"], ...more };
  return confinementOf(agent, values, agentEnvironment(agent, values));
}

it("lets an agent reach its kind's servers and every address that its configuration gives it", () => {
  const { hosts, hostPorts } = of({
    hosts: ["api.example.com"],
    env: { BASE_URL: "${env:BASE}", MIRROR: "http://mirror.example:8081/npm", ABSENT: "${env:ABSENT?}" },
    files: { "config.json": { url: "http://127.0.0.1:11434/v1" }, "notes.txt": "see wss://socket.example/path" },
    command: ["a", "--server=http://localhost:4000"],
  });
  expect(hosts).toEqual(["api.example.com", "models.example:443", "mirror.example:8081", "socket.example:443"]);
  expect(hostPorts).toEqual([11_434, 4_000]);
});

it("gives nobody what is no address, nor the addresses of other variables", () => {
  expect(of({ env: { A: "not http://user@evil.example nor http://2130706433/ nor https://" } })).toEqual({
    hosts: [],
    hostPorts: [],
    hasOwnSandbox: false,
  });
});

it("knows the servers of well-known agents in the form of the allow-list", () => {
  for (const { hosts = [] } of WELL_KNOWN_AGENTS.values())
    expect(hosts.filter((host) => !isHostPattern(host))).toEqual([]);
  const sandboxed = Array.from(WELL_KNOWN_AGENTS).filter(([, agent]) => agent.hasOwnSandbox);
  expect(sandboxed.map(([name]) => name)).toEqual(["codex"]);
});
