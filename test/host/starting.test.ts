import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import type { SessionSummary } from "../../src/protocol/methods.ts";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { writeManySessions } from "../support/manySessions.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import { createSession, finished, hostConfig, prompt, refs, remoteRepository, watch } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

/** How many sessions there were at the start, and how many of them the host has read for it. */
function restored(host: HostProcess): { readonly sessions: number; readonly read: number } {
  const line = host
    .stderr()
    .split("\n")
    .find((each) => each.includes("sessions restored"));
  const { sessions, read } = JSON.parse(line ?? "{}") as { sessions: number; read: number };
  return { sessions, read };
}

async function list(client: WireClient): Promise<readonly SessionSummary[]> {
  const { items } = (await client.request("listSessions", { channel: ROOT_URI })) as { items: SessionSummary[] };
  return items;
}

it("reads at a start only what was in the middle of something, and the rest when somebody asks for it", async () => {
  const repository = await remoteRepository();
  const directory = new HostDirectory(hostConfig(repository.directory));
  const data = path.join(directory.path, "data");
  const many = 12;
  await writeManySessions(data, many);

  // Data without an index: everything is read, once.
  let host = await directory.start();
  expect(restored(host)).toEqual({ sessions: many, read: many });
  let client = await WireClient.connect(host.url, host.token);
  const worked = await createSession(client, "aaaaaaaa-worked-0000", "scripted", repository.remote);
  prompt(client, worked, "t1", "edit");
  await finished(client, worked, "t1");
  client.close();
  await host.stop();

  // The agent of one session was still there. It is not now.
  host = await directory.start();
  expect(restored(host)).toEqual({ sessions: many + 1, read: 1 });
  client = await WireClient.connect(host.url, host.token);
  const before = await list(client);
  client.close();
  await host.stop();

  const archived = before.at(-1)?.resource ?? "";
  const damaged = before.at(-2)?.resource ?? "";
  const idOf = (session: string) => session.slice(session.indexOf("/") + 1);
  const db = new DatabaseSync(path.join(data, "log.db"));
  const change = db.prepare("UPDATE snapshots SET state = ? WHERE channel = (SELECT id FROM channels WHERE uri = ?)");
  change.run('{"owner":"mallory"}', `x-fleet-index:/${idOf(damaged)}`);
  db.close();

  // A row that was tampered with is no row.
  host = await directory.start();
  expect(restored(host)).toEqual({ sessions: many + 1, read: 1 });
  client = await WireClient.connect(host.url, host.token);
  expect(await list(client)).toEqual(before);
  const { checkpoint } = (await client.request("x-fleet/checkpoint", { channel: worked.session })) as {
    checkpoint: { id: string };
  };
  expect(checkpoint.id).not.toBe("");
  prompt(client, worked, "t2", "edit");
  await watch(client, worked);
  expect((await finished(client, worked, "t2")).state).toBe("complete");
  await client.dispatched(archived, { type: "session/isArchivedChanged", isArchived: true });
  await client.request("disposeSession", { channel: damaged });
  const after = await list(client);
  client.close();
  await host.kill();

  // Killed before it stored what happened: the sessions that it happened to are read.
  host = await directory.start();
  expect(restored(host)).toMatchObject({ sessions: many });
  expect(restored(host).read).toBeLessThanOrEqual(2);
  client = await WireClient.connect(host.url, host.token);
  const found = await list(client);
  expect(found.map(({ resource, title }) => [resource, title])).toEqual(
    after.map(({ resource, title }) => [resource, title]),
  );
  await client.subscribe("chat", refs(idOf(archived)).chat);
  expect(client.state("chat", refs(idOf(archived)).chat).turns).toHaveLength(1);
  client.close();
  await host.stop();
  directory.remove();
  repository.remove();
});
