import { beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import { KnownClients } from "../../../../src/host/gateway/knownClients.ts";
import { Presence } from "../../../../src/host/sessions/presence.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { MemoryLog } from "../../../support/memoryLog.ts";
import { aSession } from "../../../support/aChat.ts";

const uri = "ahp-session:/12345678";
const principal = "owner";

let channels: Channels;
let clock: FakeClock;
let clients: KnownClients;
const present = () => channels.state("session", uri)?.activeClients.map((client) => client.clientId);

beforeEach(async () => {
  clock = new FakeClock();
  const log = new MemoryLog(clock);
  channels = new Channels({ log, logger: silentLogger });
  channels.create(uri, "session", aSession());
  const presence = new Presence(channels);
  clients = new KnownClients(clock, (clientId) => presence.gone(clientId));
  for (const clientId of ["leaves", "stays"]) {
    clients.joined(principal, clientId);
    const action = { type: "session/activeClientSet" as const, activeClient: { clientId, tools: [] } };
    channels.dispatch(uri, action, { principal, clientId, clientSeq: 1 });
  }
  await log.flush();
});

describe("a client that went away", () => {
  it("is no longer present in its sessions after 30 seconds", async () => {
    clients.left(principal, "leaves");
    await clock.advance(29_000);
    expect(present()).toEqual(["leaves", "stays"]);
    await clock.advance(1_000);
    expect(present()).toEqual(["stays"]);
  });

  it("stays when it comes back in time, or still has another window", async () => {
    clients.left(principal, "leaves");
    await clock.advance(20_000);
    clients.joined(principal, "leaves");
    clients.joined(principal, "stays");
    clients.left(principal, "stays");
    await clock.advance(60_000);
    expect(present()).toEqual(["leaves", "stays"]);
  });
});
