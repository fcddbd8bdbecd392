import { expect, it } from "vitest";
import { promptContent } from "../../../../../src/host/providers/acp/promptContent.ts";
import type { Attachment } from "../../../../../src/protocol/chatState.ts";
import { fileUri } from "../../../../../src/protocol/uris.ts";

const everything = { resources: true, images: true, audio: true };
const nothing = { resources: false, images: false, audio: false };

function blocks(attachment: Attachment, accepted = everything) {
  const message = { text: "Look", origin: { kind: "user" }, attachments: [attachment] };
  return promptContent(message, "/w", accepted).slice(1);
}

it.each([
  ["image/png", { type: "image", data: "AAAA", mimeType: "image/png" }],
  ["audio/wav", { type: "audio", data: "AAAA", mimeType: "audio/wav" }],
])("gives %s to an agent that takes it, and tells another that there was one", (contentType, block) => {
  const attachment = { type: "embeddedResource", label: "thing", data: "AAAA", contentType } as const;
  expect(blocks(attachment)).toEqual([block]);
  expect(blocks(attachment, nothing)).toEqual([
    {
      type: "text",
      text: `(The attachment thing, ${contentType}, could not be given to you: you take no such content.)`,
    },
  ]);
});

it("gives text as a resource, or within the prompt; JSON is text", () => {
  const attachment = {
    type: "embeddedResource",
    label: "a b.json",
    data: "{}",
    contentType: "application/json",
  } as const;
  expect(blocks(attachment)).toEqual([{ type: "resource", resource: { uri: "attachment:a%20b.json", text: "{}" } }]);
  expect(blocks(attachment, nothing)).toEqual([{ type: "text", text: "a b.json:\n\n{}" }]);
});

it("names files of the session by their place in the workspace", () => {
  const attachment = { type: "resource", label: "a.ts", uri: fileUri("session-1", "src/a.ts") } as const;
  expect(blocks(attachment)).toEqual([{ type: "resource_link", uri: "file:///w/src/a.ts", name: "a.ts" }]);
});
