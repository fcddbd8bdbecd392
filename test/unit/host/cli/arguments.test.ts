import { describe, expect, it } from "vitest";
import { parseCli } from "../../../../src/host/cli/arguments.ts";
import { tokenCommand } from "../../../../src/host/cli/token.ts";

const parse = (...args: string[]) => parseCli(args, "/");

it("gives nobody the owner's token who forgot a word of the command for another's", () => {
  const options = parse("token", "--user", "ada", "--role", "viewer");
  expect(() => tokenCommand(options, 0, () => {})).toThrow(/Write "token create"/);
});

describe("the command line", () => {
  it.each([
    [["delete", "--user", "ada", "--session", "ahp-session:/aaaaaaaa"], '"delete" has no option --session.'],
    [["verify", "--port", "1"], '"verify" has no option --port.'],
    [["serve", "--json"], '"serve" has no option --json.'],
    [["export", "--user", "ada", "--session", "ahp-session:/aaaaaaaa"], /^Export a person's data or a session's/],
    [["serve", "--quiet"], "Unknown option '--quiet'."],
    [["serve", "--data"], "Option '--data <value>' argument missing."],
    [["serve", "again"], 'There is no command "serve again".'],
    [[], "Name a command."],
  ])("refuses %j: nothing is done half, or to something else than was meant", (args, sentence) => {
    expect(() => parse(...args)).toThrow(expect.objectContaining({ code: "request.invalid" }));
    expect(() => parse(...args)).toThrow(sentence);
  });

  it("takes what belongs to a command", () => {
    expect(parse("doctor", "--json", "--port", "0")).toMatchObject({ command: "doctor", json: true, port: 0 });
    expect(parse("export", "--user", "ada")).toMatchObject({ token: { user: "ada" } });
    expect(parse("token", "create", "--user", "ada", "--label", "x")).toMatchObject({ token: { words: ["create"] } });
  });
});
