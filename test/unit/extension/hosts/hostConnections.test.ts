import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { AhpClient } from "../../../../src/client/ahpClient.ts";
import { AppError } from "../../../../src/base/appError.ts";
import { HostConnections } from "../../../../src/extension/hosts/hostConnections.ts";
import { HostRegistry } from "../../../../src/extension/hosts/hostRegistry.ts";
import { FakeClock, settle } from "../../../support/fakeClock.ts";
import { FakeHost } from "../../../support/fakeHost.ts";
import { FakeHostsStore, FakeSecrets } from "../../../support/fakeHostsPorts.ts";

async function someHosts() {
  const hosts: Record<string, FakeHost> = { "wss://a.example": new FakeHost(), "wss://b.example": new FakeHost() };
  const registry = new HostRegistry({
    readFile: async () => undefined,
    store: new FakeHostsStore([{ id: "a", name: "A", url: "wss://a.example" }]),
    secrets: new FakeSecrets(),
    newId: () => "b",
    logger: silentLogger,
  });
  const tokens: (string | undefined)[] = [];
  let accepts = true;
  const connections = new HostConnections({
    hosts: registry,
    logger: silentLogger,
    newClient: (host, token) =>
      new AhpClient({
        dial: async () => {
          tokens.push(await token());
          if (!accepts) throw new AppError("host.unauthorized", "Wrong token.");
          return hosts[host.url]!.connect();
        },
        clientId: `client of ${host.url}`,
        clientInfo: { name: "test" },
        clock: new FakeClock(),
        random: () => 0,
        logger: silentLogger,
      }),
  });
  const changes: unknown[] = [];
  connections.onDidChange((change) => changes.push(change));
  await settle();
  return { hosts, registry, connections, changes, tokens, refuse: (on: boolean) => (accepts = !on) };
}

describe("the connections of the hosts", () => {
  it("connects what is configured and follows the configuration", async () => {
    const { connections, registry, hosts, changes } = await someHosts();
    expect(connections.get("a")?.state.kind).toBe("live");
    await registry.add({ name: "B", url: "wss://b.example" });
    await settle();
    expect(connections.all.map(({ host, state }) => [host.name, state.kind])).toEqual([
      ["A", "live"],
      ["B", "live"],
    ]);
    await registry.remove("a");
    await settle();
    expect(connections.get("a")).toBeUndefined();
    expect(hosts["wss://a.example"]?.connections).toBe(0);
    expect(changes.at(-1)).toEqual({ added: [], changed: [], removed: ["a"] });
    expect(() => connections.client("a")).toThrow(expect.objectContaining({ code: "notFound" }));
  });

  it("takes another address for another host", async () => {
    const { connections, registry, changes } = await someHosts();
    const before = connections.client("a");
    changes.length = 0;
    await registry.edit("a", { name: "A", url: "wss://b.example" });
    await settle();
    expect(connections.client("a")).not.toBe(before);
    expect(changes.slice(0, 2)).toEqual([
      { added: [], changed: [], removed: ["a"] },
      { added: ["a"], changed: [], removed: [] },
    ]);
  });

  it("keeps the connection over a new name", async () => {
    const { connections, registry } = await someHosts();
    const before = connections.client("a");
    await registry.edit("a", { name: "Renamed", url: "wss://a.example" });
    expect(connections.get("a")).toMatchObject({ client: before, host: { name: "Renamed" } });
  });

  it("tries again with the new token after a refusal", async () => {
    const { connections, registry, tokens, refuse } = await someHosts();
    refuse(true);
    connections.reconnect("a");
    await settle();
    expect(connections.get("a")?.state).toMatchObject({ kind: "refused", error: { code: "host.unauthorized" } });
    refuse(false);
    await registry.edit("a", { name: "A", url: "wss://a.example", token: "right" });
    await settle();
    expect(tokens.at(-1)).toBe("right");
    expect(connections.get("a")?.state.kind).toBe("live");
  });

  it("ends every connection with itself", async () => {
    const { connections, hosts } = await someHosts();
    connections.dispose();
    await settle();
    expect(hosts["wss://a.example"]?.connections).toBe(0);
  });
});
