import { cpSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { HostDirectory } from "./hostProcess.ts";
import { failureOf, hostConfig, refs, watch } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

const kept = fileURLToPath(new URL("../fixtures/data", import.meta.url));

/** The first start on such data ends before, in and after its first commit. */
const deaths = ["log.writing", "log.written", "log.synced"];

it("DUR-12: opens the data that an earlier host left, also after starts that were killed at it, and goes on", async () => {
  const directory = new HostDirectory(hostConfig("/nowhere"));
  const data = path.join(directory.path, "data");
  cpSync(kept, data, { recursive: true });
  for (const death of deaths) {
    directory.env = { MUSTER_FAILPOINT: death };
    const dying = await directory.start();
    expect(await dying.ended()).toBe("SIGKILL");
  }
  directory.env = {};
  const host = await directory.start();
  const client = await WireClient.connect(host.url, host.token);
  const { items } = (await client.request("listSessions", { channel: ROOT_URI })) as { items: unknown[] };
  const all = refs("f1f1f1f1-kept-0000");
  expect(items).toMatchObject([{ resource: all.session, title: "Kept over upgrades", changes: { files: 1 } }]);
  await watch(client, all);
  const { turns } = client.state("chat", all.chat);
  expect(turns).toMatchObject([
    { id: "t1", state: "complete" },
    { id: "t2", state: "error" },
  ]);
  expect(failureOf(turns[1] ?? { responseParts: [] })).toMatchObject({
    errorType: "agent.interrupted",
    resumable: true,
  });
  expect(client.state("fleetSession", all.fleet).checkpoints).toHaveLength(1);
  const title = await client.dispatched(all.session, { type: "session/titleChanged", title: "And goes on" });
  expect(title.rejectionReason).toBeUndefined();
  client.close();
  await host.stop();
  const log = SqliteLog.open({ directory: data, clock: systemClock, logger: silentLogger, readOnly: true });
  expect(await log.verify()).not.toHaveProperty("problem");
  await log.close();
  directory.remove();
});
