import type { Clock } from "../../base/clock.ts";
import type { Client } from "../../client/client.ts";
import { META_NS } from "../../protocol/fleet.ts";
import type { SessionSummary } from "../../protocol/methods.ts";
import { STATUS } from "../../protocol/status.ts";
import { chatUri, sessionUri } from "../../protocol/uris.ts";
import { dispatchOn } from "./agentCommands.ts";
import type { LaunchRequest } from "./fleetAgent.ts";

const maxTitleLength = 80;

/** The row to show until the host lists the session. */
export function launchSummary(id: string, request: LaunchRequest, nowMs: number): SessionSummary {
  const now = new Date(nowMs).toISOString();
  return {
    resource: sessionUri(id),
    provider: request.provider,
    title: launchTitle(request),
    status: STATUS.idle,
    activity: "Launching",
    createdAt: now,
    modifiedAt: now,
    _meta: { [META_NS]: { phase: "queued", repository: request.repository } },
  };
}

/** The first line of the prompt serves where no title was given. */
export function launchTitle({ title, prompt }: Pick<LaunchRequest, "title" | "prompt">): string {
  const text = title?.trim() || (prompt.trim().split("\n", 1)[0] ?? "");
  return text.length > maxTitleLength ? `${text.slice(0, maxTitleLength - 1).trimEnd()}…` : text || "New agent";
}

/** Creates the session and starts its first turn. A session without its prompt is of no use, so it is deleted again. */
export async function launchAgent(
  client: Client,
  session: string,
  request: LaunchRequest,
  ports: { readonly clock: Clock; readonly newId: () => string },
): Promise<void> {
  const { provider, prompt, repository, baseBranch, title, model } = request;
  await client.createSession({
    session,
    provider,
    config: {
      repository,
      ...(baseBranch && { baseBranch }),
      ...(title?.trim() && { title: title.trim() }),
      ...(model && { model }),
    },
  });
  try {
    await dispatchOn(client, "chat", chatUri(session), {
      type: "chat/turnStarted",
      turnId: ports.newId(),
      startedAt: new Date(ports.clock.now()).toISOString(),
      message: { text: prompt, origin: { kind: "user" }, ...(model && { model: { id: model } }) },
    });
  } catch (error) {
    await client.disposeSession(session).catch(() => undefined);
    throw error;
  }
}
