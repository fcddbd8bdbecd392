import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import { toDisposable } from "../../../../src/base/disposables.ts";
import { silentLogger } from "../../../../src/base/logger.ts";
import { AhpClient } from "../../../../src/client/ahpClient.ts";
import { HostConnections } from "../../../../src/extension/hosts/hostConnections.ts";
import { HostRegistry, secretKey } from "../../../../src/extension/hosts/hostRegistry.ts";
import type { HostRecord } from "../../../../src/extension/hosts/hosts.ts";
import { HostCommands } from "../../../../src/extension/hostSetup/hostCommands.ts";
import type { AgentTarget } from "../../../../src/extension/ids.ts";
import { registerLinks } from "../../../../src/extension/links/links.ts";
import { CommandRegistry } from "../../../../src/extension/platform/commandRegistry.ts";
import { Dice } from "../../../support/dice.ts";
import { FakeClock, settle } from "../../../support/fakeClock.ts";
import { FakeHost } from "../../../support/fakeHost.ts";
import { FakeHostsStore, FakeSecrets } from "../../../support/fakeHostsPorts.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";

const { quickInputs } = fakeVscode;
const fingerprint = Array.from({ length: 32 }, () => "AB").join(":");

/** The commands over hosts in memory. `dial` decides what an attempt meets. */
function aSetup(stored: readonly HostRecord[] = []) {
  const clock = new FakeClock();
  const farm = new FakeHost();
  const store = new FakeHostsStore(stored);
  const secrets = new FakeSecrets();
  const files = new Map<string, string>();
  const readFile = async (path: string) => files.get(path);
  const hosts = new HostRegistry({ store, secrets, readFile, newId: () => "new", logger: silentLogger });
  const dialled: { url: string; token: string | undefined; certificate: string | undefined }[] = [];
  const scene = {
    dial: async (_dialled: (typeof dialled)[number]) => farm.connect(),
    /** What the person answers to the modal question. */
    answer: (_question: string, _detail: string): string | undefined => undefined,
    file: undefined as string | undefined,
    /** Presses cancel on the progress. */
    cancels: false,
  };
  const newClient = ({ url, certificate }: HostRecord, token: () => Promise<string | undefined>) =>
    new AhpClient({
      dial: async () => {
        const attempt = { url, token: await token(), certificate };
        dialled.push(attempt);
        return scene.dial(attempt);
      },
      clientId: "client",
      clientInfo: { name: "test" },
      clock,
      random: () => 0.5,
      logger: silentLogger,
    });
  const connections = new HostConnections({ hosts, newClient, logger: silentLogger });
  const asked: string[] = [];
  const presented: unknown[] = [];
  const shownLogs: (string | undefined)[] = [];
  const commands = new HostCommands({
    hosts,
    connections,
    commands: new CommandRegistry({ present: async (error) => void presented.push(error) }),
    dialogs: {
      attempt: async (_title, run) => {
        const cancelled = new AbortController();
        const running = run(cancelled.signal, () => undefined);
        if (scene.cancels) cancelled.abort();
        return running;
      },
      choose: async (question, detail) => {
        asked.push(`${question}\n${detail}`);
        return scene.answer(question, detail);
      },
      confirm: async (question, detail) => {
        asked.push(`${question}\n${detail}`);
        return scene.answer(question, detail) !== undefined;
      },
      chooseFile: async () => scene.file,
    },
    telemetry: { send: () => undefined },
    newClient,
    readFile,
    readCertificate: async () => ({
      fingerprint,
      subject: "farm",
      issuer: "nobody\u202e",
      validTo: "Jan 1 2030",
      pem: "",
    }),
    showLog: (host) => void shownLogs.push(host?.name),
  });
  const openedAgents: AgentTarget[] = [];
  const links = registerLinks({
    extensionId: "muster.muster",
    connections,
    commands: { register: () => toDisposable(() => undefined) },
    presenter: { present: async (error) => void presented.push(error) },
    resolveAgent: async () => undefined,
    addHost: (proposal) => commands.add(proposal),
    openAgent: (target) => void openedAgents.push(target),
  });
  const run = (id: string, ...args: unknown[]) => fakeVscode.commands.get(id)?.(...args);
  return {
    scene,
    hosts,
    store,
    secrets,
    files,
    dialled,
    asked,
    presented,
    shownLogs,
    openedAgents,
    run,
    commands,
    connections,
    links,
  };
}

const farm: HostRecord = { id: "farm", name: "farm.example", url: "wss://farm.example" };

