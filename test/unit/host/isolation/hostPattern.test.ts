import { describe, expect, it } from "vitest";
import { isHostPattern, matches, parseAuthority } from "../../../../src/host/isolation/egress/hostPattern.ts";

describe("SBX-5: what a CONNECT line names", () => {
  it.each([
    ["example.com:443", { host: "example.com", port: 443 }],
    ["EXAMPLE.com.:443", { host: "example.com", port: 443 }],
    ["127.0.0.1:80", { host: "127.0.0.1", port: 80 }],
    ["[::1]:443", { host: "::1", port: 443 }],
    ["my_host.example:8080", { host: "my_host.example", port: 8080 }],
  ])("%j is plain", (text, target) => expect(parseAuthority(text)).toEqual(target));

  it.each([
    "example.com",
    "example.com:0",
    "example.com:65536",
    "example.com:443:443",
    "example.com:443\0.allowed.example:443",
    "example.com\0.allowed.example:443",
    "example.com%00.allowed.example:443",
    "user@example.com:443",
    "allowed.example@example.com:443",
    "example.com..:443",
    ".example.com:443",
    "2130706433:80",
    "0x7f000001:80",
    "0x7f.1:80",
    "127.1:80",
    "0177.0.0.1:80",
    "127.0.0.1.:80:80",
    "example.com:443 HTTP/1.1",
    "example.com\r\nHost: allowed.example:443",
    "ｅxample.com:443",
    "ex\u200bample.com:443",
    "[fe80::1%25eth0]:443",
    "http://example.com:443",
    `${"a".repeat(64)}.example:443`,
    "",
  ])("%j is refused", (text) => expect(parseAuthority(text)).toBeUndefined());
});

describe("an entry of the allow-list", () => {
  it.each([
    ["example.com", "example.com", 443, true],
    ["Example.COM", "example.com", 80, true],
    ["example.com", "example.com", 22, false],
    ["example.com:22", "example.com", 22, true],
    ["example.com:22", "example.com", 443, false],
    ["example.com", "evil-example.com", 443, false],
    ["example.com", "example.com.evil.net", 443, false],
    ["example.com", "sub.example.com", 443, false],
    ["*.example.com", "sub.example.com", 443, true],
    ["*.example.com", "a.b.example.com", 443, true],
    ["*.example.com", "example.com", 443, false],
    ["*.example.com", "evilexample.com", 443, false],
    ["*.0.0.1", "127.0.0.1", 443, false],
    ["example.com", "exampleXcom", 443, false],
  ])("%s and %s:%i: %s", (pattern, host, port, isAllowed) => expect(matches(pattern, { host, port })).toBe(isAllowed));

  it("is a name, with a star in front at most", () => {
    expect(["example.com", "*.example.com", "localhost:8080", "10.0.0.1"].every(isHostPattern)).toBe(true);
    const wrong = [
      "*",
      "*.*.com",
      "a.*.com",
      "https://example.com",
      "example.com/path",
      "example.com:0",
      "exa mple.com",
      "127.1",
      "",
    ];
    expect(wrong.filter(isHostPattern)).toEqual([]);
  });
});
