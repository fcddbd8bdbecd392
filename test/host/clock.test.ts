import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { HostStage } from "./hostStage.ts";
import { createSession, failureOf, finished, hostConfig, prompt, watch } from "./sessionFixture.ts";

const hour = 60 * 60 * 1_000;
const year = 365 * 24 * hour;
const stage = new HostStage();
const setClock = (text: string) => writeFileSync(path.join(stage.directory.path, "clock"), text);

const configOf = (turnMinutes: number) => (allowLocal: string) => ({
  ...hostConfig(allowLocal),
  limits: { concurrentSessions: 4, turnMinutes, agentIdleMinutes: 30 },
});

beforeAll(async () => {
  await stage.prepare(configOf(30));
  const file = path.join(stage.directory.path, "clock");
  const moved = new URL("fixtures/setClock.ts", import.meta.url).href;
  stage.directory.env = { NODE_OPTIONS: `--import=${moved}`, SET_CLOCK: file };
  setClock("0");
  await stage.start();
});
afterAll(() => stage.remove());

it("DUR-10: a host whose clock is set works on in order, and ends nothing too early or never", async () => {
  const all = await createSession(stage.client, "clock-0000-sets", "scripted", stage.repository.remote);
  const turns: string[] = [];
  const work = async (id: string) => {
    turns.push(id);
    prompt(stage.client, all, id, "edit");
    expect((await finished(stage.client, all, id)).state).toBe("complete");
  };
  await work("as it is");
  // Set in the middle of a turn that may take half an hour.
  prompt(stage.client, all, "in the middle", "ask");
  turns.push("in the middle");
  await stage.client.until(() => stage.client.state("session", all.session).inputNeeded?.length === 1);
  setClock(`${hour}`);
  await stage.client.request("ping", { channel: ROOT_URI });
  const [needed] = stage.client.state("session", all.session).inputNeeded ?? [];
  if (needed?.kind !== "toolConfirmation" || needed.toolCall.status !== "pending-confirmation")
    throw new Error("nothing is asked");
  const { toolCallId } = needed.toolCall;
  const answer = { turnId: "in the middle", toolCallId, approved: true, confirmed: "user-action" } as const;
  await stage.client.dispatched(all.chat, { type: "chat/toolCallConfirmed", ...answer });
  expect((await finished(stage.client, all, "in the middle")).state).toBe("complete");
  for (const jump of [-hour, 10 * year, -20 * year]) {
    setClock(`${jump}`);
    await work(`by ${jump}`);
  }
  setClock(`${-2 * hour}`);
  await stage.host.kill();
  stage.directory.configure(configOf(0.06)(stage.repository.directory));
  await stage.start("after");
  await watch(stage.client, all);
  await work("after a restart in the past");

  // A limit is as long as it is while the clock stands still.
  setClock("=1800000000000");
  prompt(stage.client, all, "frozen", "wait");
  turns.push("frozen");
  expect(failureOf(await finished(stage.client, all, "frozen"))).toMatchObject({ errorType: "limit.exceeded" });

  const chat = stage.client.state("chat", all.chat);
  expect(chat.turns.map(({ id }) => id)).toEqual(turns);
  expect(chat.turns.filter(({ duration }) => (duration ?? 0) < 0)).toEqual([]);
  expect(await stage.host.stop()).toBe(0);
  const directory = path.join(stage.directory.path, "data");
  const log = SqliteLog.open({ directory, clock: systemClock, logger: silentLogger, readOnly: true });
  expect(await log.verify()).not.toHaveProperty("problem");
  let seq = 0;
  for await (const record of log.read({ after: 0 })) expect(record.seq).toBe((seq += 1));
  await log.close();
});
