import type { Clock } from "../../base/clock.ts";
import type { Translate } from "../../base/l10n.ts";
import type { Client } from "../../client/client.ts";
import { type FleetGroup, META_NS } from "../../protocol/fleet.ts";
import type { SessionSummary } from "../../protocol/methods.ts";
import { STATUS } from "../../protocol/status.ts";
import { sessionUri } from "../../protocol/uris.ts";
import { defaultChatOf, dispatchOn, readSession } from "./agentCommands.ts";
import {
  type FolderLaunch,
  type ForkLaunch,
  isFolderLaunch,
  isForkLaunch,
  type LaunchRequest,
  type RepositoryLaunch,
} from "./fleetAgent.ts";

const maxTitleLength = 80;

/**
 * The URI of a session to be. Hosts without the fleet plane tell the kind of agent by the scheme, as VS Code's does; a
 * provider that is no scheme has the standard's own form.
 */
export function newSessionUri(id: string, request: LaunchRequest): string {
  return isFolderLaunch(request) && /^[a-z][a-z0-9+.-]*$/i.test(request.provider)
    ? `${request.provider}:/${id}`
    : sessionUri(id);
}

/** The row to show until the host lists the session. */
export function launchSummary(id: string, request: LaunchRequest, nowMs: number, t: Translate): SessionSummary {
  const now = new Date(nowMs).toISOString();
  return {
    resource: newSessionUri(id, request),
    provider: request.provider,
    title: launchTitle(request) || t("New agent"),
    status: STATUS.idle,
    activity: t("Launching"),
    createdAt: now,
    modifiedAt: now,
    ...(isFolderLaunch(request)
      ? { workingDirectories: [request.folder] }
      : { _meta: { [META_NS]: { phase: "queued", ...listedFacts(request) } } }),
  };
}

function listedFacts(request: RepositoryLaunch | ForkLaunch): { repository: string; group?: FleetGroup } {
  if (isForkLaunch(request)) return { repository: request.forkOf.repository };
  const { repository, group } = request;
  return { repository, ...(group && { group }) };
}

/** The first line of the prompt serves where no title was given; "" where there is neither. */
export function launchTitle({ title, prompt }: Pick<LaunchRequest, "title" | "prompt">): string {
  const text = title?.trim() || (prompt.trim().split("\n", 1)[0] ?? "");
  return text.length > maxTitleLength ? `${text.slice(0, maxTitleLength - 1).trimEnd()}…` : text;
}

/** Creates the session and starts its first turn. A session without its prompt is of no use, so it is deleted again. */
export async function launchAgent(
  client: Client,
  session: string,
  request: LaunchRequest,
  ports: { readonly clock: Clock; readonly newId: () => string },
): Promise<void> {
  const { prompt, model } = request;
  await makeSession(client, session, request);
  try {
    const chat = defaultChatOf(session, await readSession({ client, session }));
    await dispatchOn(client, "chat", chat, {
      type: "chat/turnStarted",
      turnId: ports.newId(),
      startedAt: new Date(ports.clock.now()).toISOString(),
      message: { text: prompt, origin: { kind: "user" }, ...(model && { model: { id: model } }) },
    });
  } catch (error) {
    await client.request("disposeSession", { channel: session }).catch(() => undefined);
    throw error;
  }
}

async function makeSession(client: Client, session: string, request: LaunchRequest): Promise<void> {
  const { provider, model } = request;
  if (isForkLaunch(request)) {
    const { session: channel, checkpoint } = request.forkOf;
    const title = launchTitle(request);
    const chosen = { ...(checkpoint && { checkpoint }), ...(model && { model }), ...(title && { title }) };
    await client.request("x-fleet/fork", { channel, session, provider, ...chosen });
  } else await client.request("createSession", { channel: session, provider, ...sessionParams(request) });
}

/** What the session works on, in the terms of its host. */
function sessionParams(request: RepositoryLaunch | FolderLaunch): {
  workingDirectories?: string[];
  config?: Record<string, unknown>;
} {
  if (isFolderLaunch(request)) {
    return { workingDirectories: [request.folder], ...(request.config && { config: { ...request.config } }) };
  }
  const { repository, baseBranch, title, model, priority, budgetUsd, timeLimitMinutes, group } = request;
  return {
    config: {
      repository,
      ...(baseBranch && { baseBranch }),
      ...(title?.trim() && { title: title.trim() }),
      ...(model && { model }),
      ...(priority && { priority }),
      ...(budgetUsd !== undefined && { budgetUsd }),
      ...(timeLimitMinutes !== undefined && { timeLimitMinutes }),
      ...(group && { group }),
    },
  };
}
