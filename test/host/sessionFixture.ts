import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { branchChangesetUri, chatUri, fleetSessionUri } from "../../src/protocol/uris.ts";
import { compileCache } from "../support/compileCache.ts";
import { sampleAgentConfig } from "../support/sampleAgent/sampleAgentConfig.ts";
import { addBareRemote, brokenRepository } from "../support/repositories/repositories.ts";
import type { WireClient } from "./wireClient.ts";

export interface Refs {
  readonly session: string;
  readonly chat: string;
  readonly fleet: string;
  readonly changes: string;
}

export function refs(id: string): Refs {
  const session = `ahp-session:/${id}`;
  return { session, chat: chatUri(session), fleet: fleetSessionUri(id), changes: branchChangesetUri(session) };
}

/** A small real repository with history and its bare remote, in one temporary directory. */
export interface RemoteRepository {
  readonly directory: string;
  readonly remote: string;
  remove(): void;
}

export async function remoteRepository(): Promise<RemoteRepository> {
  const directory = mkdtempSync(path.join(tmpdir(), "muster-repositories-"));
  const repository = await brokenRepository(directory);
  const remote = await addBareRemote(repository, path.join(directory, "remote.git"));
  return { directory, remote, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

const scripted = fileURLToPath(new URL("fixtures/scriptedAcpAgent.ts", import.meta.url));

/** An agent whose prompt is its script; `behaviour` says how it starts. */
export function scriptedAgent(id: string, behaviour = "resume"): object {
  return {
    id,
    displayName: "Scripted agent",
    command: [process.execPath, scripted],
    env: { ...compileCache, AGENT_BEHAVIOUR: behaviour },
  };
}

export function hostConfig(allowLocal: string, concurrentSessions = 4): object {
  return {
    agents: [
      sampleAgentConfig(),
      scriptedAgent("scripted"),
      scriptedAgent("dies", "dies"),
      { id: "gone", displayName: "Gone agent", command: ["no-such-agent-program"] },
    ],
    limits: { concurrentSessions },
    repositories: { allowLocal: [allowLocal], privateNetworks: ["127.0.0.0/8"] },
  };
}

/** Creates a session and watches all its channels. */
export async function createSession(
  client: WireClient,
  id: string,
  provider: string,
  repository: string,
): Promise<Refs> {
  const all = refs(id);
  await client.request("createSession", { channel: all.session, provider, config: { repository } });
  await watch(client, all);
  return all;
}

export async function watch(client: WireClient, all: Refs): Promise<void> {
  await client.subscribe("session", all.session);
  await client.subscribe("chat", all.chat);
  await client.subscribe("fleetSession", all.fleet);
  await client.subscribe("changeset", all.changes);
}

export function prompt(client: WireClient, all: Refs, turnId: string, text: string): number {
  const message = { text, origin: { kind: "user" } };
  return client.dispatch(all.chat, { type: "chat/turnStarted", turnId, startedAt: new Date().toISOString(), message });
}

/** Until the turn is over and its slot is given back; answers with the finished turn. */
export async function finished(client: WireClient, all: Refs, turnId: string) {
  await client.until(() => {
    const chat = client.state("chat", all.chat);
    const isOver = chat.activeTurn?.id !== turnId && chat.turns.some((turn) => turn.id === turnId);
    return isOver && ["ready", "failed"].includes(client.state("fleetSession", all.fleet).phase);
  });
  const turn = client.state("chat", all.chat).turns.find((each) => each.id === turnId);
  if (!turn) throw new Error("The turn is gone");
  return turn;
}

/** The sentence with which a turn failed. */
export function failureOf(turn: { readonly responseParts: readonly { readonly kind: string }[] }) {
  const part = turn.responseParts.at(-1) as {
    kind: string;
    error?: { errorType: string; message: string };
    resumable?: boolean;
  };
  return part.kind === "error" ? { ...part.error, resumable: part.resumable } : undefined;
}
