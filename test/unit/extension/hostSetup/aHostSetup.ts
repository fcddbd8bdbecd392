import { toDisposable } from "../../../../src/base/disposables.ts";
import { silentLogger } from "../../../../src/base/logger.ts";
import { AhpClient } from "../../../../src/client/ahpClient.ts";
import { HostConnections } from "../../../../src/extension/hosts/hostConnections.ts";
import { HostRegistry } from "../../../../src/extension/hosts/hostRegistry.ts";
import type { HostRecord } from "../../../../src/extension/hosts/hosts.ts";
import { HostCommands } from "../../../../src/extension/hostSetup/hostCommands.ts";
import type { AgentTarget } from "../../../../src/extension/ids.ts";
import { registerLinks } from "../../../../src/extension/links/links.ts";
import { CommandRegistry } from "../../../../src/extension/platform/commandRegistry.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { FakeHost } from "../../../support/fakeHost.ts";
import { FakeHostsStore, FakeSecrets } from "../../../support/fakeHostsPorts.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";

export const fingerprint = Array.from({ length: 32 }, () => "AB").join(":");

/** The commands over hosts in memory. `dial` decides what an attempt meets. */
export function aHostSetup(stored: readonly HostRecord[] = []) {
  const clock = new FakeClock();
  const farm = new FakeHost();
  const store = new FakeHostsStore(stored);
  const secrets = new FakeSecrets();
  const files = new Map<string, string>();
  const readFile = async (path: string) => files.get(path);
  const hosts = new HostRegistry({ store, secrets, readFile, newId: () => "new", logger: silentLogger });
  const dialled: { url: string; token: string | undefined; certificate: string | undefined }[] = [];
  const scene = {
    dial: async (_dialled: (typeof dialled)[number]) => farm.connect(),
    /** What the person answers to the modal question. */
    answer: (_question: string, _detail: string): string | undefined => undefined,
    file: undefined as string | undefined,
    /** Presses cancel on the progress. */
    cancels: false,
  };
  const newClient = ({ url, certificate }: HostRecord, token: () => Promise<string | undefined>) =>
    new AhpClient({
      dial: async () => {
        const attempt = { url, token: await token(), certificate };
        dialled.push(attempt);
        return scene.dial(attempt);
      },
      clientId: "client",
      clientInfo: { name: "test" },
      clock,
      random: () => 0.5,
      logger: silentLogger,
    });
  const connections = new HostConnections({ hosts, newClient, logger: silentLogger });
  const asked: string[] = [];
  const presented: unknown[] = [];
  const shownLogs: (string | undefined)[] = [];
  const commands = new HostCommands({
    hosts,
    connections,
    commands: new CommandRegistry({ present: async (error) => void presented.push(error) }),
    dialogs: {
      attempt: async (_title, run) => {
        const cancelled = new AbortController();
        const running = run(cancelled.signal, () => undefined);
        if (scene.cancels) cancelled.abort();
        return running;
      },
      choose: async (question, detail) => {
        asked.push(`${question}\n${detail}`);
        return scene.answer(question, detail);
      },
      confirm: async (question, detail) => {
        asked.push(`${question}\n${detail}`);
        return scene.answer(question, detail) !== undefined;
      },
      chooseFile: async () => scene.file,
    },
    telemetry: { send: () => undefined },
    newClient,
    readFile,
    readCertificate: async () => ({
      fingerprint,
      subject: "farm",
      issuer: "nobody\u202e",
      validTo: "Jan 1 2030",
      pem: "",
    }),
    showLog: (host) => void shownLogs.push(host?.name),
  });
  const openedAgents: AgentTarget[] = [];
  const links = registerLinks({
    extensionId: "muster.muster",
    connections,
    commands: { register: () => toDisposable(() => undefined) },
    presenter: { present: async (error) => void presented.push(error) },
    resolveAgent: async () => undefined,
    addHost: (proposal) => commands.add(proposal),
    openAgent: (target) => void openedAgents.push(target),
  });
  const run = (id: string, ...args: unknown[]) => fakeVscode.commands.get(id)?.(...args);
  return {
    scene,
    hosts,
    store,
    secrets,
    files,
    dialled,
    asked,
    presented,
    shownLogs,
    openedAgents,
    run,
    commands,
    connections,
    links,
  };
}

/** A host that is configured already. */
export const farm: HostRecord = { id: "farm", name: "farm.example", url: "wss://farm.example" };
