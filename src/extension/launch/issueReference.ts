import { err, ok, type Result } from "../../base/result.ts";

export interface IssueReference {
  /** Address of the repository; absent for a bare number. */
  readonly repository: string | undefined;
  readonly number: number;
}

/** `12`, `#12`, `owner/name#12` is not enough of an address, the issue's page is. */
export function parseIssueReference(text: string): Result<IssueReference, "invalid"> {
  const typed = text.trim();
  const [, bare] = /^#?(\d{1,9})$/.exec(typed) ?? [];
  if (bare !== undefined) return ok({ repository: undefined, number: Number(bare) });
  const url = URL.parse(typed);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return err("invalid");
  const [, path, number] = /^(\/[^/]+\/[^/]+)\/issues\/(\d{1,9})\/?$/.exec(url.pathname) ?? [];
  if (path === undefined) return err("invalid");
  return ok({ repository: `${url.origin}${path}`, number: Number(number) });
}
