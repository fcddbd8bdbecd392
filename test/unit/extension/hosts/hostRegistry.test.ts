import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { HostRegistry } from "../../../../src/extension/hosts/hostRegistry.ts";
import type { HostsChange } from "../../../../src/extension/hosts/hosts.ts";
import { FakeHostsStore, FakeSecrets } from "../../../support/fakeHostsPorts.ts";

function aRegistry(stored: unknown = []) {
  const store = new FakeHostsStore(stored);
  const secrets = new FakeSecrets();
  let ids = 0;
  const readFile = async (path: string) => (path === "/run/muster/token" ? "from-the-file\n" : undefined);
  const registry = new HostRegistry({ store, secrets, newId: () => `id-${++ids}`, readFile, logger: silentLogger });
  const changes: HostsChange[] = [];
  registry.onDidChange((change) => changes.push(change));
  return { store, secrets, registry, changes };
}

describe("the registry of hosts", () => {
  it("stores the address in the setting and the token as a secret, never together", async () => {
    const { registry, store, secrets, changes } = aRegistry();
    const record = await registry.add({ name: "", url: "http://localhost:8123/?tkn=s3cret" });
    expect(record).toEqual({ id: "id-1", name: "localhost:8123", url: "ws://localhost:8123" });
    expect(JSON.stringify(store.value)).not.toContain("s3cret");
    expect(Array.from(secrets.values.values())).toEqual(["s3cret"]);
    await expect(registry.token("id-1")).resolves.toBe("s3cret");
    expect(changes).toEqual([{ added: ["id-1"], changed: [], removed: [] }]);
  });

  it("takes the token of a host on this machine from its file, unless one was typed", async () => {
    const stored = (id: string, tokenFile: string) => ({ id, name: id, url: "ws://localhost:1", tokenFile });
    const { registry } = aRegistry([stored("here", "/run/muster/token"), stored("gone", "/run/muster/none")]);
    await expect(registry.token("here")).resolves.toBe("from-the-file");
    await expect(registry.token("gone")).resolves.toBeUndefined();
    await registry.edit("here", { name: "Here", url: "ws://localhost:2", token: "typed" });
    await expect(registry.token("here")).resolves.toBe("typed");
    expect(registry.get("here")?.tokenFile).toBe("/run/muster/token");
  });

  it("refuses an address without writing anything", async () => {
    const { registry, store } = aRegistry();
    await expect(registry.add({ name: "", url: "ws://h.example" })).rejects.toMatchObject({
      code: "host.untrustedAddress",
    });
    expect(store.value).toEqual([]);
  });

  it("keeps the token on an edit that gives none, and tells of a new one even if nothing else changed", async () => {
    const { registry, changes } = aRegistry();
    const { id, url } = await registry.add({ name: "one", url: "wss://h.example", token: "first" });
    await registry.edit(id, { name: "two", url });
    await expect(registry.token(id)).resolves.toBe("first");
    changes.length = 0;
    await registry.edit(id, { name: "two", url, token: "second" });
    await expect(registry.token(id)).resolves.toBe("second");
    expect(changes).toEqual([{ added: [], changed: [id], removed: [] }]);
    await registry.edit(id, { name: "two", url, token: "" });
    await expect(registry.token(id)).resolves.toBeUndefined();
  });

  it("forgets the token with the host", async () => {
    const { registry, secrets, changes } = aRegistry();
    const { id } = await registry.add({ name: "one", url: "wss://h.example", token: "first" });
    await registry.remove(id);
    expect(registry.all).toEqual([]);
    expect(secrets.values.size).toBe(0);
    expect(changes.at(-1)).toEqual({ added: [], changed: [], removed: [id] });
    await expect(registry.remove(id)).rejects.toMatchObject({ code: "notFound" });
  });

  it("reads what a person wrote into the setting and leaves out what cannot be used", () => {
    const good = { id: "x", name: "Good", url: "https://h.example" };
    const { registry, store, changes } = aRegistry([
      good,
      { id: "y", name: "Open", url: "ws://h.example" },
      { id: "no spaces", name: "Bad id", url: "wss://h.example" },
      7,
    ]);
    expect(registry.all).toEqual([{ id: "x", name: "Good", url: "wss://h.example" }]);
    store.edit([{ ...good, name: "Better" }]);
    store.edit([{ ...good, name: "Better" }]);
    store.edit("nonsense");
    expect(changes).toEqual([
      { added: [], changed: ["x"], removed: [] },
      { added: [], changed: [], removed: ["x"] },
    ]);
  });
});
