import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Attachment, Message } from "../../../protocol/chatState.ts";
import { parseFileUri } from "../../../protocol/uris.ts";
import type { ContentBlock } from "./acpPeer.ts";

/** What an agent takes beside text and links, as it said when it started. */
export interface Accepted {
  readonly resources: boolean;
  readonly images: boolean;
  readonly audio: boolean;
}

/**
 * A person's message as ACP content. Files of the session become paths of its workspace; what the agent cannot take is
 * named in words, so that it does not answer as if it had seen it.
 */
export function promptContent(message: Message, workspaceRoot: string, accepted: Accepted): ContentBlock[] {
  const attachments = (message.attachments ?? []).flatMap((attachment) =>
    attachmentContent(attachment, workspaceRoot, accepted),
  );
  return [{ type: "text", text: message.text }, ...attachments];
}

function attachmentContent(attachment: Attachment, root: string, accepted: Accepted): ContentBlock[] {
  switch (attachment.type) {
    case "simple":
      return attachment.modelRepresentation ? [{ type: "text", text: attachment.modelRepresentation }] : [];
    case "embeddedResource": {
      const { data: text, label, contentType = "text/plain" } = attachment;
      if (!isText(contentType)) return [mediaContent(label, text, contentType, accepted)];
      const uri = `attachment:${encodeURIComponent(label)}`;
      return accepted.resources
        ? [{ type: "resource", resource: { uri, text } }]
        : [{ type: "text", text: `${label}:\n\n${text}` }];
    }
    case "resource": {
      const file = parseFileUri(attachment.uri);
      const uri = file ? pathToFileURL(path.join(root, file.path)).href : attachment.uri;
      return [{ type: "resource_link", uri, name: attachment.label }];
    }
    case "annotations":
    case "chat":
    case "(unknown)":
    default:
      return [];
  }
}

function isText(contentType: string): boolean {
  return /^text\/|^application\/(?:json|xml|yaml|toml|javascript)\b|\+(?:json|xml)\b/.test(contentType);
}

function mediaContent(label: string, data: string, mimeType: string, accepted: Accepted): ContentBlock {
  if (mimeType.startsWith("image/") && accepted.images) return { type: "image", data, mimeType };
  if (mimeType.startsWith("audio/") && accepted.audio) return { type: "audio", data, mimeType };
  return {
    type: "text",
    text: `(The attachment ${label}, ${mimeType}, could not be given to you: you take no such content.)`,
  };
}
