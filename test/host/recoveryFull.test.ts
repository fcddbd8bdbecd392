import { statfsSync } from "node:fs";
import { expect, it } from "vitest";
import { HostDirectory } from "./hostProcess.ts";
import { createSession, finished, hostConfig, prompt, refs, remoteRepository } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

it("DUR-8: takes no new work while its disk is nearly full, and says so; what is there can be read", async () => {
  const repository = await remoteRepository();
  const directory = new HostDirectory(hostConfig(repository.directory));
  let host = await directory.start();
  let client = await WireClient.connect(host.url, host.token);
  const all = await createSession(client, "aaaaaaaa-full-0000", "scripted", repository.remote);
  prompt(client, all, "t1", "edit");
  await finished(client, all, "t1");
  client.close();
  await host.stop();

  const { bavail, bsize } = statfsSync(directory.path);
  const disk = { minFreeMegabytes: (bavail * bsize) / 1024 / 1024 + 100_000 };
  directory.configure({ ...hostConfig(repository.directory), disk });
  host = await directory.start();
  client = await WireClient.connect(host.url, host.token);
  const { chat } = all;
  expect((await client.subscribe("chat", chat)).turns).toHaveLength(1);
  const { session } = refs("bbbbbbbb-full-0000");
  const config = { repository: repository.remote };
  const refusal = await client.refusal("createSession", { channel: session, provider: "scripted", config });
  expect(refusal.message).toMatch(/disk is nearly full .* Free some space on the host, then try again\.$/);
  expect(refusal.data).toMatchObject({ muster: { code: "limit.exceeded" } });
  const message = { text: "edit", origin: { kind: "user" } } as const;
  const turn = { type: "chat/turnStarted", turnId: "t2", startedAt: new Date().toISOString(), message } as const;
  expect((await client.dispatched(chat, turn)).rejectionReason).toMatch(/disk is nearly full/);
  client.close();
  await host.stop();
  directory.remove();
  repository.remove();
});
