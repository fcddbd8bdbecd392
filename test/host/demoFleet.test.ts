import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { AhpClient } from "../../src/client/ahpClient.ts";
import { Fleet } from "../../src/extension/fleet/fleet.ts";
import { HostConnections } from "../../src/extension/hosts/hostConnections.ts";
import { hostDial } from "../../src/extension/hosts/hostDial.ts";
import { HostRegistry } from "../../src/extension/hosts/hostRegistry.ts";
import { firstOutcome } from "../../src/extension/hosts/firstOutcome.ts";
import { DemoFleet } from "../../src/extension/onboarding/demoFleet.ts";
import { type DemoHost, startDemoHost } from "../../src/extension/onboarding/demoHost.ts";
import { makeDemoRepository } from "../../src/extension/onboarding/demoRepository.ts";
import { findNode } from "../../src/extension/onboarding/nodeRuntime.ts";
import { systemClock } from "../../src/extension/platform/clock.ts";
import { FakeHostsStore, FakeSecrets } from "../support/fakeHostsPorts.ts";
import { hostMain, sampleAgentMain } from "../support/hostPrograms.ts";

const scripts = { host: hostMain, agent: sampleAgentMain };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "muster-demo-"));
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));

/** What two windows of one editor have in common. */
function aProfile() {
  const kept = new Map<string, unknown>();
  const state = {
    get: (key: string) => kept.get(key),
    update: async (key: string, value: unknown) => void kept.set(key, value),
  };
  return { store: new FakeHostsStore(), secrets: new FakeSecrets(), state };
}

/** A window with everything that the demo touches, all of it real but for settings, secrets and state. */
function aWindow({ store, secrets, state } = aProfile()) {
  const started: DemoHost[] = [];
  const hosts = new HostRegistry({
    store,
    secrets,
    readFile: async () => undefined,
    newId: randomUUID,
    logger: silentLogger,
  });
  const connections = new HostConnections({
    hosts,
    logger: silentLogger,
    newClient: ({ url, name }, token) =>
      new AhpClient({
        dial: hostDial({ url, token, logger: silentLogger }),
        clientId: randomUUID(),
        clientInfo: { name: "test" },
        hostName: name,
        clock: systemClock,
        random: Math.random,
        logger: silentLogger,
      }),
  });
  const fleet = new Fleet({ connections, clock: systemClock, newId: randomUUID, logger: silentLogger });
  const demo = new DemoFleet({
    folder: path.join(folder, "demo"),
    scripts,
    hosts,
    connections,
    launch: (request) => fleet.launch(request),
    connected: (hostId) => firstOutcome(connections, hostId),
    state,
    findNode,
    makeRepository: makeDemoRepository,
    startHost: async (options) => {
      const host = await startDemoHost(options);
      started.push(host);
      return host;
    },
    logger: silentLogger,
  });
  return {
    demo,
    hosts,
    fleet,
    started,
    async close() {
      demo.dispose();
      fleet.dispose();
      connections.dispose();
      hosts.dispose();
      await Promise.all(started.map(({ exited }) => exited));
    },
  };
}

describe("the demo fleet", () => {
  it("is a host on loopback with three sample agents, which a later window finds again", async () => {
    const profile = aProfile();
    const first = aWindow(profile);
    await first.demo.start();
    const [host] = first.hosts.all;
    expect(host).toMatchObject({ name: "Demo", url: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+$/) });
    const prompts = Array.from(first.fleet.agents.values(), ({ title, provider }) => `${provider}: ${title}`);
    expect(prompts).toHaveLength(3);
    expect(prompts.every((prompt) => prompt.startsWith("sample: "))).toBe(true);
    // Started once more it is the same.
    await first.demo.start();
    expect(first.fleet.agents.size).toBe(3);
    expect(first.started).toHaveLength(1);
    await first.close();

    const second = aWindow(profile);
    await second.demo.resume();
    expect(second.started).toHaveLength(1);
    expect(second.hosts.all).toEqual([host]);
    expect(second.fleet.agents.size).toBe(3);
    await second.demo.stop({ removeData: true });
    expect(second.hosts.all).toEqual([]);
    expect(second.fleet.agents.size).toBe(0);
    expect(existsSync(path.join(folder, "demo"))).toBe(false);
    await second.close();
  });

  it("runs once, whichever windows look at it, and only where it was asked for", async () => {
    const profile = aProfile();
    const [one, other] = [aWindow(profile), aWindow(profile)];
    await other.demo.resume();
    expect(other.started).toHaveLength(0);
    await one.demo.start();
    await other.demo.start();
    await other.demo.resume();
    expect(other.started).toHaveLength(0);
    await one.demo.stop({ removeData: false });
    expect(other.hosts.all).toEqual([]);
    await other.close();
    await one.close();
  });
});
