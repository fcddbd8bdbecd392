import { silentLogger } from "../../src/base/logger.ts";
import { AhpClient } from "../../src/client/ahpClient.ts";
import { Fleet } from "../../src/extension/fleet/fleet.ts";
import type { FleetChange } from "../../src/extension/fleet/fleetAgent.ts";
import { HostConnections } from "../../src/extension/hosts/hostConnections.ts";
import { HostRegistry } from "../../src/extension/hosts/hostRegistry.ts";
import { FakeClock, settle } from "./fakeClock.ts";
import { FakeHost } from "./fakeHost.ts";
import { FakeHostsStore, FakeSecrets } from "./fakeHostsPorts.ts";

/** A fleet over hosts in memory, connected. Host `a` is at `wss://a.example` and so on. */
export async function aFleet(prepare: (host: FakeHost, id: string) => void = () => undefined, hostIds = ["a"]) {
  const hosts = new Map(hostIds.map((id) => [id, new FakeHost()]));
  for (const [id, host] of hosts) prepare(host, id);
  const clock = new FakeClock();
  const registry = new HostRegistry({
    readFile: async () => undefined,
    store: new FakeHostsStore(hostIds.map((id) => ({ id, name: id, url: `wss://${id}.example` }))),
    secrets: new FakeSecrets(),
    newId: () => "new",
    logger: silentLogger,
  });
  const connections = new HostConnections({
    hosts: registry,
    logger: silentLogger,
    newClient: (host) =>
      new AhpClient({
        dial: async () => hosts.get(host.id)!.connect(),
        clientId: `client of ${host.id}`,
        clientInfo: { name: "test" },
        clock,
        random: () => 0.5,
        logger: silentLogger,
      }),
  });
  let ids = 0;
  const fleet = new Fleet({ connections, clock, newId: () => `id-${++ids}`, logger: silentLogger });
  const changes: FleetChange[] = [];
  fleet.onDidChange((change) => changes.push(change));
  await settle();
  return { fleet, host: hosts.get("a")!, hosts, clock, registry, connections, changes };
}
