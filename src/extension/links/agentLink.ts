import { AppError } from "../../base/appError.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { parseHostUrl } from "../hosts/hostUrl.ts";

/** An agent as it is called between people: hosts have other ids with everybody. */
export interface AgentLink {
  /** As hosts are saved, without a token. */
  readonly hostUrl: string;
  /** The session's URI. */
  readonly session: string;
}

/** `<editor>://<extension>/agent?host=…&session=…` shows an agent. */
export const agentPath = "/agent";

export function agentLinkQuery({ hostUrl, session }: AgentLink): string {
  return new URLSearchParams({ host: hostUrl, session }).toString();
}

/** Which agent a link means. Anybody can write a link: it names something to be shown, and nothing that happens. */
export function parseAgentLink(query: string): Result<AgentLink, AppError> {
  const parameters = new URLSearchParams(query);
  const session = parameters.get("session") ?? "";
  if (!/^[a-z][a-z0-9+.-]{0,60}:[!-~]{1,500}$/i.test(session)) {
    return err(
      new AppError("request.invalid", "This link names no agent. Ask whoever gave it to you for another one."),
    );
  }
  const parsed = parseHostUrl(parameters.get("host") ?? "");
  return parsed.ok ? ok({ hostUrl: parsed.value.url, session }) : parsed;
}
