import { expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Audit } from "../../../../src/host/access/audit.ts";
import { type Act, AUDIT_CHANNEL, parseAct } from "../../../../src/host/access/auditRecord.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import { aGrant } from "../../../support/access.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { GatewayCore } from "../../../support/gatewayCore.ts";
import { memoryDisk, MemoryLog } from "../../../support/memoryLog.ts";

const CHAT = "ahp-chat://default/Y2hhdA";
const draft = (text: string) => ({ type: "chat/draftChanged", draft: { text, origin: { kind: "user" } } });

function open(keptMs = 1_000_000) {
  const clock = new FakeClock();
  const disk = memoryDisk();
  const log = new MemoryLog(clock, disk);
  const audit = new Audit({ log, clock, logger: silentLogger, keptMs });
  const acts = async (): Promise<Act[]> => {
    await log.flush();
    const records = disk.records.filter(({ channel }) => channel === AUDIT_CHANNEL);
    return records.flatMap(({ body }) => parseAct(body) ?? []);
  };
  return { clock, disk, log, audit, acts };
}

it("holds who did what, where, when and from where, and of a refusal why", async () => {
  const core = new GatewayCore({ disposeSession: async () => undefined });
  core.channels.create(CHAT, "chat", {
    resource: CHAT,
    title: "",
    status: 1,
    modifiedAt: "2026-01-01T00:00:00Z",
    turns: [],
  });
  const operator = await core.client("laptop", aGrant({ sessions: "all" }));
  const viewer = await core.client("wall", aGrant({ tokenId: "t2", role: "viewer", sessions: "all" }));
  await operator.request("disposeSession", { channel: "ahp-session:/12345678" });
  await operator.dispatched(CHAT, { type: "chat/turnCancelled", turnId: "secret-turn", duration: 0 });
  await viewer.dispatched(CHAT, draft("the secret plan"));
  await viewer.request("createSession", { channel: "ahp-session:/12345678", config: { secret: "plan" } });
  await core.log.flush();
  const from = "192.0.2.7";
  const at = core.clock.now();
  const ada = { at, user: "ada", token: "t1", role: "operator", clientId: "laptop", from };
  const wall = { at, user: "ada", token: "t2", role: "viewer", clientId: "wall", from };
  expect(core.acts()).toEqual([
    { ...ada, what: "initialize" },
    { ...wall, what: "initialize" },
    { ...ada, what: "disposeSession", channel: "ahp-session:/12345678" },
    { ...ada, what: "chat/turnCancelled", channel: CHAT, refused: "That turn is not running." },
    { ...wall, what: "chat/draftChanged", channel: CHAT, refused: expect.stringMatching(/for a viewer/) },
    {
      ...wall,
      what: "createSession",
      channel: "ahp-session:/12345678",
      refused: expect.stringMatching(/for a viewer/),
    },
  ]);
  expect(JSON.stringify(core.acts())).not.toMatch(/secret/);
});

it("has a record for every accepted act, however many", async () => {
  const { audit, acts } = open();
  for (let count = 0; count < 100; count += 1) audit.record({ user: "ada", what: "chat/turnStarted", channel: CHAT });
  expect(await acts()).toHaveLength(100);
});

it("counts what comes with every key, and what only reads", async () => {
  const { clock, audit, acts } = open();
  const typed = { user: "ada", what: "terminal/input", channel: "ahp-terminal:/1/2" };
  for (let count = 0; count < 500; count += 1) {
    audit.record(typed);
    audit.record({ user: "ada", what: "subscribe", channel: `ahp-session:/${count}` });
  }
  await clock.advance(60_000);
  expect((await acts()).map(({ what, times }) => [what, times])).toEqual([
    ["terminal/input", undefined],
    ["subscribe", undefined],
    ["terminal/input", 499],
    ["subscribe", 499],
  ]);
});

it("does not let a flood of refusals fill the disk, nor loses one from the count", async () => {
  const { clock, audit, acts } = open();
  const guess = (from: string) => audit.record({ from, what: "connect", refused: "The token is not valid." });
  for (let count = 0; count < 100_000; count += 1) guess("192.0.2.1");
  // More strangers than there is memory for.
  for (let count = 0; count < 5_000; count += 1) guess(`stranger-${count}`);
  await clock.advance(60_000);
  const all = await acts();
  expect(all.length).toBeLessThan(10 + 1_000 + 10);
  expect(all.reduce((sum, { times = 1 }) => sum + times, 0)).toBe(105_000);
  expect(all.find(({ from, times }) => from === "192.0.2.1" && times !== undefined)?.times).toBe(99_990);
});

it("writes what is counted when the host stops", async () => {
  const { audit, acts } = open();
  for (let count = 0; count < 3; count += 1) audit.record({ user: "ada", what: "listSessions" });
  audit.dispose();
  expect((await acts()).map(({ times }) => times)).toEqual([undefined, 2]);
});

it("keeps records for as long as they have to be kept, and the chain stays whole", async () => {
  const { clock, log, audit, acts } = open(60_000);
  audit.record({ user: "ada", what: "connect" });
  await clock.advance(50_000);
  audit.record({ user: "bob", what: "connect" });
  await clock.advance(20_000);
  await audit.sweep();
  expect((await acts()).map(({ user }) => user)).toEqual(["bob"]);
  expect(await log.verify()).toMatchObject({ records: 1, removed: 1 });
  expect((await log.verify()).problem).toBeUndefined();
});

it("DUR-10: loses nothing to a clock that is set far forward and put right, also just after the start", async () => {
  const { clock, audit, acts } = open(60_000_000);
  audit.record({ user: "ada", what: "connect" });
  const years = 10 * 365 * 24 * 60 * 60_000;
  clock.setForward(years);
  audit.start();
  await clock.advance(30_000);
  clock.setForward(-years);
  await clock.advance(3_600_000);
  clock.setForward(years);
  await audit.sweep();
  clock.setForward(-years);
  await audit.sweep();
  audit.dispose();
  expect((await acts()).map(({ user }) => user)).toEqual(["ada"]);
});

it("is no channel that anybody can follow or write", async () => {
  const core = new GatewayCore();
  const admin = await core.client();
  expect(await admin.request("subscribe", { channel: AUDIT_CHANNEL })).toMatchObject({ error: { code: -32001 } });
  await core.audit.sweep();
  expect(await admin.dispatched(AUDIT_CHANNEL, draft("forged"))).toBe("There is no such channel.");
  await core.log.flush();
  core.disk.isOpen = false;
  const channels = new Channels({ log: new MemoryLog(core.clock, core.disk), logger: silentLogger });
  expect(await channels.load(AUDIT_CHANNEL)).toBe(false);
  expect(core.acts().some(({ what, refused }) => what === "chat/draftChanged" && refused === undefined)).toBe(false);
});
