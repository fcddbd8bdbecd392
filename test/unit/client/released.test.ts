import { expect, it } from "vitest";
import { onTerminal } from "../../support/clientOnFakeHost.ts";
import { settle } from "../../support/fakeClock.ts";
import { FakeTransport } from "../../support/fakeTransport.ts";

it("a channel that is released while the connection resumes is not sent to this client for ever", async () => {
  const { scene, handle } = await onTerminal();
  const { uri } = handle;
  handle.dispose();
  await scene.clock.advance(29_500);
  const [near, far] = FakeTransport.pair();
  const late: string[] = [];
  scene.dial = async () => {
    const real = scene.host.connect();
    far.onMessage((text) => real.send(text));
    real.onMessage((text) => late.push(text));
    return near;
  };
  scene.host.dropAll();
  await scene.clock.advance(450);
  expect(scene.host.heard.at(-1)).toMatchObject({
    method: "reconnect",
    params: { subscriptions: ["ahp-root://", uri] },
  });
  await scene.clock.advance(500);
  for (const text of late) far.send(text);
  await settle();
  expect(scene.client.state.kind).toBe("live");
  expect(scene.host.heard).toContainEqual({ method: "unsubscribe", params: { channel: uri } });
});
