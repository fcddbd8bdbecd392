import type { Clock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { AhpClient } from "../../../src/client/ahpClient.ts";
import type { Sessions } from "../../../src/client/client.ts";
import type { Dial } from "../../../src/client/connection.ts";
import { Fleet } from "../../../src/extension/fleet/fleet.ts";
import { HostConnections } from "../../../src/extension/hosts/hostConnections.ts";
import type { Hosts } from "../../../src/extension/hosts/hosts.ts";

/** The extension without VS Code: one client a host, and the fleet over all of them. */
export async function fleetOf(dials: readonly Dial[], clock: Clock): Promise<{ fleet: Fleet; dispose: () => void }> {
  const records = dials.map((_, index) => ({
    id: `host-${index}`,
    name: `Host ${index}`,
    url: `ws://127.0.0.1:${index}`,
  }));
  const connections = new HostConnections({
    hosts: theseHosts(records),
    logger: silentLogger,
    newClient: ({ id }) =>
      new AhpClient({
        dial: (attempt) => dialOf(dials, id)(attempt),
        clientId: `bench-${id}`,
        clientInfo: { name: "bench" },
        clock,
        random: () => 0.5,
        logger: silentLogger,
      }),
  });
  const fleet = new Fleet({ connections, clock, newId: () => "bench", logger: silentLogger });
  for (const { client } of connections.all) await listed(client.sessions);
  return {
    fleet,
    dispose: () => {
      fleet.dispose();
      connections.dispose();
    },
  };
}

async function listed(sessions: Sessions): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const listening = sessions.onDidChange(() => sessions.isCurrent && resolve());
  if (!sessions.isCurrent) await promise;
  listening.dispose();
}

function dialOf(dials: readonly Dial[], hostId: string): Dial {
  const dial = dials[Number(hostId.slice("host-".length))];
  if (dial === undefined) throw new Error(`There is no ${hostId}.`);
  return dial;
}

function theseHosts(all: Hosts["all"]): Hosts {
  const fixed = () => Promise.reject(new Error("The hosts of a measurement do not change."));
  return {
    all,
    get: (id) => all.find((record) => record.id === id),
    onDidChange: () => ({ dispose: () => undefined }),
    add: fixed,
    edit: fixed,
    remove: fixed,
    token: async () => undefined,
  };
}
