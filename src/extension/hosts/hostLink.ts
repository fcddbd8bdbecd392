import { AppError } from "../../base/appError.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { toLine } from "../../base/visibleText.ts";
import { parseHostUrl } from "./hostUrl.ts";

/** What a link, or what a person pasted, proposes for a host. Nothing of it connects by itself. */
export interface HostProposal {
  readonly url: string;
  /** Only of an address that a person typed or pasted. */
  readonly token: string | undefined;
  readonly name: string;
}

/** `<editor>://<extension>/host/add?url=…&name=…` proposes a host. */
export const addHostPath = "/host/add";

const maxNameLength = 80;

/**
 * What a link proposes. It brings no token, and no file to take one from: anybody can write a link, and what it proposes is
 * shown before anything connects.
 */
export function parseHostLink(query: string): Result<HostProposal, AppError> {
  const parameters = new URLSearchParams(query);
  const address = parameters.get("url");
  if (address === null) {
    return err(new AppError("request.invalid", "This link names no host. Ask whoever gave it to you for the address."));
  }
  const parsed = parseHostUrl(address);
  if (!parsed.ok) return parsed;
  const { url, name } = parsed.value;
  return ok({ url, token: undefined, name: toLine(parameters.get("name") ?? "", maxNameLength) || name });
}

/** An address, or a link to add a host, as a person types or pastes it. */
export function parseHostProposal(text: string): Result<HostProposal, AppError> {
  const link = /^(?!wss?:|https?:)[a-z][a-z0-9+.-]*:\/\/[^/?#]+(\/[^?#]*)\?(\S+)$/i.exec(text.trim());
  return link?.[1] === addHostPath ? parseHostLink(link[2] ?? "") : parseHostUrl(text);
}
