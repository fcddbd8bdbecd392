import type { ChannelKind } from "../../protocol/actions.ts";
import {
  parseAnnotationsUri,
  parseChangesetUri,
  parseChatUri,
  parseTerminalUri,
  ROOT_URI,
} from "../../protocol/uris.ts";
import type { Channels } from "../channels/channels.ts";

/** Where a session is found. */
export interface RestingSessions {
  /** Of the session that has this channel. */
  idOf(channel: string): string | undefined;
  isAtRest(id: string): boolean | undefined;
}

/**
 * May this channel leave the memory? Conversations, the terminals of their tools and the files of single turns may, when
 * their session is at rest; what lists and notifications are made of stays.
 */
export function mayRest(
  channels: Pick<Channels, "state">,
  sessions: RestingSessions,
  uri: string,
  kind: ChannelKind,
): boolean {
  const rests = (session: string) => sessions.isAtRest(sessions.idOf(session) ?? "") === true;
  switch (kind) {
    case "chat":
      return rests(parseChatUri(uri)?.session ?? "");
    case "annotations":
      return rests(parseAnnotationsUri(uri) ?? "");
    case "changeset": {
      const changeset = parseChangesetUri(uri);
      return changeset !== undefined && changeset.kind !== "branch" && rests(changeset.session);
    }
    case "terminal": {
      // A person's own terminal is one of the host's, whether its session works or not.
      const isOfHost = channels.state("root", ROOT_URI)?.terminals?.some(({ resource }) => resource === uri);
      return isOfHost !== true && sessions.isAtRest(parseTerminalUri(uri)?.sessionId ?? "") === true;
    }
    default:
      return false;
  }
}
