import type { AnnotationsState } from "../../protocol/annotations.ts";
import type { AnnotationsInfo } from "../../protocol/sessionState.ts";
import { annotationsUri, parseAnnotationsUri } from "../../protocol/uris.ts";
import type { Channels } from "../channels/channels.ts";

/** What the list of sessions tells of a session's comments. */
export interface AnnotationCounts {
  readonly info: AnnotationsInfo;
  /** Comments that nobody has resolved. */
  readonly open: number;
}

/** Undefined for a session without comments. */
export function countAnnotations(session: string, { annotations }: AnnotationsState): AnnotationCounts | undefined {
  if (annotations.length === 0) return undefined;
  const entryCount = annotations.reduce((sum, { entries }) => sum + entries.length, 0);
  const info = { resource: annotationsUri(session), annotationCount: annotations.length, entryCount };
  return { info, open: annotations.filter(({ resolved }) => !resolved).length };
}

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
