import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64UrlToText, textToBase64Url } from "../../../src/protocol/base64Url.ts";
import { channelKind } from "../../../src/protocol/reduce.ts";
import * as uris from "../../../src/protocol/uris.ts";

const id = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
const session = uris.sessionUri(id);
const oid = "0123456789abcdef0123456789abcdef01234567";

describe("base64url", () => {
  it("agrees with the platform's own", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const encoded = textToBase64Url(text);
        expect(encoded).toBe(Buffer.from(text, "utf8").toString("base64url"));
        expect(base64UrlToText(encoded)).toBe(text);
      }),
    );
  });

  it.each(["a", "ab==", "a+b/", "AB", "_-8", "é"])("refuses %s", (encoded) => {
    expect(base64UrlToText(encoded)).toBeUndefined();
  });
});

describe("URIs come apart as they were built", () => {
  it("sessions and their chats", () => {
    expect(session).toBe(`ahp-session:/${id}`);
    expect(uris.parseSessionUri(session)).toBe(id);
    expect(uris.chatUri("ahp-session:/abc")).toBe("ahp-chat://default/YWhwLXNlc3Npb246L2FiYw");
    expect(uris.parseChatUri(uris.chatUri(session))).toEqual({ chatId: "default", session });
    expect(uris.parseChatUri(uris.chatUri(session, "subagent/tc 1"))).toEqual({ chatId: "subagent/tc 1", session });
  });

  it("changesets and annotations", () => {
    expect(uris.parseChangesetUri(uris.branchChangesetUri(session))).toEqual({ session, kind: "branch" });
    const turn = uris.turnChangesetUri(session, "t/1");
    expect(uris.parseChangesetUri(turn)).toEqual({ session, kind: "turn", turnId: "t/1" });
    expect(uris.parseAnnotationsUri(uris.annotationsUri(session))).toBe(session);
    expect(uris.turnChangesetTemplate(session)).toBe(`${session}/changeset/turn/{turnId}`);
    const compared = uris.compareChangesetUri(session, "turn/1", "2");
    expect(uris.parseChangesetUri(compared)).toEqual({ session, kind: "compare", from: "turn/1", to: "2" });
  });

  it("terminals, fleet channels and blobs", () => {
    expect(uris.parseTerminalUri(uris.terminalUri(id, "call_1/2"))).toEqual({ sessionId: id, toolCallId: "call_1/2" });
    expect(uris.parseFleetSessionUri(uris.fleetSessionUri(id))).toBe(id);
    expect(uris.parseBlobUri(uris.blobUri(id, oid))).toEqual({ sessionId: id, oid });
  });

  it("files, whatever their names are made of", () => {
    expect(uris.fileUri("s", "src/a b#%?.ts")).toBe("x-fleet-file:/s/src/a%20b%23%25%3F.ts");
    const segment = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((text) => !text.includes("/") && text !== "." && text !== "..");
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1 }), (segments) => {
        const path = segments.join("/");
        expect(uris.parseFileUri(uris.fileUri(id, path))).toEqual({ sessionId: id, path });
      }),
    );
  });
});

describe("URIs that nobody built are refused", () => {
  it.each([
    ["a session that climbs", uris.parseSessionUri("ahp-session:/..")],
    ["a session with a path", uris.parseSessionUri("ahp-session:/a/b")],
    ["a session without an id", uris.parseSessionUri("ahp-session:/")],
    ["another host's session", uris.parseSessionUri("copilot:/a")],
    ["a chat of no base64", uris.parseChatUri("ahp-chat://default/***")],
    ["a chat without a session", uris.parseChatUri("ahp-chat://default")],
    ["a changeset of a kind that we have not", uris.parseChangesetUri(`${session}/changeset/uncommitted`)],
    ["a comparison with one end", uris.parseChangesetUri(`${session}/changeset/compare/a`)],
    ["a comparison with three ends", uris.parseChangesetUri(`${session}/changeset/compare/a/b/c`)],
    ["a broken escape", uris.parseTerminalUri("ahp-terminal:/s/%E0%A4%A")],
    ["a blob that is no object id", uris.parseBlobUri(`x-fleet-blob:/${id}/HEAD`)],
    ["a blob with an option for a name", uris.parseBlobUri(`x-fleet-blob:/${id}/--output=x`)],
    ["a file that climbs", uris.parseFileUri(`x-fleet-file:/${id}/a/%2E%2E/b`)],
    ["a file with a slash in a segment", uris.parseFileUri(`x-fleet-file:/${id}/a%2F..%2Fb`)],
    ["an absolute file", uris.parseFileUri(`x-fleet-file:/${id}//etc/passwd`)],
    ["a session that climbs, of a file", uris.parseFileUri("x-fleet-file:/../a")],
  ])("%s", (_name, parsed) => {
    expect(parsed).toBeUndefined();
  });
});

it("names channels of the kinds that they are", () => {
  expect(
    [
      uris.ROOT_URI,
      session,
      uris.chatUri(session),
      uris.branchChangesetUri(session),
      uris.turnChangesetUri(session, "t"),
      uris.annotationsUri(session),
      uris.terminalUri(id, "c"),
      uris.fleetSessionUri(id),
    ].map(channelKind),
  ).toEqual(["root", "session", "chat", "changeset", "changeset", "annotations", "terminal", "fleetSession"]);
});
