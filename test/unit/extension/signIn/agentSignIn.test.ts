import { describe, expect, it } from "vitest";
import { Emitter } from "../../../../src/base/emitter.ts";
import { silentLogger } from "../../../../src/base/logger.ts";
import type { ProtectedResource } from "../../../../src/protocol/content.ts";
import { AgentSignIn } from "../../../../src/extension/signIn/agentSignIn.ts";
import { HostCredentials } from "../../../../src/extension/signIn/hostCredentials.ts";
import { defaultGitHubServer, type GitHubServer } from "../../../../src/extension/ship/gitHubServers.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { settle } from "../../../support/fakeClock.ts";
import type { FakeHost } from "../../../support/fakeHost.ts";
import { FakeMemento } from "../ship/memento.ts";

/** As VS Code's agent host tells it of its Copilot. */
const copilot: ProtectedResource = {
  resource: "https://api.github.com",
  resource_name: "GitHub Copilot",
  authorization_servers: ["https://github.com/login/oauth"],
  scopes_supported: ["read:user", "user:email"],
  required: true,
};
const repositories: ProtectedResource = { ...copilot, resource: "https://api.github.com/repos", required: false };

const anAgent = (protectedResources: ProtectedResource[]) => ({
  provider: "copilotcli",
  displayName: "Copilot",
  description: "",
  models: [],
  protectedResources,
});

interface Setting {
  readonly asked?: ProtectedResource[];
  readonly servers?: readonly GitHubServer[];
  readonly state?: FakeMemento;
  readonly answer?: string | undefined;
}

/** A person, their editor and a host in VS Code's dialect. `answer` is the button that the person presses. */
async function aDesk({ asked = [copilot, repositories], servers, state = new FakeMemento(), answer }: Setting = {}) {
  const parts = await aFleet((host: FakeHost) => {
    host.fleet = false;
    host.put("ahp-root://", { agents: [anAgent(asked)] });
    host.answers["authenticate"] = () => ({ result: null });
  });
  const person = { answer, questions: [] as string[], told: [] as string[], press: undefined as string | undefined };
  const account = { token: "gho_1" as string | undefined, asked: [] as (readonly string[] | undefined)[] };
  const accounts = new Emitter<string>(() => undefined);
  const dialogs = {
    choose: async (question: string, detail: string) => {
      person.questions.push(`${question} ${detail}`);
      return person.answer;
    },
    tell: async (sentence: string) => {
      person.told.push(sentence);
      return person.press;
    },
  };
  const credentials = new HostCredentials({
    hosts: parts.connections,
    dialogs,
    signIn: {
      token: async (_server, _refused, use) => {
        account.asked.push(use?.scopes);
        return account.token ?? "gho_fresh";
      },
      silentToken: async () => account.token,
    },
    servers: () => servers ?? [defaultGitHubServer],
    state,
  });
  const signIn = new AgentSignIn({
    connections: parts.connections,
    credentials,
    dialogs,
    onDidChangeAccounts: accounts.event,
    logger: silentLogger,
  });
  await settle();
  const given = () => parts.host.heard.filter(({ method }) => method === "authenticate").map(({ params }) => params);
  const announce = (resource: object) => {
    parts.host.notify("auth/required", { channel: "ahp-root://", resource, reason: "required" });
    return settle();
  };
  return { ...parts, person, account, accounts, credentials, signIn, state, given, announce };
}

