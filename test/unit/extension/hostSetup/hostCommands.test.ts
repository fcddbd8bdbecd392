import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import { secretKey } from "../../../../src/extension/hosts/hostRegistry.ts";
import { settle } from "../../../support/fakeClock.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";
import { aHostSetup, farm, fingerprint } from "./aHostSetup.ts";

const { quickInputs } = fakeVscode;

describe("adding a host", () => {
  beforeEach(() => fakeVscode.reset());

  it("tries it first and saves it when it answers, with the token in the secret storage", async () => {
    const { run, hosts, secrets, dialled, store } = aHostSetup();
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
    const { run, hosts, scene } = aHostSetup();
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
    const { run, hosts, scene } = aHostSetup();
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
    const { run, hosts, scene } = aHostSetup();
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
    const { run, hosts, scene, files, dialled } = aHostSetup();
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
    const { run, hosts, scene, asked, dialled } = aHostSetup();
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
    const { run, scene, asked } = aHostSetup();
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
    const { commands, hosts, dialled } = aHostSetup();
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
    const { run, hosts, secrets, dialled } = aHostSetup([{ ...farm, certificate: fingerprint }]);
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
    const { run, secrets, scene, connections } = aHostSetup([
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
    const { run, hosts, asked, scene } = aHostSetup([farm]);
    await run("muster.host.remove", { hostId: "farm" });
    expect(hosts.all).toHaveLength(1);
    expect(asked[0]).toMatch(/forgotten here.*Agents on it go on/);
    scene.answer = () => "Remove";
    await run("muster.host.remove", { hostId: "farm" });
    expect(hosts.all).toEqual([]);
  });

  it("shows its own log", async () => {
    const { run, shownLogs } = aHostSetup([farm]);
    await run("muster.host.showLog", { hostId: "farm" });
    await run("muster.host.showLog");
    expect(shownLogs).toEqual(["farm.example", undefined]);
  });

  it("does nothing to another host than the one that it was pressed on", async () => {
    const { asked, hosts, presented, run } = aHostSetup([farm]);
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
