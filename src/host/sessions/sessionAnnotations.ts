import { annotationsUri, parseAnnotationsUri } from "../../protocol/uris.ts";
import type { Channels } from "../channels/channels.ts";

/** Makes the annotations channel of a session when somebody first asks for it. False for any other URI. */
export function makeAnnotations(channels: Channels, has: (session: string) => boolean, uri: string): boolean {
  const session = parseAnnotationsUri(uri);
  if (session === undefined || !has(session)) return false;
  channels.create(uri, "annotations", { annotations: [] });
  return true;
}

/** Of a session that ended. */
export async function removeAnnotations(channels: Channels, session: string): Promise<void> {
  const uri = annotationsUri(session);
  if (await channels.load(uri)) channels.remove(uri);
}
