import { describe, expect, it } from "vitest";
import { contentSecurityPolicy, webviewPage } from "../../../../src/extension/platform/webviewPage.ts";

describe("the page of a panel", () => {
  it("may load our bundle and nothing else, and make no markup of text", () => {
    expect(contentSecurityPolicy("https://x.example", "abc")).toBe(
      "default-src 'none'; script-src 'nonce-abc'; style-src https://x.example; font-src https://x.example; " +
        "img-src https://x.example data:; base-uri 'none'; form-action 'none'; " +
        "require-trusted-types-for 'script'; trusted-types 'none'",
    );
  });

  it("has no inline script or style, and one nonced script", () => {
    const html = webviewPage({
      title: "Agent",
      language: "de",
      texts: { 'Say "no"': "»Nein« <sagen>" },
      cspSource: "https://x.example",
      script: 'https://x.example/main.js?"><script>',
      style: "https://x.example/main.css",
      scriptNonce: "abc",
      messageNonce: "def",
    });
    expect(html).not.toContain("unsafe");
    expect(html).not.toMatch(/<style|style=|\son\w+=/);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).toContain('nonce="abc" src="https://x.example/main.js?&quot;>&lt;script>"');
    const texts = "{&quot;Say \\&quot;no\\&quot;&quot;:&quot;»Nein« &lt;sagen>&quot;}";
    expect(html).toContain(`<body data-nonce="def" data-texts="${texts}">`);
    expect(html).toContain('<html lang="de">');
  });
});
