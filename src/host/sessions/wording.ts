/** The first line of a text as a title; undefined for an empty one. */
export function headline(text: string): string | undefined {
  const line = text
    .split("\n")
    .map((candidate) =>
      candidate
        .replaceAll(/[\p{Cc}\p{Cf}]/gu, " ")
        .replaceAll(/\s+/g, " ")
        .replace(/^[#>*\-\s]+/, "")
        .trim(),
    )
    .find((candidate) => candidate !== "");
  if (line === undefined) return undefined;
  const characters = Array.from(line);
  return characters.length <= 60 ? line : `${characters.slice(0, 59).join("").trimEnd()}…`;
}

/** `agent/<slug>-<id8>`: readable, and unique by the session's id. */
export function branchName(title: string, sessionId: string): string {
  const words = title
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");
  const slug = words.slice(0, 40).replaceAll(/^-+|(?<!-)-+$/g, "");
  return `agent/${slug === "" ? "work" : slug}-${sessionId
    .slice(0, 8)
    .toLowerCase()
    .replace(/(?<!-)-+$/, "")}`;
}

/** What a resumed turn tells the agent: its prompt, and that it was begun before. */
export function interruptedPrompt(text: string): string {
  return `${text}\n\n(This request was interrupted before it was finished. Files that you changed are still there. Look at what is done already, then go on.)`;
}

const gitHubSsh = /^(?:ssh:\/\/)?git@([^/:]+)[:/]([^/]+)\/([^/]+?)(?:\.git)?\/?$/;

/** Owner and name of a repository on an https or ssh server, from its address. */
export function ownerAndRepo(
  repository: string,
): { readonly host: string; readonly owner: string; readonly repo: string } | undefined {
  const ssh = gitHubSsh.exec(repository);
  if (ssh?.[1] && ssh[2] && ssh[3]) return { host: ssh[1], owner: ssh[2], repo: ssh[3] };
  if (!/^https?:\/\//.test(repository) || !URL.canParse(repository)) return undefined;
  const url = new URL(repository);
  const [owner, name, ...rest] = url.pathname.split("/").filter((part) => part !== "");
  if (owner === undefined || name === undefined || rest.length > 0) return undefined;
  return { host: url.host, owner, repo: name.replace(/\.git$/, "") };
}

/** The repository's own name, for lists. */
export function repositoryName(repository: string): string {
  const last =
    repository
      .replace(/(?<!\/)\/+$/, "")
      .split(/[/:]/)
      .at(-1) ?? repository;
  return last.replace(/\.git$/, "") || repository;
}
