import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type FindSession,
  fromVsCodeUri,
  mapUris,
  type SessionAddress,
  toVsCodeUri,
} from "../../../../src/host/gateway/vscodeUris.ts";
import { annotationsUri, branchChangesetUri, chatUri, turnChangesetUri } from "../../../../src/protocol/uris.ts";

const id = "980c90c5-5e31-4402-9d20-4ffaf8fa8be5";
const made = "11111111-5e31-4402-9d20-4ffaf8fa8be5";
const addresses = new Map<string, SessionAddress>([
  [id, { session: `ahp-session:/${id}`, provider: "sample" }],
  [made, { session: `sample:/${made}`, provider: "sample" }],
]);
const find: FindSession = (wanted) => addresses.get(wanted);

describe("the address of a session to VS Code", () => {
  it.each([
    ["the session", `ahp-session:/${id}`, `sample:/${id}`],
    ["its chat", chatUri(`ahp-session:/${id}`), chatUri(`sample:/${id}`)],
    ["its changes", branchChangesetUri(`ahp-session:/${id}`), branchChangesetUri(`sample:/${id}`)],
    ["a turn's changes", turnChangesetUri(`ahp-session:/${id}`, "a/b"), turnChangesetUri(`sample:/${id}`, "a/b")],
    ["its annotations", annotationsUri(`ahp-session:/${id}`), annotationsUri(`sample:/${id}`)],
    ["one that VS Code made itself", `sample:/${made}`, `sample:/${made}`],
  ])("names the agent by its scheme: %s", (_what, own, vscode) => {
    expect(toVsCodeUri(own, find)).toBe(vscode);
    expect(fromVsCodeUri(vscode, find)).toBe(own);
  });

  it.each([
    ["the root", "ahp-root://"],
    ["a session of another agent under this scheme", `other:/${id}`],
    ["a session that is not here", "sample:/22222222-5e31-4402-9d20-4ffaf8fa8be5"],
    ["a page", "https://example.com/sample"],
    ["a file", "file:///home/me/project"],
    ["a terminal", `ahp-terminal:/${id}/call-1`],
    ["a chat of nothing", "ahp-chat://default/%%%"],
    ["nothing", ""],
  ])("leaves alone what is none: %s", (_what, uri) => {
    expect(toVsCodeUri(uri, find)).toBe(uri);
    expect(fromVsCodeUri(uri, find)).toBe(uri);
  });

  it("comes back as it was, whatever follows it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.boolean(), (rest, isChat) => {
        const uri = `ahp-session:/${id}/${rest}`;
        const own = isChat ? chatUri(uri) : uri;
        expect(fromVsCodeUri(toVsCodeUri(own, find), find)).toBe(own);
      }),
    );
  });
});

describe("mapUris", () => {
  const rules = {
    channel: (uri: string) => toVsCodeUri(uri, find),
    reference: (uri: string) => `r:${uri}`,
    side: (file: string, content: string) => ({ file: `f:${file}`, content: `c:${content}` }),
  };
  const session = `ahp-session:/${id}`;

  it("reaches every channel of a message and no text that only looks like one", () => {
    const message = {
      channel: session,
      missing: [session, "ahp-root://"],
      action: {
        type: "session/inputNeededSet",
        request: {
          chat: chatUri(session),
          toolCall: { toolInput: session, content: [{ type: "text", text: session }] },
        },
      },
    };
    expect(mapUris(message, rules)).toEqual({
      channel: `sample:/${id}`,
      missing: [`sample:/${id}`, "ahp-root://"],
      action: {
        type: "session/inputNeededSet",
        request: {
          chat: chatUri(`sample:/${id}`),
          toolCall: { toolInput: session, content: [{ type: "text", text: session }] },
        },
      },
    });
    expect(message.channel).toBe(session);
  });

  it("names both URIs of a file's side together", () => {
    const edit = { after: { uri: "u", content: { uri: "b", sizeHint: 3 } } };
    expect(mapUris({ edit }, rules)).toEqual({
      edit: { after: { uri: "f:u", content: { uri: "c:b", sizeHint: 3 } } },
    });
  });

  it("names the file that a message refers to", () => {
    const message = {
      attachments: [
        { type: "resource", uri: "u" },
        { type: "simple", uri: "u" },
      ],
    };
    expect(mapUris(message, rules)).toEqual({
      attachments: [
        { type: "resource", uri: "r:u" },
        { type: "simple", uri: "u" },
      ],
    });
  });

  it("copies nothing of what stays as it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const same = { reference: (uri: string) => uri, side: (file: string, content: string) => ({ file, content }) };
        expect(mapUris(value, { ...rules, ...same })).toEqual(value);
      }),
    );
    const untouched = { method: "ping", params: { list: [{ a: 1 }] } };
    expect(mapUris(untouched, rules)).toBe(untouched);
  });
});
