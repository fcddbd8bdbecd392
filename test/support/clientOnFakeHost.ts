import { type Logger, silentLogger } from "../../src/base/logger.ts";
import { AhpClient } from "../../src/client/ahpClient.ts";
import type { Dial } from "../../src/client/connection.ts";
import type { ClientLimits } from "../../src/client/limits.ts";
import type { StateAction } from "../../src/protocol/actions.ts";
import type { SessionSummary } from "../../src/protocol/methods.ts";
import type { TerminalState } from "../../src/protocol/terminal.ts";
import { FakeClock, settle } from "./fakeClock.ts";
import { FakeHost } from "./fakeHost.ts";

/** A client whose every connection goes to a host in memory. `dial` may be replaced to fail or to go elsewhere. */
export class ClientOnFakeHost {
  readonly host: FakeHost;
  readonly clock: FakeClock;
  readonly client: AhpClient;
  dials = 0;
  dial: Dial = async () => this.host.connect();

  constructor(
    host = new FakeHost(),
    clock = new FakeClock(),
    clientId = "client-1",
    limits: Partial<ClientLimits> = {},
    logger: Logger = silentLogger,
  ) {
    this.host = host;
    this.clock = clock;
    this.client = new AhpClient({
      dial: (attempt) => {
        this.dials++;
        return this.dial(attempt);
      },
      clientId,
      clientInfo: { name: "test" },
      hostName: "farm",
      clock,
      random: () => 0.5,
      logger,
      limits,
    });
  }

  /** Connects and waits until the client is live. */
  async live(): Promise<this> {
    this.client.connect();
    await settle();
    return this;
  }

  /** Lets the next retry of a dropped connection happen. */
  async retried(): Promise<void> {
    await this.clock.advance(60_000);
  }
}

export function aSummary(resource: string, changes: Partial<SessionSummary> = {}): SessionSummary {
  return {
    resource,
    provider: "sample",
    title: `Title of ${resource}`,
    status: 1,
    createdAt: "2026-01-01T00:00:00Z",
    modifiedAt: "2026-01-01T00:00:00Z",
    ...changes,
  };
}

export const terminalUri = "ahp-terminal:/s/t";

export const emptyTerminal: TerminalState = {
  title: "t",
  content: [],
  lifecycle: { status: "running" },
  claim: { kind: "client", clientId: "client-1" },
};

export const printed = (text: string): StateAction => ({ type: "terminal/data", data: text });
export const titled = (text: string): StateAction => ({ type: "terminal/titleChanged", title: text });

/** A live client that follows a terminal of its host. */
export async function onTerminal(limits: Partial<ClientLimits> = {}) {
  const scene = new ClientOnFakeHost(new FakeHost(), new FakeClock(), "client-1", limits);
  scene.host.put(terminalUri, emptyTerminal);
  await scene.live();
  const handle = scene.client.subscribe("terminal", terminalUri);
  await settle();
  return { scene, handle };
}
