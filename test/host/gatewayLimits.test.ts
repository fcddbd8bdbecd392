import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startGateway, TOKEN, upgradeStatus } from "./gatewayFixture.ts";
import { WireClient } from "./wireClient.ts";

let gateway: Awaited<ReturnType<typeof startGateway>>;

const open = (clientId: string): Promise<WireClient> => WireClient.open(gateway.url, TOKEN, clientId);
const connected = (clientId: string): Promise<WireClient> => WireClient.connect(gateway.url, TOKEN, clientId);

beforeEach(async () => {
  gateway = await startGateway();
});

afterEach(async () => {
  await gateway.stop();
});

describe("a host without room or at its end", () => {
  it("says when to try again instead of letting one more in", async () => {
    await gateway.stop();
    gateway = await startGateway({ maxConnections: 1 });
    await open("one");
    const answer = await upgradeStatus(gateway.port, { path: `/?tkn=${TOKEN}` });
    expect(answer).toMatchObject({ status: 503, retryAfter: "10" });
  });

  it("says so to its clients, each with a time of its own to come back", async () => {
    const [one, two] = [await connected("one"), await connected("two")];
    await gateway.gateway.close();
    const hints = await Promise.all(
      [one, two].map(async (client) => {
        expect(await client.closed).toMatchObject({ code: 1001 });
        return client.notifications.find(({ method }) => method === "x-fleet/goingAway")?.params["retryAfterMs"];
      }),
    );
    expect(hints).toEqual([1_000, 1_020]);
  });
});
