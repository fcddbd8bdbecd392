import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Attachment, Message } from "../../../protocol/chatState.ts";
import { parseFileUri } from "../../../protocol/uris.ts";
import type { ContentBlock } from "./acpPeer.ts";

/** A person's message as ACP content. Files of the session become paths of its workspace; what no agent can read is left out. */
export function promptContent(message: Message, workspaceRoot: string, acceptsResources: boolean): ContentBlock[] {
  const attachments = (message.attachments ?? []).flatMap((attachment) =>
    attachmentContent(attachment, workspaceRoot, acceptsResources),
  );
  return [{ type: "text", text: message.text }, ...attachments];
}

function attachmentContent(attachment: Attachment, root: string, acceptsResources: boolean): ContentBlock[] {
  switch (attachment.type) {
    case "simple":
      return attachment.modelRepresentation ? [{ type: "text", text: attachment.modelRepresentation }] : [];
    case "embeddedResource": {
      if (attachment.contentType !== undefined && !attachment.contentType.startsWith("text/")) return [];
      const { data: text, label } = attachment;
      const uri = `attachment:${encodeURIComponent(label)}`;
      return acceptsResources
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
