import { it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { AhpClient } from "../../src/client/ahpClient.ts";
import { dialWebSocket } from "../../src/extension/hosts/wsTransport.ts";
import type { CommittedAction } from "../../src/host/channels/channels.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { Cable } from "../support/cable.ts";
import { Dice } from "../support/dice.ts";
import { CHAT, startGateway, TOKEN } from "./gatewayFixture.ts";

const elsewhere = "127.0.0.2";
const dice = new Dice(Number(process.env["MUSTER_SEED"] ?? 5));

/** Milliseconds one way. They wait for each other, so they do it together. */
it.concurrent.for<[string, () => number]>([
  ["50 ms", () => 50],
  ["300 ms, more or less", () => 200 + dice.below(200)],
  ["2 s", () => 2_000],
  ["pieces that stay away for three seconds", () => (dice.chance(0.05) ? 3_000 : 5)],
])(
  "NET-5: on a line of %s what a person does is done, once and in order",
  async ([, delayMs], { expect, onTestFinished }) => {
    const gateway = await startGateway({ names: [elsewhere] });
    const cable = await Cable.to(gateway.port, { delayMs, address: elsewhere });
    const client = new AhpClient({
      dial: (attempt) => dialWebSocket(`ws://${elsewhere}:${cable.port}`, TOKEN, attempt, silentLogger),
      hostName: "the host",
      clientId: "far-away",
      clientInfo: { name: "test" },
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
    });
    onTestFinished(async () => {
      client.dispose();
      await cable.dispose();
      await gateway.stop();
    });
    const done: CommittedAction[] = [];
    gateway.channels.onCommitted((actions) => done.push(...actions.filter(({ origin }) => origin !== undefined)));
    const isLive = new Promise<void>((resolve) => {
      client.onDidChangeState(() => client.state.kind === "live" && resolve());
    });
    client.connect();
    const chat = client.subscribe("chat", CHAT);
    await Promise.all([isLive, chat.ready]);
    const texts = Array.from({ length: 20 }, (_, each) => `thought ${each}`);
    await Promise.all(
      texts.map((text) =>
        client.dispatch(CHAT, { type: "chat/draftChanged", draft: { text, origin: { kind: "user" } } }),
      ),
    );
    const drafts = done.map(({ action }) => (action.type === "chat/draftChanged" ? action.draft?.text : undefined));
    expect(drafts).toEqual(texts);
    expect(chat.state).toEqual(gateway.channels.state("chat", CHAT));
  },
);
