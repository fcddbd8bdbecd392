import { describe, expect, it } from "vitest";
import { toRequestText } from "../../../../src/extension/inbox/requestText.ts";
import { chat, pendingCall } from "../../../support/aChat.ts";

const textOf = (input: string) =>
  toRequestText({ kind: "toolConfirmation", id: "r", chat, turnId: "t", toolCall: pendingCall(input) });

describe("a request as a list shows it", () => {
  it("is the command, when that is all there is", () => {
    expect(textOf('{"command":"rm -rf dist\\nls"}')).toEqual({
      kind: "command",
      lines: ["rm -rf dist", "ls"],
      text: "rm -rf dist\nls",
      changesFiles: false,
      isElsewhere: false,
    });
  });

  it("is every argument, when there is more to judge than the command", () => {
    const { kind, lines } = textOf('{"command":"ls","cwd":"/etc"}');
    expect(kind).toBe("call");
    expect(lines.join("")).toBe('{"command":"ls","cwd":"/etc"}');
  });

  it("spells out what cannot be seen and cuts nothing away", () => {
    const long = `echo ${"a".repeat(300)}\u202e; rm -rf /`;
    const { lines } = textOf(JSON.stringify({ command: long }));
    expect(lines.every((line) => line.length <= 90)).toBe(true);
    expect(lines.join("")).toBe(long.replace("\u202e", "‹U+202E›"));
  });

  it("is the bare text of a call that runs a command", () => {
    const toolCall = { ...pendingCall("rm -rfv build"), _meta: { toolKind: "terminal" } };
    const request = { kind: "toolConfirmation", id: "r", chat, turnId: "t", toolCall } as const;
    expect(toRequestText(request)).toMatchObject({ kind: "command", lines: ["rm -rfv build"] });
  });

  it("is the text as it came, when it is not JSON", () => {
    expect(textOf("*** Begin Patch").lines).toEqual(["*** Begin Patch"]);
  });
});
