import * as vscode from "vscode";
import * as z from "zod/mini";

/** What we use of the built-in Git extension's API (version 1). */
const GitExtension = z.looseObject({
  getAPI: z.custom<(version: 1) => unknown>((value) => typeof value === "function"),
});
const GitApi = z.looseObject({
  repositories: z.array(
    z.looseObject({
      state: z.looseObject({
        HEAD: z.nullish(z.looseObject({ name: z.optional(z.string()) })),
        remotes: z.array(z.looseObject({ name: z.string(), fetchUrl: z.optional(z.string()) })),
      }),
    }),
  ),
});

export interface OpenRepository {
  readonly url: string;
  /** Branch that is checked out here. */
  readonly branch: string | undefined;
}

/** Remotes of the folders that are open, `origin` first. Without the Git extension, or with Git off, there are none. */
export async function openRepositories(): Promise<readonly OpenRepository[]> {
  const extension = vscode.extensions.getExtension("vscode.git");
  if (extension === undefined) return [];
  try {
    const exports = GitExtension.parse(await extension.activate());
    const { repositories } = GitApi.parse(exports.getAPI(1));
    return repositories.flatMap(({ state }) => {
      const remotes = state.remotes.toSorted((a, b) => Number(b.name === "origin") - Number(a.name === "origin"));
      return remotes.flatMap(({ fetchUrl }) =>
        fetchUrl === undefined ? [] : [{ url: withoutCredentials(fetchUrl), branch: state.HEAD?.name }],
      );
    });
  } catch {
    return [];
  }
}

/** A remote's URL may hold a token; the host must never see it, and no list may show it. */
export function withoutCredentials(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== "https:" && parsed.protocol !== "http:")) return url;
  parsed.username = "";
  parsed.password = "";
  return parsed.href;
}
