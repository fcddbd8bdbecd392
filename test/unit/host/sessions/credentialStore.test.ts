import { describe, expect, it } from "vitest";
import { CredentialStore } from "../../../../src/host/sessions/credentialStore.ts";

const server = "https://git.example.com";

describe("a lent token", () => {
  it("serves its lender alone, and the latest one counts", () => {
    const store = new CredentialStore(new Map());
    store.lend("alice", `${server}/team/repository`, "first");
    store.lend("alice", server, "second");
    expect(store.credentialsOf("alice").tokenFor(server)).toBe("second");
    expect(store.credentialsOf("bob").tokenFor(server)).toBeUndefined();
    expect(store.credentialsOf("alice").tokenFor("https://elsewhere.example.com")).toBeUndefined();
  });

  it("goes before what the configuration has for everybody", () => {
    const store = new CredentialStore(new Map([[server, "everybody"]]));
    store.lend("alice", server, "own");
    expect(store.credentialsOf("alice").tokenFor(server)).toBe("own");
    expect(store.credentialsOf("bob").tokenFor(server)).toBe("everybody");
  });

  it.each([
    ["no address", "git.example.com", "token"],
    ["another scheme", "ssh://git.example.com", "token"],
    ["no token", server, ""],
    ["a line too many", server, "token\nX-Header: 1"],
    ["no end", server, "t".repeat(10_001)],
  ])("is refused with %s", (_what, resource, token) => {
    expect(() => new CredentialStore(new Map()).lend("alice", resource, token)).toThrow(/sign-in|token/);
  });
});