describe("adding a host", () => {
  beforeEach(() => fakeVscode.reset());

  it("tries it first and saves it when it answers, with the token in the secret storage", async () => {
    const { run, hosts, secrets, dialled, store } = aSetup();
    void run("muster.host.add");
    quickInputs.open.enter("farm.example");
    await settle();
    quickInputs.open.enter("secret");
    expect(hosts.all).toEqual([]);
    await settle();
    expect(dialled[0]).toEqual({ url: "wss://farm.example", token: "secret", certificate: undefined });
    expect(hosts.all).toEqual([{ id: "new", name: "farm.example", url: "wss://farm.example" }]);
    expect(secrets.values.get(secretKey("new"))).toBe("secret");
    expect(JSON.stringify(store.value)).not.toContain("secret");
  });

  it("saves nothing when it does not answer, says why, and keeps what was typed", async () => {
    const { run, hosts, scene } = aSetup();
    scene.dial = async () => {
      throw new AppError("host.unreachable", "Nothing listens there.");
    };
    void run("muster.host.add");
    quickInputs.open.enter("farm.example");
    await settle();
    quickInputs.open.enter("secret");
    await settle();
    expect(quickInputs.open).toMatchObject({
      title: "Add Host",
      step: 1,
      value: "wss://farm.example",
      validationMessage: "Nothing listens there.",
    });
    expect(hosts.all).toEqual([]);
    quickInputs.open.press("Save Without Connecting");
    await settle();
    expect(hosts.all).toHaveLength(1);
  });

  it("asks for another token when it is refused", async () => {
    const { run, hosts, scene } = aSetup();
    const accept = scene.dial;
    scene.dial = async (attempt) => {
      if (attempt.token !== "right") throw new AppError("host.unauthorized", "It did not accept the token.");
      return accept(attempt);
    };
    void run("muster.host.add");
    quickInputs.open.enter("farm.example?tkn=wrong");
    await settle();
    // A pasted address brings its token along.
    expect(quickInputs.open).toMatchObject({ step: 2, value: "wrong", password: true });
    quickInputs.open.accept();
    await settle();
    expect(quickInputs.open).toMatchObject({ step: 2, validationMessage: "It did not accept the token." });
    quickInputs.open.enter("right");
    await settle();
    expect(hosts.all).toHaveLength(1);
  });

  it("can be cancelled while it is tried, and leads back to the form", async () => {
    const { run, hosts, scene } = aSetup();
    scene.dial = () => new Promise(() => undefined);
    scene.cancels = true;
    void run("muster.host.add");
    quickInputs.open.enter("farm.example");
    await settle();
    quickInputs.open.enter("secret");
    await settle();
    expect(quickInputs.open).toMatchObject({ step: 1, value: "wss://farm.example", validationMessage: undefined });
    quickInputs.open.hide();
    await settle();
    expect(hosts.all).toEqual([]);
  });

  it("takes the token from a file, which is read at each attempt", async () => {
    const { run, hosts, scene, files, dialled } = aSetup();
    scene.file = "/run/token";
    files.set("/run/token", "from the file\n");
    void run("muster.host.add");
    quickInputs.open.enter("ws://127.0.0.1:4500");
    await settle();
    quickInputs.open.press("Take the Token From a File…");
    await settle();
    expect(dialled[0]?.token).toBe("from the file");
    expect(hosts.all[0]).toMatchObject({ tokenFile: "/run/token" });
  });

  it("trusts one certificate when the person does, after its fingerprint was shown", async () => {
    const { run, hosts, scene, asked, dialled } = aSetup();
    const accept = scene.dial;
    scene.dial = async (attempt) => {
      if (attempt.certificate === fingerprint) return accept(attempt);
      throw new AppError("host.untrustedCertificate", "It is self-signed.", { details: { canPin: true } });
    };
    void run("muster.host.add");
    quickInputs.open.enter("farm.example");
    await settle();
    quickInputs.open.enter("secret");
    await settle();
    // Dismissed: nothing is trusted.
    expect(asked[0]).toContain(fingerprint);
    expect(asked[0]).toContain("nobody‹U+202E›");
    expect(quickInputs.open.validationMessage).toBe("It is self-signed.");
    expect(hosts.all).toEqual([]);
    scene.answer = () => "Trust This Certificate";
    quickInputs.open.accept();
    await settle();
    quickInputs.open.accept();
    await settle();
    expect(hosts.all[0]).toMatchObject({ certificate: fingerprint });
    expect(dialled.at(-1)?.certificate).toBe(fingerprint);
  });

  it("trusts nothing that has expired", async () => {
    const { run, scene, asked } = aSetup();
    scene.dial = async () => {
      throw new AppError("host.untrustedCertificate", "It has expired.", { details: { canPin: false } });
    };
    void run("muster.host.add");
    quickInputs.open.enter("farm.example");
    await settle();
    quickInputs.open.enter("secret");
    await settle();
    expect(asked).toEqual([]);
    expect(quickInputs.open.validationMessage).toBe("It has expired.");
  });

  it("from a link fills in the form, and connects only after the person has gone through it", async () => {
    const { commands, hosts, dialled } = aSetup();
    void commands.add({ url: "wss://farm.example", token: undefined, name: "The farm" });
    expect(quickInputs.open).toMatchObject({ step: 1, totalSteps: 3, value: "wss://farm.example" });
    await settle();
    expect(dialled).toEqual([]);
    quickInputs.open.accept();
    await settle();
    quickInputs.open.enter("secret");
    await settle();
    expect(quickInputs.open).toMatchObject({ step: 3, value: "The farm" });
    expect(dialled).toEqual([]);
    quickInputs.open.accept();
    await settle();
    expect(hosts.all).toMatchObject([{ name: "The farm" }]);
  });
});

