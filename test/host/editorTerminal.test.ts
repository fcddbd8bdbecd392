import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import type { AhpClient } from "../../src/client/ahpClient.ts";
import { readSession } from "../../src/extension/fleet/agentCommands.ts";
import { launchAgent } from "../../src/extension/fleet/launch.ts";
import { newHostClient } from "../../src/extension/hosts/hostClient.ts";
import { newTerminal, openTerminal } from "../../src/extension/terminals/newTerminal.ts";
import { RemoteTerminal } from "../../src/extension/terminals/remoteTerminal.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { sessionUri } from "../../src/protocol/uris.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import { hostConfig, remoteRepository } from "./sessionFixture.ts";

/** What the editor's terminal does, without an editor, on a real host process. */

let repository: Awaited<ReturnType<typeof remoteRepository>>;
let directory: HostDirectory;
let host: HostProcess;
let client: AhpClient;

beforeAll(async () => {
  repository = await remoteRepository();
  directory = new HostDirectory(hostConfig(repository.directory));
  host = await directory.start();
  const record = { id: "h", name: "farm", url: host.url };
  client = newHostClient(record, async () => host.token, { clock: systemClock, logger: silentLogger, version: "0" });
  const live = new Promise<void>((resolve) => client.onDidChangeState(({ kind }) => kind === "live" && resolve()));
  client.connect();
  await live;
});

afterAll(async () => {
  client?.dispose();
  await host?.kill();
  directory?.remove();
  repository?.remove();
});

const newId = () => crypto.randomUUID();

/** Resolves when the session's workspace is there, as the fleet channel of the session tells. */
async function launched(): Promise<string> {
  const id = newId();
  const session = sessionUri(id);
  const request = { hostId: "h", provider: "sample", prompt: "Describe it", repository: repository.remote };
  await launchAgent(client, session, request, { clock: systemClock, newId });
  const fleet = client.subscribe("fleetSession", `x-fleet-session:/${id}`);
  await fleet.ready;
  await new Promise<void>((resolve) => {
    const look = () => {
      if (fleet.state?.baseCommit !== undefined) resolve();
    };
    fleet.onDidChange(look);
    look();
  });
  fleet.dispose();
  return session;
}

describe("a terminal of the editor on a real host", () => {
  it("opens in the agent's workspace, runs what is typed, and ends with the shell", async () => {
    const session = await launched();
    const request = newTerminal(session, await readSession({ client, session }), newId(), client.hostInfo);
    await openTerminal(client, request, "farm");
    const terminal = new RemoteTerminal({ client, uri: request.channel, logger: silentLogger });
    const ended = new Promise((resolve) => terminal.onEnd(resolve));
    let screen = "";
    const prompted = new Promise<void>((resolve) => {
      terminal.onWrite((text) => {
        screen += text;
        resolve();
      });
    });
    terminal.open({ cols: 200, rows: 30 });
    await prompted;
    terminal.input("echo sum-$((40 + 2)); ls -d .git; exit 3\r");
    expect(await ended).toBe(3);
    expect(screen).toContain("sum-42");
    expect(screen).toMatch(/^\.git\r?$/m);
    terminal.dispose();
  });
});
