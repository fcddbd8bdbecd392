import { spawnSync } from "node:child_process";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { HostDirectory } from "./hostProcess.ts";
import { createSession, finished, hostConfig, prompt, remoteRepository, watch } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";
import { hostMain } from "../support/hostPrograms.ts";

it("DUR-7: serves every other session when one is damaged, and says what is wrong with that one", async () => {
  const repository = await remoteRepository();
  const directory = new HostDirectory(hostConfig(repository.directory));
  const data = path.join(directory.path, "data");
  let host = await directory.start();
  let client = await WireClient.connect(host.url, host.token);
  const whole = await createSession(client, "aaaaaaaa-whole-0000", "scripted", repository.remote);
  const broken = await createSession(client, "bbbbbbbb-broken-0000", "scripted", repository.remote);
  for (const all of [whole, broken]) {
    prompt(client, all, "t1", "edit");
    await finished(client, all, "t1");
  }
  client.close();
  await host.stop();

  const exported = spawnSync(process.execPath, [hostMain, "export", "--data", data, "--session", broken.session]);
  const lines = exported.stdout.toString().trim().split("\n");
  const channels = new Set(lines.map((line) => (JSON.parse(line) as { channel: string }).channel));
  expect(channels).toContain(broken.chat);
  expect(channels).toContain(broken.fleet);
  expect(Array.from(channels).some((channel) => channel.includes("aaaaaaaa"))).toBe(false);

  const db = new DatabaseSync(path.join(data, "log.db"));
  const ofChat = "channel = (SELECT id FROM channels WHERE uri = ?)";
  db.prepare(`UPDATE records SET body = replace(body, 'edit', 'EDIT') WHERE ${ofChat}`).run(broken.chat);
  db.prepare(`DELETE FROM snapshots WHERE ${ofChat}`).run(broken.chat);
  db.close();

  host = await directory.start();
  client = await WireClient.connect(host.url, host.token);
  const { items } = (await client.request("listSessions", { channel: ROOT_URI })) as { items: { resource: string }[] };
  // A conversation is read when somebody asks for it: until then nobody knows.
  expect(items.map((item) => item.resource).toSorted()).toEqual([whole.session, broken.session]);
  const refusal = await client.refusal("subscribe", { channel: broken.chat });
  expect(refusal.message).toMatch(/What the host has stored of this is damaged\. It is kept/);
  await watch(client, whole);
  prompt(client, whole, "t2", "edit");
  expect((await finished(client, whole, "t2")).state).toBe("complete");
  const verified = spawnSync(process.execPath, [hostMain, "verify", "--data", data]);
  expect(verified.status).toBe(1);
  expect(verified.stdout.toString()).toContain(`of ${broken.chat} does not fit`);
  client.close();
  await host.stop();
  directory.remove();
  repository.remove();
});