describe("before a launch", () => {
  it("hands the agent's account over after one yes that names host, address, resource and rights", async () => {
    const { signIn, person, account, given } = await aDesk({ answer: "Sign In" });
    expect(signIn.isNeeded("a", "copilotcli")).toBe(true);
    expect(await signIn.beforeLaunch("a", "copilotcli")).toBe(true);
    expect(given()).toEqual([
      {
        channel: "ahp-root://",
        resource: "https://api.github.com",
        token: "gho_1",
        scopes: ["read:user", "user:email"],
      },
    ]);
    expect(account.asked).toEqual([["read:user", "user:email"]]);
    expect(person.questions).toHaveLength(1);
    expect(person.questions[0]).toMatch(
      /github\.com for Copilot on "a"\?.*https:\/\/api\.github\.com.*wss:\/\/a\.example.*read:user, user:email/,
    );
    expect(signIn.isNeeded("a", "copilotcli")).toBe(false);
  });

  it("EXT-6: asks a hundred launches once, whatever the answer was", async () => {
    for (const answer of ["Sign In", "Launch Without"]) {
      const { signIn, person } = await aDesk({ answer });
      await Promise.all(Array.from({ length: 50 }, () => signIn.beforeLaunch("a", "copilotcli")));
      for (let index = 0; index < 50; index++) expect(await signIn.beforeLaunch("a", "copilotcli"), answer).toBe(true);
      expect(person.questions, answer).toHaveLength(1);
    }
  });

  it("launches nothing and sends nothing when the question is dismissed, and asks again", async () => {
    const { signIn, person, given } = await aDesk();
    expect(await signIn.beforeLaunch("a", "copilotcli")).toBe(false);
    expect(await signIn.beforeLaunch("a", "copilotcli")).toBe(false);
    expect([person.questions.length, given()]).toEqual([2, []]);
  });

  it("sends nothing after a no, and asks again when the person wants it themselves", async () => {
    const { signIn, person, given } = await aDesk({ answer: "Launch Without" });
    await signIn.beforeLaunch("a", "copilotcli");
    expect(given()).toEqual([]);
    person.answer = "Sign In";
    const [need] = signIn.offers("a", "copilotcli");
    expect(await signIn.signIn(need!)).toBe(true);
    expect([person.questions.length, given().length]).toEqual([2, 1]);
  });

  it("asks nobody for an agent that needs nothing, or only could use it", async () => {
    const { signIn, person } = await aDesk({ asked: [repositories] });
    expect(await signIn.beforeLaunch("a", "copilotcli")).toBe(true);
    expect([person.questions, person.told]).toEqual([[], []]);
  });

  it.each<[string, Partial<ProtectedResource>, RegExp]>([
    ["an issuer that is no GitHub", { authorization_servers: ["https://login.example/oauth"] }, /login\.example/],
    ["an issuer that only looks like it", { authorization_servers: ["https://github.com.evil.example"] }, /evil/],
    ["an issuer without encryption", { authorization_servers: ["http://github.com"] }, /http:\/\/github\.com/],
    ["a resource that is not GitHub's", { resource: "https://api.evil.example" }, /not part of that server/],
    ["rights that no agent needs", { scopes_supported: ["read:user", "admin:org"] }, /admin:org.*no more than/],
  ])(
    "EXT-6: tells once why it can't sign in for %s, in a hundred launches, and sends nothing",
    async (_what, change, sentence) => {
      const { signIn, person, given } = await aDesk({ asked: [{ ...copilot, ...change }], answer: "Sign In" });
      for (let index = 0; index < 100; index++) expect(await signIn.beforeLaunch("a", "copilotcli")).toBe(true);
      expect([person.questions, given()]).toEqual([[], []]);
      expect(person.told).toEqual([expect.stringMatching(sentence)]);
      expect(signIn.isNeeded("a", "copilotcli")).toBe(false);
    },
  );

  it("signs in to a GitHub of one's own that the settings name", async () => {
    const own: GitHubServer = {
      host: "git.corp",
      apiUrl: "https://git.corp/api/v3",
      authProvider: "github-enterprise",
    };
    const asked = [
      { ...copilot, resource: "https://git.corp/api/v3", authorization_servers: ["https://git.corp/login/oauth"] },
    ];
    const { signIn, person, given } = await aDesk({ asked, servers: [own], answer: "Sign In" });
    await signIn.beforeLaunch("a", "copilotcli");
    expect(person.questions[0]).toContain("Sign in to git.corp for Copilot");
    expect(given()).toHaveLength(1);
  });

  it("sends nothing to an address that is neither encrypted nor on this machine", async () => {
    const { connections, credentials, person, given, signIn } = await aDesk({ answer: "Sign In" });
    const [need] = signIn.offers("a");
    const { host } = connections.get("a")!;
    Object.assign(host, { url: "ws://a.example" });
    await expect(signIn.signIn(need!)).rejects.toMatchObject({ code: "host.untrustedAddress" });
    await credentials.consents.remember(host, need!.want);
    expect(await credentials.lendAgain("a", need!.want)).toBe(false);
    expect([person.questions, given()]).toEqual([[], []]);
  });
});

