import { beforeEach, describe, expect, it } from "vitest";
import { CommandRegistry } from "../../../../src/extension/platform/commandRegistry.ts";
import { registerNetworkCommand } from "../../../../src/extension/session/networkCommand.ts";
import type { FleetEgress } from "../../../../src/protocol/fleetEgress.ts";
import { fleetSessionUri, parseSessionUri } from "../../../../src/protocol/uris.ts";
import { session } from "../../../support/aChat.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { settle } from "../../../support/fakeClock.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";
import { aState } from "../../protocol/builders.ts";

beforeEach(() => fakeVscode.reset());

const uri = fleetSessionUri(parseSessionUri(session) ?? "");

async function choosing(egress: FleetEgress | undefined, label: string) {
  const { connections, host } = await aFleet((host) => {
    host.put(uri, aState("fleetSession", { session, ...(egress && { egress }) }));
  });
  const failures: unknown[] = [];
  registerNetworkCommand({
    commands: new CommandRegistry({ present: async (error) => void failures.push(error) }),
    client: (hostId) => connections.client(hostId),
    resolveAgent: async () => ({ hostId: "a", session }),
  });
  fakeVscode.chosen = label;
  await fakeVscode.commands.get("muster.agent.networkAccess")?.();
  await settle();
  const sent = host.log.map(({ action }) => action).filter(({ type }) => type === "x-fleet/egressRevoked");
  return { failures, sent };
}

describe("the network access of an agent", () => {
  const decided = [
    { server: "example.com", decision: "repository" as const },
    { server: "evil.example", decision: "never" as const },
  ];

  it("is taken back by the server's name", async () => {
    expect(await choosing({ refused: [], decided }, "example.com")).toEqual({
      failures: [],
      sent: [{ type: "x-fleet/egressRevoked", server: "example.com" }],
    });
  });

  it("stays when nothing is chosen, and where nothing was decided somebody is told so", async () => {
    expect((await choosing({ refused: [], decided }, "")).sent).toEqual([]);
    expect(await choosing(undefined, "example.com")).toMatchObject({ failures: [{ code: "notFound" }], sent: [] });
  });
});
