import { beforeEach, describe, expect, it } from "vitest";
import { Dice } from "../../../support/dice.ts";
import { settle } from "../../../support/fakeClock.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";
import { aHostSetup, farm } from "./aHostSetup.ts";

const { quickInputs } = fakeVscode;

describe("EXT-7: a link from anywhere", () => {
  beforeEach(() => fakeVscode.reset());

  /** `MUSTER_LINKS=10000` is what the rule asks for. */
  const count = Number(process.env["MUSTER_LINKS"] ?? 500);
  const dice = new Dice(3);
  const paths = [
    "/host/add",
    "/host/add/",
    "//host/add",
    "/HOST/ADD",
    "/agent",
    "/AGENT",
    "/agent/",
    "/host/remove",
    "/agent/approve",
    "/command",
    "",
    "/host/add/../agent",
  ] as const;
  const addresses = [
    "wss://evil.example",
    "ws://127.0.0.1:1?tkn=stolen",
    "https://me:stolen@evil.example/x",
    "ws://evil.example",
    "file:///etc/passwd",
    "command:muster.host.add",
    "//evil",
    "wss://ev\u202eil.example",
    "",
    "wss://[::ffff:7f00:1]",
    "evil.example:99999",
    farm.url,
    "ahp-session:/1",
    "x".repeat(10_000),
  ] as const;
  const keys = [
    "url",
    "name",
    "token",
    "tkn",
    "tokenFile",
    "certificate",
    "command",
    "muster.hosts",
    "muster.github.servers",
    "id",
    "__proto__",
    "url",
    "host",
    "session",
  ] as const;
  const aLink = () => {
    const query = new URLSearchParams();
    for (let left = 1 + dice.below(5); left > 0; left -= 1) {
      query.append(
        dice.pick(keys),
        dice.chance(0.7) ? dice.pick(addresses) : String.fromCodePoint(dice.below(0xd7ff)).repeat(9),
      );
    }
    if (dice.chance(0.1)) {
      query.append("host", farm.url);
      query.append("session", "ahp-session:/1");
      return { path: "/agent", query: query.toString() };
    }
    const text = query.toString();
    return {
      path: dice.chance(0.7) ? paths[0] : dice.pick(paths),
      query: dice.chance(0.9) ? text : text.slice(dice.below(9)),
    };
  };

  it(
    `opens the form with what it proposes, or is refused, and does nothing else (${count} links)`,
    { timeout: 60_000 },
    async () => {
      const { dialled, store, secrets, hosts, presented, asked, openedAgents, links } = aHostSetup([farm]);
      const kept = JSON.stringify(store.value);
      let forms = 0;
      for (let index = 0; index < count; index += 1) {
        const { path, query } = aLink();
        const before = presented.length + openedAgents.length;
        const known = quickInputs.all.length;
        const ended = Promise.resolve(fakeVscode.uriHandler?.handleUri({ path, query }));
        await settle();
        const opened = quickInputs.all.slice(known);
        const did = opened.length + presented.length + openedAgents.length - before;
        expect(did, `${path}?${query}`).toBe(path === "/host/add" || path === "/agent" ? 1 : 0);
        for (const form of opened) {
          forms += 1;
          expect(form).toMatchObject({ title: "Add Host", step: 1, password: false, isOpen: true });
          expect(form.value).toMatch(/^wss?:\/\/[\x21-\x7e]+$/);
          expect(form.value).not.toContain("stolen");
          form.hide();
        }
        await ended;
      }
      links.dispose();
      expect(forms).toBeGreaterThan(count / 10);
      expect(new Set(openedAgents.map(({ hostId }) => hostId))).toEqual(new Set([farm.id]));
      // The host that there was before is connected as ever.
      expect(dialled.filter(({ url }) => url !== farm.url)).toEqual([]);
      expect([asked, fakeVscode.executed, fakeVscode.sessions]).toEqual([[], [], []]);
      expect([JSON.stringify(store.value), secrets.values.size, hosts.all]).toEqual([kept, 0, [farm]]);
    },
  );

  it("shows what is hidden in the name that it proposes", async () => {
    const { links } = aHostSetup();
    void fakeVscode.uriHandler?.handleUri({
      path: "/host/add",
      query: "url=wss://evil.example&name=farm%E2%80%AE%0Aexample",
    });
    await settle();
    quickInputs.open.accept();
    await settle();
    quickInputs.open.accept();
    await settle();
    expect(quickInputs.open).toMatchObject({ step: 3, value: "farm‹U+202E› example" });
    links.dispose();
  });
});
