import { describe, expect, it } from "vitest";
import { parseHostUrl } from "../../../../src/extension/hosts/hostUrl.ts";

describe("parseHostUrl", () => {
  it.each([
    ["ws://127.0.0.1:8123", "ws://127.0.0.1:8123"],
    ["http://localhost:8123/", "ws://localhost:8123"],
    ["localhost:8123", "ws://localhost:8123"],
    ["[::1]:8123", "ws://[::1]:8123"],
    ["agents.example.com", "wss://agents.example.com"],
    ["agents.example.com:444/fleet", "wss://agents.example.com:444/fleet"],
    [" https://Agents.Example.com/a/b ", "wss://agents.example.com/a/b"],
    ["wss://agents.example.com?team=1#part", "wss://agents.example.com?team=1"],
  ])("%s becomes %s", (text, url) => {
    expect(parseHostUrl(text)).toMatchObject({ ok: true, value: { url, token: undefined } });
  });

  it.each([
    ["ws://localhost:1?tkn=s3cret", "ws://localhost:1"],
    ["wss://h.example/?token=s3cret&team=1", "wss://h.example?team=1"],
    ["wss://s3cret@h.example", "wss://h.example"],
    ["wss://user:s3cret@h.example/x", "wss://h.example/x"],
    ["wss://h.example?tkn=s3cret&token=other", "wss://h.example"],
  ])("takes the token out of %s", (text, url) => {
    expect(parseHostUrl(text)).toMatchObject({ ok: true, value: { url, token: "s3cret" } });
  });

  it.each([
    "ws://agents.example.com",
    "http://10.0.0.5:80",
    "ws://127.0.0.1.example.com",
    "ws://localhost.example.com",
  ])("refuses to talk in the open to %s", (text) => {
    expect(parseHostUrl(text)).toMatchObject({ ok: false, error: { code: "host.untrustedAddress" } });
  });

  it.each([
    "",
    "   ",
    "ftp://h.example",
    "file:///etc/passwd",
    "wss://",
    "wss://a b",
    "wss://a\\b",
    "javascript:alert(1)",
  ])("refuses %j", (text) => {
    expect(parseHostUrl(text)).toMatchObject({ ok: false, error: { code: "request.invalid" } });
  });
});