describe("a host that is there", () => {
  beforeEach(() => fakeVscode.reset());

  it("is changed after the change was tried, and keeps its token where none is typed", async () => {
    const { run, hosts, secrets, dialled } = aSetup([{ ...farm, certificate: fingerprint }]);
    secrets.values.set(secretKey("farm"), "stored");
    await settle();
    dialled.length = 0;
    void run("muster.host.edit", { hostId: "farm" });
    await settle();
    quickInputs.open.enter("wss://barn.example");
    await settle();
    quickInputs.open.enter("");
    await settle();
    quickInputs.open.enter("The barn");
    await settle();
    // Another address is not the one whose certificate was trusted.
    expect(dialled[0]).toEqual({ url: "wss://barn.example", token: "stored", certificate: undefined });
    expect(hosts.all).toEqual([{ id: "farm", name: "The barn", url: "wss://barn.example" }]);
    expect(secrets.values.get(secretKey("farm"))).toBe("stored");
  });

  it("gets a new token, which is tried before it replaces the old one", async () => {
    const { run, secrets, scene, connections } = aSetup([
      { ...farm, tokenFile: "/run/token", certificate: fingerprint },
    ]);
    const accept = scene.dial;
    scene.dial = async (attempt) => {
      if (attempt.token !== "right") throw new AppError("host.unauthorized", "It did not accept the token.");
      return accept(attempt);
    };
    connections.client("farm").connect();
    await settle();
    void run("muster.host.replaceToken", { hostId: "farm" });
    await settle();
    expect(quickInputs.open.validationMessage).toBe("It did not accept the token.");
    quickInputs.open.enter("wrong");
    await settle();
    expect(secrets.values.size).toBe(0);
    quickInputs.open.enter("right");
    await settle();
    expect(secrets.values.get(secretKey("farm"))).toBe("right");
    expect(connections.get("farm")).toMatchObject({
      state: { kind: "live" },
      host: { certificate: fingerprint, url: farm.url },
    });
    expect(connections.get("farm")?.host.tokenFile).toBeUndefined();
  });

  it("is removed when the person confirms what goes and what stays", async () => {
    const { run, hosts, asked, scene } = aSetup([farm]);
    await run("muster.host.remove", { hostId: "farm" });
    expect(hosts.all).toHaveLength(1);
    expect(asked[0]).toMatch(/forgotten here.*Agents on it go on/);
    scene.answer = () => "Remove";
    await run("muster.host.remove", { hostId: "farm" });
    expect(hosts.all).toEqual([]);
  });

  it("shows its own log", async () => {
    const { run, shownLogs } = aSetup([farm]);
    await run("muster.host.showLog", { hostId: "farm" });
    await run("muster.host.showLog");
    expect(shownLogs).toEqual(["farm.example", undefined]);
  });

  it("does nothing to another host than the one that it was pressed on", async () => {
    const { asked, hosts, presented, run } = aSetup([farm]);
    await run("muster.host.remove", { hostId: "gone" });
    await run("muster.host.remove", undefined, undefined);
    expect([asked, hosts.all]).toEqual([[], [farm]]);
    const sentences = presented.map((error) => error instanceof Error && error.message);
    expect(sentences).toEqual([
      "That host is not in the list any more.",
      expect.stringContaining("did not say which row was meant"),
    ]);
  });
});

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
      const { dialled, store, secrets, hosts, presented, asked, openedAgents, links } = aSetup([farm]);
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
    const { links } = aSetup();
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
