import { AppError } from "../../base/appError.ts";
import { symlinkMode } from "../fleet/changedFiles.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { blobUri, ROOT_URI } from "../../protocol/uris.ts";
import { parseReviewUri, type Revision, type UriParts } from "./reviewUri.ts";
import type { Snapshots } from "./snapshots.ts";
import {
  type DecodedText,
  decodeText,
  linkText,
  maxDocumentBytes,
  modeText,
  type Notice,
  noticeText,
  type TextEncodingName,
} from "./revisionText.ts";

/** UTF-16 units of text that are kept for documents that open again. */
const maxCachedLength = 32 * 1024 * 1024;

export interface RevisionText {
  readonly text: string;
  /**
   * - `content`: what the revision holds
   * - `notice`: stands in for a revision that is not shown as text
   * - `temporary`: likewise, and another attempt may bring it
   * - `other`: of no revision; nobody can point at it later
   */
  readonly kind: "content" | "notice" | "temporary" | "other";
  /** Of content. */
  readonly encoding?: TextEncodingName;
}

/**
 * The text of review documents. Content comes by `resourceRead` from the host's git objects, whatever the agent says of
 * it, is read once and then kept: a revision never changes.
 */
export class RevisionReader {
  readonly #hosts: Pick<HostConnectionsView, "client">;
  readonly #snapshots: Pick<Snapshots, "get">;
  /** Oldest use first. */
  readonly #texts = new Map<string, DecodedText>();
  readonly #reading = new Map<string, Promise<RevisionText>>();
  #cachedLength = 0;

  constructor(hosts: Pick<HostConnectionsView, "client">, snapshots: Pick<Snapshots, "get">) {
    this.#hosts = hosts;
    this.#snapshots = snapshots;
  }

  /** Never rejects: what cannot be shown is a short text that says so. */
  async read(uri: UriParts): Promise<RevisionText> {
    const revision = parseReviewUri(uri);
    if (!revision.ok) return { text: noticeText("notPinned", {}), kind: "other" };
    const { value } = revision;
    if (value.kind === "snapshot") {
      return { text: this.#snapshots.get(value.id) ?? noticeText("expired", {}), kind: "other" };
    }
    const { oid, mode, sizeBytes } = value;
    if (oid === undefined) return { text: "", kind: "other" };
    if (mode !== undefined && mode !== symlinkMode) return { text: modeText(mode, oid), kind: "notice" };
    if (sizeBytes !== undefined && sizeBytes > maxDocumentBytes) {
      return { text: noticeText("tooLarge", { oid, sizeBytes }), kind: "notice" };
    }
    const read = await this.#content(value, oid);
    return mode === symlinkMode && read.kind === "content" ? { text: linkText(read.text), kind: "notice" } : read;
  }

  #content(revision: Revision, oid: string): Promise<RevisionText> | RevisionText {
    const key = `${revision.hostId}|${revision.sessionId}|${oid}`;
    const kept = this.#texts.get(key);
    if (kept !== undefined) {
      this.#texts.delete(key);
      this.#texts.set(key, kept);
      return { ...kept, kind: "content" };
    }
    const running = this.#reading.get(key);
    if (running !== undefined) return running;
    const reading = this.#fetch(revision, oid, key).finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }

  async #fetch({ hostId, sessionId, sizeBytes }: Revision, oid: string, key: string): Promise<RevisionText> {
    try {
      const answer = await this.#hosts.client(hostId).request("resourceRead", {
        channel: ROOT_URI,
        uri: blobUri(sessionId, oid),
        encoding: "base64",
      });
      const bytes = Buffer.from(answer.data, answer.encoding === "base64" ? "base64" : "utf8");
      const read = { oid, sizeBytes: bytes.length };
      if (bytes.length > maxDocumentBytes) return { text: noticeText("tooLarge", read), kind: "notice" };
      const decoded = decodeText(bytes);
      if (decoded === undefined) return { text: noticeText("binary", read), kind: "notice" };
      this.#keep(key, decoded);
      return { ...decoded, kind: "content" };
    } catch (error) {
      const notice = noticeOf(error);
      const text = noticeText(notice, { oid, ...(sizeBytes !== undefined && { sizeBytes }) });
      return { text, kind: notice === "unreachable" ? "temporary" : "notice" };
    }
  }

  #keep(key: string, decoded: DecodedText): void {
    this.#texts.set(key, decoded);
    this.#cachedLength += decoded.text.length;
    for (const [oldest, old] of this.#texts) {
      if (this.#cachedLength <= maxCachedLength) return;
      this.#texts.delete(oldest);
      this.#cachedLength -= old.text.length;
    }
  }
}

/** A refusal lasts; anything else (the connection, a time-out) may be better next time. */
function noticeOf(error: unknown): Notice {
  if (AppError.is(error, "content.tooLarge")) return "tooLarge";
  const isGone =
    AppError.is(error, "notFound") || AppError.is(error, "permission.denied") || AppError.is(error, "request.invalid");
  return isGone ? "missing" : "unreachable";
}
