import { AppError } from "../../base/appError.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { blobUri, ROOT_URI } from "../../protocol/uris.ts";
import { parseReviewUri, type Revision, type UriParts } from "./reviewUri.ts";
import type { Snapshots } from "./snapshots.ts";
import { decodeText, maxDocumentBytes, type Notice, noticeText } from "./revisionText.ts";

/** UTF-16 units of text that are kept for documents that open again. */
const maxCachedLength = 32 * 1024 * 1024;

export interface RevisionText {
  readonly text: string;
  /** The text stands in for content that another attempt may bring. */
  readonly isTemporary: boolean;
}

/**
 * The text of review documents. Content comes by `resourceRead` from the host's git objects, whatever the agent says of
 * it, is read once and then kept: a revision never changes.
 */
export class RevisionReader {
  readonly #hosts: Pick<HostConnectionsView, "client">;
  readonly #snapshots: Pick<Snapshots, "get">;
  /** Oldest use first. */
  readonly #texts = new Map<string, string>();
  readonly #reading = new Map<string, Promise<RevisionText>>();
  #cachedLength = 0;

  constructor(hosts: Pick<HostConnectionsView, "client">, snapshots: Pick<Snapshots, "get">) {
    this.#hosts = hosts;
    this.#snapshots = snapshots;
  }

  /** Never rejects: what cannot be shown is a short text that says so. */
  async read(uri: UriParts): Promise<RevisionText> {
    const revision = parseReviewUri(uri);
    if (!revision.ok) return lasting(noticeText("notPinned", {}));
    if (revision.value.kind === "snapshot") {
      return lasting(this.#snapshots.get(revision.value.id) ?? noticeText("expired", {}));
    }
    if (revision.value.oid === undefined) return lasting("");
    const key = `${revision.value.hostId}|${revision.value.sessionId}|${revision.value.oid}`;
    const kept = this.#texts.get(key);
    if (kept !== undefined) {
      this.#texts.delete(key);
      this.#texts.set(key, kept);
      return lasting(kept);
    }
    const running = this.#reading.get(key);
    if (running !== undefined) return running;
    const reading = this.#fetch(revision.value, revision.value.oid, key).finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }

  async #fetch(revision: Revision, oid: string, key: string): Promise<RevisionText> {
    const facts = { oid, ...(revision.sizeBytes === undefined ? {} : { sizeBytes: revision.sizeBytes }) };
    if (facts.sizeBytes !== undefined && facts.sizeBytes > maxDocumentBytes)
      return lasting(noticeText("tooLarge", facts));
    try {
      const answer = await this.#hosts.client(revision.hostId).request("resourceRead", {
        channel: ROOT_URI,
        uri: blobUri(revision.sessionId, oid),
        encoding: "base64",
      });
      const bytes = Buffer.from(answer.data, answer.encoding === "base64" ? "base64" : "utf8");
      const read = { oid, sizeBytes: bytes.length };
      if (bytes.length > maxDocumentBytes) return lasting(noticeText("tooLarge", read));
      const text = decodeText(bytes) ?? noticeText("binary", read);
      this.#keep(key, text);
      return lasting(text);
    } catch (error) {
      const notice = noticeOf(error);
      return { text: noticeText(notice, facts), isTemporary: notice === "unreachable" };
    }
  }

  #keep(key: string, text: string): void {
    this.#texts.set(key, text);
    this.#cachedLength += text.length;
    for (const [oldest, old] of this.#texts) {
      if (this.#cachedLength <= maxCachedLength) return;
      this.#texts.delete(oldest);
      this.#cachedLength -= old.length;
    }
  }
}

function lasting(text: string): RevisionText {
  return { text, isTemporary: false };
}

/** A refusal lasts; anything else (the connection, a time-out) may be better next time. */
function noticeOf(error: unknown): Notice {
  if (AppError.is(error, "content.tooLarge")) return "tooLarge";
  const isGone =
    AppError.is(error, "notFound") || AppError.is(error, "permission.denied") || AppError.is(error, "request.invalid");
  return isGone ? "missing" : "unreachable";
}
