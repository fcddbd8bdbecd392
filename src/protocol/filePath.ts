import { parseFileUri } from "./uris.ts";

/**
 * The path of a file in a session, as people say it: relative to the repository on hosts that name files so, else relative
 * to the working directory that holds it, else the URI's own path.
 *
 * @param directories URIs of the session's working directories.
 */
export function filePathOf(uri: string, directories: readonly string[] = []): string {
  const own = parseFileUri(uri);
  if (own !== undefined) return own.path;
  const path = pathOf(uri);
  for (const directory of directories) {
    const root = `${pathOf(directory)}/`;
    if (path.startsWith(root) && path.length > root.length) return path.slice(root.length);
  }
  return path;
}

/** Decoded, without scheme, authority, query and the slashes at both ends. */
function pathOf(uri: string): string {
  const path = uri.replace(/^[a-z][a-z0-9+.-]*:(?:\/\/[^/?#]*)?/i, "").replace(/[?#].*$/s, "");
  return decode(path).replace(/^\/+|(?<!\/)\/+$/g, "");
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
