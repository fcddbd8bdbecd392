import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { clientFrames } from "../fuzz/corpus.ts";
import { malformed } from "../fuzz/mutate.ts";
import { expectedOf, type Said, wrongWith } from "../fuzz/oracle.ts";
import { Dice } from "../support/dice.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import { createSession, finished, hostConfig, prompt, type Refs, remoteRepository } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

/** Of one connection: as many as the host takes in one go. */
const framesPerConnection = 4_000;

let repository: Awaited<ReturnType<typeof remoteRepository>>;
let directory: HostDirectory;
let host: HostProcess;
let good: WireClient;
let session: Refs;

beforeAll(async () => {
  repository = await remoteRepository();
  directory = new HostDirectory(hostConfig(repository.directory));
  host = await directory.start();
  good = await WireClient.open(host.url, host.token, "good");
  await good.initialize([ROOT_URI]);
  session = await createSession(good, "11111111-fuzz", "scripted", repository.remote);
});

afterAll(async () => {
  good.socket.terminate();
  await host.stop();
  directory.remove();
  repository.remove();
});

async function opened(): Promise<WebSocket> {
  const socket = new WebSocket(`${host.url}/?tkn=${host.token}`);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return socket;
}

describe("FUZ-1: a whole host under malformed frames", () => {
  it.each([1, 2, 3])("answers each as it should, and goes on working for everybody else (seed %i)", async (seed) => {
    const uris: [string, ...string[]] = [ROOT_URI, session.session, session.chat, session.fleet, session.changes];
    const corpus = clientFrames(uris, "hostile", 10);
    const dice = new Dice(seed);
    const socket = await opened();
    const heard: string[] = [];
    socket.on("message", (data: Buffer) => heard.push(data.toString()));
    const params = { protocolVersions: ["0.9.0"], clientId: "hostile", initialSubscriptions: uris };
    const hello = { jsonrpc: "2.0", id: "hello", method: "initialize", params };
    // One in three has not introduced itself.
    if (seed !== 3) socket.send(JSON.stringify(hello));
    const sent = Array.from({ length: framesPerConnection }, () => malformed(corpus, dice)).filter(
      (frame) => frame.length < 100_000,
    );
    for (const frame of sent) socket.send(frame);
    const last = new Promise<void>((resolve) =>
      socket.on("message", (data: Buffer) => data.toString().includes('"id":"the last"') && resolve()),
    );
    socket.send('{"jsonrpc":"2.0","id":"the last","method":"ping"}');
    await last;
    const methods = sent.map((frame) => expectedOf(frame).method);
    const wrong = heard.flatMap((text) => {
      const said = JSON.parse(text) as Said;
      if (said.id === "hello" || said.id === "the last" || "result" in said) return [];
      return wrongWith(said, text, methods) ?? [];
    });
    expect(wrong).toEqual([]);
    await good.request("listSessions", { channel: ROOT_URI });
    socket.terminate();
  });

  it("still runs an agent for a client that knows what it wants", async () => {
    const after = await createSession(good, "22222222-fuzz", "scripted", repository.remote);
    prompt(good, after, "turn-1", "edit");
    expect(await finished(good, after, "turn-1")).toMatchObject({ state: "complete" });
  });
});
