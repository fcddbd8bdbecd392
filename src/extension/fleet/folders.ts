/** Folders of a host are URIs (`file:///home/me/code`, `file:///c:/code`); people read and write paths. */

/** The path as people write it on the host: `/home/me/code`, `c:\code`. A URI of another scheme stays as it is. */
export function folderPath(uri: string): string {
  const url = URL.parse(uri);
  if (url?.protocol !== "file:") return uri;
  const path = decode(url.pathname).replace(/(?<=^\/|[^/])\/+$/, "");
  if (/^\/[a-z]:/i.test(path)) return path.slice(1).replaceAll("/", "\\") + (path.length === 3 ? "\\" : "");
  return url.host === "" ? path : `//${url.host}${path}`;
}

/** The last part of the path; the whole path where there is only one. */
export function folderName(uri: string): string {
  const path = folderPath(uri);
  return path.split(/[/\\]/).findLast((part) => part !== "") ?? path;
}

/** What a person typed as a folder: an absolute path or a `file:` URI. `undefined` for anything else. */
export function parseFolder(text: string): string | undefined {
  const typed = text.trim();
  if (/^file:\/\//i.test(typed)) return URL.parse(typed)?.href.replace(/(?<=[^/:])\/+$/, "");
  const isPosix = typed.startsWith("/");
  if (!isPosix && !/^[a-z]:[/\\]/i.test(typed)) return undefined;
  const parts = typed.split(isPosix ? /\/+/ : /[/\\]+/).filter((part) => part !== "");
  return `file:///${parts.map((part, index) => (index === 0 && !isPosix ? part : encodeURIComponent(part))).join("/")}`;
}

export function childFolder(uri: string, name: string): string {
  return `${uri.replace(/(?<!\/)\/+$/, "")}/${encodeURIComponent(name)}`;
}

/** `undefined` at the root. */
export function parentFolder(uri: string): string | undefined {
  const url = URL.parse(uri);
  if (url === null) return undefined;
  const path = url.pathname.replace(/(?<!\/)\/+$/, "");
  if (path === "" || /^\/[a-z](?::|%3a)$/i.test(path)) return undefined;
  url.pathname = path.slice(0, path.lastIndexOf("/")) || "/";
  return url.href;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
