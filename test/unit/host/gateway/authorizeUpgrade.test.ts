import { describe, expect, it } from "vitest";
import { authorizeUpgrade, type UpgradeRequest } from "../../../../src/host/gateway/authorizeUpgrade.ts";
import { FailureLimits } from "../../../../src/host/gateway/failureLimits.ts";
import { FixedTokens, ownersGrant } from "../../../support/access.ts";
import { FakeClock } from "../../../support/fakeClock.ts";

const TOKEN = "t".repeat(43);
const host = "127.0.0.1:4517";

function door() {
  const clock = new FakeClock();
  const policy = {
    tokens: new FixedTokens({ [TOKEN]: ownersGrant }),
    allowedOrigins: ["https://editor.example.com"],
    hosts: [host, "[::1]:4517"],
    failures: new FailureLimits(clock, { perAddress: 10, ofAll: 100 }),
  };
  const ask = (given: { headers?: UpgradeRequest["headers"]; url?: string; address?: string } = {}) => {
    const { headers = {}, url = `/?tkn=${TOKEN}`, address = "192.0.2.1" } = given;
    const answer = authorizeUpgrade({ url, address, headers: { host, ...headers } }, policy);
    return answer.ok ? 101 : answer.error.status;
  };
  return { clock, ask };
}

describe("AUTH-2: guessing", () => {
  it("is stopped after 10 a minute from one address, in 100,000 guesses, and the right token passes at once", () => {
    const { ask } = door();
    const counts = new Map<number, number>();
    for (let guess = 0; guess < 100_000; guess += 1) {
      const status = ask({ url: `/?tkn=${guess}` });
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(counts)).toEqual({ 403: 10, 429: 99_990 });
    expect(ask()).toBe(101);
    // Somebody else has not used up anything.
    expect(ask({ url: "/?tkn=wrong", address: "192.0.2.2" })).toBe(403);
  });

  it("is stopped after 100 a minute from 200 addresses, and begins anew in the next minute", async () => {
    const { clock, ask } = door();
    const statuses = Array.from({ length: 100_000 }, (_, guess) =>
      ask({ url: `/?tkn=${guess}`, address: `127.0.0.${guess % 200}` }),
    );
    expect(statuses.filter((status) => status === 403)).toHaveLength(100);
    expect(statuses.filter((status) => status === 429)).toHaveLength(99_900);
    expect(ask({ address: "127.0.0.5" })).toBe(101);
    await clock.advance(60_000);
    expect(ask({ url: "/?tkn=wrong", address: "127.0.0.5" })).toBe(403);
  });

  it("counts the addresses of one IPv6 network together, and IPv4 however it is written", () => {
    const { ask } = door();
    for (let guess = 0; guess < 10; guess += 1) ask({ url: "/", address: `2001:db8:1:2::${guess.toString(16)}` });
    expect(ask({ url: "/", address: "2001:db8:1:2:ffff:ffff:ffff:ffff" })).toBe(429);
    expect(ask({ url: "/", address: "2001:db8:1:3::1" })).toBe(401);
    for (let guess = 0; guess < 10; guess += 1) ask({ url: "/", address: "::ffff:192.0.2.9" });
    expect(ask({ url: "/", address: "192.0.2.9" })).toBe(429);
  });
});

const origins: readonly (readonly [string, string | undefined, number])[] = [
  ["none", undefined, 101],
  ["the one that is allowed", "https://editor.example.com", 101],
  ["null", "null", 403],
  ["empty", "", 403],
  ["another", "https://evil.example", 403],
  ["a longer one that begins like it", "https://editor.example.com.evil.example", 403],
  ["a longer one that ends like it", "https://evil-editor.example.com", 403],
  ["with a user", "https://editor.example.com@evil.example", 403],
  ["with another port", "https://editor.example.com:8443", 403],
  ["with the usual port", "https://editor.example.com:443", 403],
  ["in another case", "https://Editor.example.com", 403],
  ["of another scheme", "http://editor.example.com", 403],
  ["with a path", "https://editor.example.com/", 403],
  ["with a blank", " https://editor.example.com", 403],
  ["of this host itself", `http://${host}`, 403],
  ["of an extension", "vscode-webview://abc", 403],
];

describe("ORI-1..3: an Origin", () => {
  it.each(origins)("%s", (_what, origin, status) => {
    expect(door().ask({ headers: origin === undefined ? {} : { origin } })).toBe(status);
  });
});

describe("ORI-4, ORI-5: a Host", () => {
  it.each([
    ["as it is", host, 101],
    ["in upper case", "[::1]:4517".toUpperCase(), 101],
    ["absent", undefined, 403],
    ["empty", "", 403],
    ["without the port", "127.0.0.1", 403],
    ["with another port", "127.0.0.1:4518", 403],
    ["with a dot at the end", "127.0.0.1.:4517", 403],
    ["with a user", `evil@${host}`, 403],
    ["a name that was rebound to this address", "rebound.example.com:4517", 403],
    ["a longer name that begins like it", `${host}.evil.example`, 403],
    ["this address, written differently", "0x7f.1:4517", 403],
    ["this address as IPv6", "[::ffff:127.0.0.1]:4517", 403],
    ["two", `${host}, ${host}`, 403],
  ])("%s", (_what, given, status) => {
    expect(door().ask({ headers: { host: given } })).toBe(status);
  });
});

describe("AUTH-4: what a client says of itself", () => {
  it("is not looked at: only the token counts", () => {
    const { ask } = door();
    const claims = { "x-role": "admin", "x-user": "owner", "x-forwarded-user": "owner", cookie: `tkn=${TOKEN}` };
    expect(ask({ url: "/?role=admin&user=owner&scope=all", headers: claims })).toBe(401);
    expect(ask({ url: `/?tkn=${TOKEN}&tkn=${TOKEN}` })).toBe(401);
    expect(ask({ url: `/?tkn=${TOKEN}`, headers: { authorization: `Bearer ${TOKEN}` } })).toBe(401);
    expect(ask({ url: "/", headers: { authorization: `Basic ${TOKEN}` } })).toBe(401);
  });
});
