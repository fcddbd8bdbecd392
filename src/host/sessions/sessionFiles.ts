import { AppError } from "../../base/appError.ts";
import type { ContentRef } from "../../protocol/content.ts";
import type { ParamsOf, ResultOf } from "../../protocol/methods.ts";
import { compact } from "../../protocol/schema.ts";
import { parseBlobUri, parseFileUri } from "../../protocol/uris.ts";
import type { Channels } from "../channels/channels.ts";
import type { Viewer } from "../access/sight.ts";
import type { FilesApi } from "../gateway/hostApi.ts";
import type { Workspace } from "../workspaces/workspace.ts";
import { listFolder } from "./repositoryFolders.ts";
import { readBlobResource } from "./resources.ts";
import type { SessionRefs } from "./sessionRefs.ts";

interface OpenSession {
  readonly refs: SessionRefs;
  workspace(): Promise<Workspace>;
}

/**
 * The files that clients see: recorded versions of what a session changed, and the known repositories as folders.
 * Anything else is answered like what is not there, so that nobody can ask which files exist.
 */
export class SessionFiles implements FilesApi {
  readonly #channels: Channels;
  readonly #session: (id: string) => OpenSession | undefined;
  readonly #repositories: (viewer: Viewer) => readonly string[];

  constructor(
    channels: Channels,
    session: (id: string) => OpenSession | undefined,
    repositories: (viewer: Viewer) => readonly string[],
  ) {
    this.#channels = channels;
    this.#session = session;
    this.#repositories = repositories;
  }

  async resourceRead({ uri, encoding }: ParamsOf<"resourceRead">): Promise<ResultOf<"resourceRead">> {
    const blob = parseBlobUri(this.#recorded(uri)?.uri ?? uri);
    const session = blob && this.#session(blob.sessionId);
    if (!blob || !session) throw new AppError("notFound", "This host has no such content.");
    return readBlobResource(await session.workspace(), blob.oid, encoding);
  }

  resourceResolve({ uri }: ParamsOf<"resourceResolve">, viewer: Viewer): ResultOf<"resourceResolve"> {
    const content = this.#recorded(uri);
    if (content) return compact({ uri, type: "file", size: content.sizeHint, etag: content.uri });
    this.#folder(uri, viewer);
    return { uri, type: "directory" };
  }

  resourceList({ uri }: ParamsOf<"resourceList">, viewer: Viewer): ResultOf<"resourceList"> {
    return { entries: this.#folder(uri, viewer).map((name) => ({ name, type: "directory" })) };
  }

  #folder(uri: string, viewer: Viewer): readonly string[] {
    const names = listFolder(uri, this.#repositories(viewer));
    if (!names) throw new AppError("notFound", "This host has no such folder.");
    return names;
  }

  /** The latest recorded version of a file that a session changed. */
  #recorded(uri: string): ContentRef | undefined {
    const file = parseFileUri(uri);
    const session = file && this.#session(file.sessionId);
    const changes = session && this.#channels.state("changeset", session.refs.branchChanges);
    return changes?.files.find(({ edit }) => edit.after?.uri === uri)?.edit.after?.content;
  }
}
