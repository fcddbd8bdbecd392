import { pathToFileURL } from "node:url";
import path from "node:path";

/**
 * Repositories as folders, for editors whose way to choose what to work on is a picker of folders: each known repository
 * is a folder below one root, at the place that its address gives it, and never changes its place. Nothing of the
 * machine's own files shows.
 *
 *     https://github.com/octo/demo.git   file:///repositories/github.com/octo/demo
 *     git@git.example.com:a/b.git        file:///repositories/git.example.com/a/b
 *     /srv/git/demo                      file:///repositories/srv/git/demo
 */
export const REPOSITORIES_FOLDER = "file:///repositories";

/** The URI of a repository's address, which may be a path or `user@host:path`. */
export function repositoryUri(repository: string): string {
  if (path.isAbsolute(repository)) return pathToFileURL(repository).href;
  const scp = scpPattern.exec(repository);
  return scp ? `ssh://${scp[1]}/${scp[2]?.replace(/^\/+/, "")}` : repository;
}

const scpPattern = /^([^/:[\]]+):(?!\/\/)(.+)$/;

/** The folder that stands for a repository. */
export function folderOfRepository(repository: string): string {
  return `${REPOSITORIES_FOLDER}/${segmentsOf(repository).map(encodeURIComponent).join("/")}`;
}

/** The known repository that this folder stands for. */
export function repositoryOfFolder(folder: string, known: readonly string[]): string | undefined {
  const wanted = folder.replace(/(?<!\/)\/+$/, "");
  return known.find((repository) => folderOfRepository(repository) === wanted);
}

/** The folders within a folder; undefined when there is no such folder. A repository's own folder is empty. */
export function listFolder(folder: string, known: readonly string[]): readonly string[] | undefined {
  const wanted = folder.replace(/(?<!\/)\/+$/, "");
  if (wanted === "file://" || wanted === "file:") return ["repositories"];
  const folders = known.map(folderOfRepository);
  const isThere = wanted === REPOSITORIES_FOLDER || folders.some((one) => `${one}/`.startsWith(`${wanted}/`));
  if (!isThere) return undefined;
  const below = folders.filter((one) => one.startsWith(`${wanted}/`));
  const names = below.map((one) => decodeURIComponent(one.slice(wanted.length + 1).split("/", 1)[0] ?? ""));
  return Array.from(new Set(names)).toSorted();
}

function segmentsOf(repository: string): string[] {
  const uri = repositoryUri(repository).replace(/\.git\/?$/, "");
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  const segments = url ? [url.host, ...url.pathname.split("/").map(decodeSegment)] : uri.split("/");
  return segments.filter((segment) => segment !== "" && segment !== "." && segment !== "..");
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
