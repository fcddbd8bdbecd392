import { describe, expect, it } from "vitest";
import { plantedSecrets } from "../../support/plantedSecrets.ts";
import { auditVsix } from "../../package/vsixAudit.ts";

/** What the audit says of a VSIX with one thing in it that must not be there. */
async function found(plant: Readonly<Record<string, string>>): Promise<string> {
  const files = { "extension/package.json": '{"activationEvents":[]}', ...plant };
  const checks = await auditVsix(new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])));
  return checks.map(({ problem = "" }) => problem).join(" ");
}

describe("EXT-1: the audit of a VSIX finds", () => {
  it.each([
    ["a file too many", { "extension/dist/extra.js": "" }, "not expected: extension/dist/extra.js"],
    ["a source map", { "extension/dist/a.js.map": "" }, "extension/dist/a.js.map"],
    ["the name of a source map", { "a.js": "1\n//# sourceMappingURL=a.js.map" }, "a.js names a map"],
    ["a file of credentials", { "extension/.env.local": "" }, "extension/.env.local"],
    ["a test", { "extension/test/a.js": "" }, "extension/test/a.js"],
    [
      "an extension that comes along",
      { "extension/package.json": '{"activationEvents":[],"extensionPack":["a.b"]}' },
      "extensionPack",
    ],
    ["a wake-up in every window", { "extension/package.json": '{"activationEvents":["*"]}' }, "*"],
    ["an invisible character", { "a.md": "user\u202etxt" }, "‹U+202E› in a.md"],
    ["a tag character", { "a.js": "'\u{e0041}'" }, "‹U+E0041› in a.js"],
    ["a call of eval", { "a.js": "x=eval (y)" }, "a.js does"],
    ["a function made of text", { "a.js": 'return new Function("a")' }, "a.js does"],
    ["one that is made by another name", { "a.js": "let F=Function;new F(t)" }, "a.js does"],
  ])("%s", async (_what, plant, problem) => {
    expect(await found(plant)).toContain(problem);
  });

  it("a credential wherever it stands in a line of a megabyte", async () => {
    const token = plantedSecrets().find(({ format }) => format === "ghp_")?.text ?? "";
    for (const at of [0, 7_990, 8_000, 999_000]) {
      const line = `${"x ".repeat(at / 2)}${token}${"y".repeat(1_000_000 - at)}`;
      expect(await found({ "a.js": line }), String(at)).toMatch(/GitHub ?token in a\.js/i);
    }
  });
});
