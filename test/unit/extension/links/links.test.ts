import { beforeEach, describe, expect, it } from "vitest";
import type { HostProposal } from "../../../../src/extension/hosts/hostLink.ts";
import type { AgentTarget } from "../../../../src/extension/ids.ts";
import { agentPath, parseAgentLink } from "../../../../src/extension/links/agentLink.ts";
import { registerLinks } from "../../../../src/extension/links/links.ts";
import { CommandRegistry } from "../../../../src/extension/platform/commandRegistry.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";

const session = "ahp-session:/1";

async function aScene() {
  const { connections } = await aFleet();
  const [known] = connections.all;
  if (known === undefined) throw new Error("no host");
  const opened: AgentTarget[] = [];
  const proposed: HostProposal[] = [];
  const failed: unknown[] = [];
  const presenter = { present: async (error: unknown) => void failed.push(error) };
  registerLinks({
    extensionId: "muster.muster",
    connections,
    commands: new CommandRegistry(presenter),
    presenter,
    resolveAgent: async (target) => target,
    addHost: async (proposal) => void proposed.push(proposal),
    openAgent: (target) => void opened.push(target),
  });
  const follow = async (query: string) => fakeVscode.uriHandler?.handleUri({ path: agentPath, query });
  return { host: known.host, opened, proposed, failed, follow };
}

describe("a link to an agent", () => {
  beforeEach(() => fakeVscode.reset());

  it("is copied, and shows that very agent when it is followed", async () => {
    const { host, opened, proposed, follow } = await aScene();
    await fakeVscode.commands.get("muster.agent.copyLink")?.({ hostId: host.id, session });
    const link = new URL(fakeVscode.clipboard);
    expect(`${link.protocol}//${link.host}${link.pathname}`).toBe("vscode://muster.muster/agent");
    expect(link.search).not.toContain("token");
    await follow(link.search.slice(1));
    expect([opened, proposed]).toEqual([[{ hostId: host.id, session }], []]);
  });

  it("on a host that is not in the list opens the form to add it, and nothing else", async () => {
    const { opened, proposed, follow } = await aScene();
    await follow(new URLSearchParams({ host: "wss://elsewhere.example?tkn=stolen", session }).toString());
    expect([opened, proposed]).toEqual([
      [],
      [{ url: "wss://elsewhere.example", token: undefined, name: "elsewhere.example" }],
    ]);
  });

  it("that names no agent, or no host, is refused with what to do", async () => {
    const { opened, proposed, failed, follow } = await aScene();
    for (const query of ["", "session=x", `host=ws%3A%2F%2Fevil.example&session=${session}`, "session=a:%0Ab&host=x"]) {
      await follow(query);
    }
    expect([opened, proposed, failed.length]).toEqual([[], [], 4]);
    expect(parseAgentLink("host=wss%3A%2F%2Fa.example")).toMatchObject({
      ok: false,
      error: { code: "request.invalid" },
    });
  });
});
