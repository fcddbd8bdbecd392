import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { AhpClient } from "../../src/client/ahpClient.ts";
import { dialWebSocket } from "../../src/extension/hosts/wsTransport.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import type { ChatState } from "../../src/protocol/chatState.ts";
import { aChat, aTurn, chat } from "../support/aChat.ts";
import { startGateway, TOKEN } from "./gatewayFixture.ts";

const ids = (state: ChatState | undefined) => state?.turns.map(({ id }) => id);

describe("a long chat", () => {
  const whole = aChat({ turns: Array.from({ length: 45 }, (_, index) => aTurn(`t${index}`)) });
  let gateway: Awaited<ReturnType<typeof startGateway>>;
  const clients: AhpClient[] = [];

  const connected = async (clientId: string) => {
    const client = new AhpClient({
      dial: (attempt) => dialWebSocket(gateway.url, TOKEN, attempt, silentLogger),
      hostName: "the host",
      clientId,
      clientInfo: { name: "test" },
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
    });
    clients.push(client);
    client.connect();
    await client.root.ready;
    return client;
  };

  beforeAll(async () => {
    gateway = await startGateway();
    gateway.channels.create(chat, "chat", whole);
    await gateway.log.flush();
  });

  afterAll(async () => {
    for (const client of clients) client.dispose();
    await gateway.stop();
  });

  it("is read from its end, page by page, while others see it whole and it goes on", async () => {
    const [reader, other] = [await connected("reader"), await connected("other")];
    const [part, all] = [reader.subscribe("chat", chat, { turns: 5 }), other.subscribe("chat", chat)];
    expect(ids(await part.ready)).toEqual(ids({ ...whole, turns: whole.turns.slice(-5) }));
    expect(ids(await all.ready)).toEqual(ids(whole));
    let seenByOther = 0;
    all.onDidChange(() => (seenByOther += 1));

    for (let cursor = part.state?.turnsNextCursor; cursor !== undefined; cursor = part.state?.turnsNextCursor) {
      await reader.request("fetchTurns", { channel: chat, cursor });
    }
    expect(part.state).toEqual(whole);
    expect(seenByOther).toBe(0);

    await reader.dispatch(chat, {
      type: "chat/draftChanged",
      draft: { text: "and now", origin: { kind: "user" } },
    });
    expect(part.state?.draft?.text).toBe("and now");
    expect(gateway.channels.state("chat", chat)).toEqual(part.state);
  });

  it("gives no turns to who does not follow it, nor for a cursor that it did not give", async () => {
    const client = await connected("stranger");
    await expect(client.request("fetchTurns", { channel: chat, cursor: "t5" })).rejects.toThrow("no such chat");
    await client.subscribe("chat", chat, { turns: 2 }).ready;
    await expect(client.request("fetchTurns", { channel: chat, cursor: "elsewhere" })).rejects.toThrow(
      "The cursor names no turn",
    );
  });
});
