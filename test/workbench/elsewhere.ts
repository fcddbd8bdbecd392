import { randomUUID } from "node:crypto";
import { silentLogger } from "../../src/base/logger.ts";
import type { AhpClient } from "../../src/client/ahpClient.ts";
import { launchAgent } from "../../src/extension/fleet/launch.ts";
import { newHostClient } from "../../src/extension/hosts/hostClient.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { sessionUri } from "../../src/protocol/uris.ts";
import type { HostAddress } from "./flow.ts";

/** Somebody else at work on the same host, without an editor. */
export class Elsewhere {
  readonly client: AhpClient;
  readonly #isLive: Promise<void>;

  constructor({ url, token }: HostAddress) {
    const record = { id: "elsewhere", name: "elsewhere", url };
    const ports = { clock: systemClock, logger: silentLogger, version: "0" };
    this.client = newHostClient(record, async () => token, ports);
    this.#isLive = new Promise((resolve) => {
      this.client.onDidChangeState(({ kind }) => kind === "live" && resolve());
    });
    this.client.connect();
  }

  /** Launches a sample agent; no panel opens for it. */
  async launch(repository: string, prompt: string): Promise<void> {
    await this.#isLive;
    const request = { hostId: "", provider: "sample", prompt, repository };
    await launchAgent(this.client, sessionUri(randomUUID()), request, { clock: systemClock, newId: randomUUID });
  }

  /** Gives the session with this title another one. */
  async rename(title: string, newTitle: string): Promise<void> {
    await this.#isLive;
    await this.client.sessions.refresh();
    const session = Array.from(this.client.sessions.all.values()).find((summary) => summary.title === title);
    if (session === undefined) throw new Error(`The host has no session "${title}".`);
    await this.client.dispatch(session.resource, { type: "session/titleChanged", title: newTitle });
  }

  dispose(): void {
    this.client.dispose();
  }
}