describe("a host that was allowed it", () => {
  async function allowed(setting: Setting = {}) {
    const desk = await aDesk({ answer: "Sign In", ...setting });
    await desk.signIn.beforeLaunch("a", "copilotcli");
    return desk;
  }

  it("gets it again without a word when it has started afresh, and not when it only lost the connection", async () => {
    const { host, clock, person, given, signIn } = await allowed();
    host.dropAll();
    await clock.advance(60_000);
    expect(given()).toHaveLength(1);
    host.restart();
    await clock.advance(60_000);
    await settle();
    expect([given().length, person.questions.length]).toEqual([2, 1]);
    expect(signIn.isNeeded("a")).toBe(false);
  });

  it("EXT-6: gets it in a later window, too, as long as it asks for the same, and for anything else only after a yes", async () => {
    const { state } = await allowed();
    const later = await aDesk({ state });
    expect([later.given().length, later.person.questions.length]).toEqual([1, 0]);
    for (const asked of [
      { ...copilot, scopes_supported: ["read:user", "repo"] },
      { ...copilot, scopes_supported: ["read:user"] },
      { ...copilot, resource: "https://api.github.com/copilot" },
    ]) {
      const other = await aDesk({ state, asked: [asked] });
      expect(other.given()).toEqual([]);
      await other.signIn.beforeLaunch("a", "copilotcli");
      expect([other.given().length, other.person.questions.length]).toEqual([0, 1]);
    }
  });

  it("EXT-6: gets nothing at another address", async () => {
    const { registry, given, person, signIn } = await allowed();
    person.answer = undefined;
    await registry.edit("a", { name: "a", url: "wss://elsewhere.example" });
    await settle();
    expect([given().length, signIn.isNeeded("a")]).toEqual([1, true]);
    await signIn.beforeLaunch("a", "copilotcli");
    expect([given().length, person.questions.length]).toEqual([1, 2]);
  });

  it("gets nothing any more after it was forgotten or removed", async () => {
    for (const end of ["forget", "remove"] as const) {
      const { signIn, registry, state, credentials } = await allowed();
      await (end === "forget" ? signIn.forget("a") : registry.remove("a"));
      await settle();
      expect(Array.from(credentials.consents.hostIds), end).toEqual([]);
      const later = await aDesk({ state });
      expect(later.given(), end).toEqual([]);
    }
  });

  it("gets the account's fresh token, and none when the account is gone", async () => {
    const { account, accounts, given, signIn } = await allowed();
    accounts.fire("github");
    await settle();
    expect(given()).toHaveLength(1);
    account.token = "gho_2";
    accounts.fire("github-enterprise");
    await settle();
    expect(given()).toHaveLength(1);
    accounts.fire("github");
    await settle();
    expect(given().map(({ token }) => token)).toEqual(["gho_1", "gho_2"]);
    account.token = undefined;
    accounts.fire("github");
    await settle();
    expect([given().length, signIn.isNeeded("a")]).toEqual([2, true]);
  });

  it("gets the fresh token when it says that the old one is over, and the same one never twice", async () => {
    const { account, announce, given, person, signIn } = await allowed();
    account.token = "gho_2";
    await announce(copilot);
    expect(given().map(({ token }) => token)).toEqual(["gho_1", "gho_2"]);
    expect([person.told, signIn.isNeeded("a")]).toEqual([[], false]);
    for (let index = 0; index < 100; index++) await announce(copilot);
    expect(person.told).toEqual([expect.stringContaining('"a" asks for a sign-in to github.com for Copilot')]);
    expect([given().length, signIn.isNeeded("a")]).toEqual([2, true]);
  });

  it("keeps no token", async () => {
    const { state } = await allowed();
    expect(JSON.stringify(Array.from(state.values))).not.toContain("gho_");
  });
});

describe("a host that announces what it needs", () => {
  it("EXT-6: is told of once in a hundred times, and has nothing before a yes", async () => {
    const { announce, given, person } = await aDesk();
    for (let index = 0; index < 100; index++) await announce({ ...copilot, scopes_supported: ["repo"] });
    expect([person.told.length, person.questions, given()]).toEqual([1, [], []]);
  });

  it("gets it by the button of that notice and the yes after it", async () => {
    const { announce, given, person } = await aDesk({ answer: "Sign In" });
    person.press = "Sign In";
    await announce({ ...copilot, scopes_supported: ["repo"] });
    expect(person.questions).toHaveLength(1);
    expect(given()).toMatchObject([{ resource: "https://api.github.com", scopes: ["repo"] }]);
  });

  it("is not heard when it may not have it", async () => {
    const { announce, given, person } = await aDesk();
    await announce({ ...copilot, scopes_supported: ["delete_repo"] });
    await announce({ resource: "https://elsewhere.example" });
    expect([person.told, person.questions, given()]).toEqual([[], [], []]);
  });
});
