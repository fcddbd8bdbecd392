import { describe, expect, it } from "vitest";
import { parseHostLink, parseHostProposal } from "../../../../src/extension/hosts/hostLink.ts";

describe("a link to add a host", () => {
  it("proposes an address and a name", () => {
    const link = "vscode://muster.muster/host/add?url=wss%3A%2F%2Ffarm.example%2Fahp&name=The%20farm";
    expect(parseHostProposal(link)).toEqual({
      ok: true,
      value: { url: "wss://farm.example/ahp", token: undefined, name: "The farm" },
    });
  });

  it("brings no token and no file to take one from", () => {
    const parsed = parseHostLink(
      "url=wss%3A%2F%2Ffarm.example%2F%3Ftkn%3Dsecret&tokenFile=%2Fetc%2Fpasswd&token=other",
    );
    expect(JSON.stringify(parsed)).not.toMatch(/secret|passwd|other/);
    expect(parsed).toMatchObject({ ok: true, value: { url: "wss://farm.example", token: undefined } });
  });

  it("is refused without an address, or with one that may not be used", () => {
    expect(parseHostLink("name=x")).toMatchObject({ ok: false });
    expect(parseHostLink("url=ws%3A%2F%2Ffarm.example")).toMatchObject({
      ok: false,
      error: { code: "host.untrustedAddress" },
    });
  });

  it("is not what an address is taken for", () => {
    const typed = parseHostProposal("wss://farm.example/host/add?url=wss://other.example&tkn=abc");
    expect(typed).toMatchObject({ ok: true, value: { token: "abc", name: "farm.example" } });
    expect(parseHostProposal("vscode://muster.muster/other?url=wss://farm.example")).toMatchObject({ ok: false });
  });
});
