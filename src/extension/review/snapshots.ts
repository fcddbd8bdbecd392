import { AppError } from "../../base/appError.ts";
import type { Client } from "../../client/client.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import type { ChangedFile, RevisionContent } from "../fleet/changedFiles.ts";
import { decodeText, maxDocumentBytes, noticeText } from "./revisionText.ts";

/** UTF-16 units that are kept for diffs that are open; the oldest go first. */
const maxKeptLength = 64 * 1024 * 1024;
/** Files that are read at the same time. */
const concurrency = 8;

/** Reads a host's files as they are at this moment. */
export type ContentReader = Pick<Client, "request">;

/**
 * Texts of files as they were when they were read. A host that serves its working directory has no address for a
 * revision, so the text itself is kept here under an id that never comes again. After a reload of the window it is gone.
 */
export class Snapshots {
  readonly #newId: () => string;
  /** Oldest first. */
  readonly #texts = new Map<string, string>();
  #keptLength = 0;

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  get(id: string): string | undefined {
    return this.#texts.get(id);
  }

  keep(text: string): string {
    const id = this.#newId();
    this.#texts.set(id, text);
    this.#keptLength += text.length;
    for (const [oldest, old] of this.#texts) {
      if (this.#keptLength <= maxKeptLength || oldest === id) break;
      this.#texts.delete(oldest);
      this.#keptLength -= old.length;
    }
    return id;
  }
}

/** A side's id in `Snapshots`, by the content's own address on the host. */
export type SnapshotIds = ReadonlyMap<string, string>;

/**
 * Reads every side that the host does not address by revision, now. A side that cannot be shown becomes a short text that
 * says so. Rejects only when the connection is lost: a diff of half the files would look like the whole.
 */
export async function takeSnapshots(
  client: ContentReader,
  files: readonly ChangedFile[],
  snapshots: Snapshots,
): Promise<SnapshotIds> {
  const wanted = new Set(
    files.flatMap(({ before, after }) => [before, after].flatMap((side) => (isLive(side) ? [side.uri] : []))),
  );
  const ids = new Map<string, string>();
  const queue = wanted.values();
  const read = async () => {
    for (const uri of queue) ids.set(uri, snapshots.keep(await readText(client, uri)));
  };
  await Promise.all(Array.from({ length: concurrency }, read));
  return ids;
}

function isLive(side: RevisionContent | undefined): side is RevisionContent {
  return side !== undefined && side.blob === undefined;
}

async function readText(client: ContentReader, uri: string): Promise<string> {
  try {
    const sizeBytes = await sizeOf(client, uri);
    if (sizeBytes !== undefined && sizeBytes > maxDocumentBytes) return noticeText("tooLarge", { sizeBytes });
    const answer = await client.request("resourceRead", { channel: ROOT_URI, uri, encoding: "base64" });
    // A host may answer in its own encoding, whatever was asked for.
    const bytes = Buffer.from(answer.data, answer.encoding === "base64" ? "base64" : "utf8");
    if (bytes.length > maxDocumentBytes) return noticeText("tooLarge", { sizeBytes: bytes.length });
    return decodeText(bytes)?.text ?? noticeText("binary", { sizeBytes: bytes.length });
  } catch (error) {
    if (AppError.is(error, "host.disconnected") || AppError.is(error, "timeout")) throw error;
    return noticeText(AppError.is(error, "content.tooLarge") ? "tooLarge" : "gone", {});
  }
}

/** Asked first: a file has no limit in the protocol, and one that is too large for a frame would end the connection. */
async function sizeOf(client: ContentReader, uri: string): Promise<number | undefined> {
  try {
    const { type, size } = await client.request("resourceResolve", { channel: ROOT_URI, uri });
    if (type === "directory") throw new AppError("notFound", "A folder has no text.");
    return size;
  } catch (error) {
    // What is not a file of the host's (a git object) has no size to ask for.
    if (!uri.startsWith("file:")) return undefined;
    throw error;
  }
}
