import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { handleGit, refusePushes } from "../support/gitHttp/gitHttp.ts";
import { addBareRemote, brokenRepository } from "../support/repositories/repositories.ts";
import { HostDirectory } from "./hostProcess.ts";
import { createSession, finished, hostConfig, prompt } from "./sessionFixture.ts";
import { WireClient } from "./wireClient.ts";

const planted = ["plainToken0123456789abcdefghij", `ghp_${"k".repeat(36)}`] as const;
const [wrong, good] = planted;

interface Sighting {
  readonly command: string;
  readonly where: "arguments" | "environment";
}

/** Processes of this machine that show a token: in their arguments, or in the variables that their children get. */
function sightings(): Sighting[] {
  const found: Sighting[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
      if (planted.some((token) => command.includes(token))) found.push({ command, where: "arguments" });
      const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
      if (planted.some((token) => environment.includes(token))) found.push({ command, where: "environment" });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

it("GIT-10 a lent token is nowhere but in the git command that needs it", async () => {
  const root = mkdtempSync(path.join(tmpdir(), "muster-leak-"));
  const bare = path.join(root, "octo", "private.git");
  await addBareRemote(await brokenRepository(root), bare);
  const during: Sighting[] = [];
  const server = createServer((request, response) => {
    during.push(...sightings());
    const access = (_owner: string, _name: string, given: string | undefined) =>
      given === good ? { login: "octo", canRead: true, canWrite: true } : undefined;
    void handleGit({ root, access }, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const directory = new HostDirectory(hostConfig(root));
  const host = await directory.start();
  const client = await WireClient.connect(host.url, host.token);
  const lend = (token: string) => client.request("authenticate", { channel: "ahp-root://", resource: origin, token });
  try {
    await lend(wrong);
    const all = await createSession(client, "aaaaaaaa-leak-0000", "scripted", `${origin}/octo/private.git`);
    prompt(client, all, "t1", "env");
    await finished(client, all, "t1");
    expect(client.state("chat", all.chat).turns[0]?.state).toBe("error");
    await lend(good);
    await client.until(() => client.state("chat", all.chat).turns[0]?.state === "complete");
    prompt(client, all, "t2", "edit");
    await finished(client, all, "t2");
    const commit = client.state("fleetSession", all.fleet).head;
    const push = { channel: all.changes, operationId: "push", _meta: { muster: { commit } } };
    await refusePushes(bare, `the token ${good} is not welcome`);
    const refused = await client.refusal("invokeChangesetOperation", push);
    expect(refused.message).toContain("is not welcome");
    await refusePushes(bare, undefined);
    await client.request("invokeChangesetOperation", push);

    expect(during.filter(({ where }) => where === "arguments")).toEqual([]);
    const holders = new Set(during.map(({ command }) => path.basename(command.split("\0")[0] ?? "")));
    for (const holder of holders) expect(["git", "git-remote-http", "git-remote-https", "sh", ""]).toContain(holder);
    // The agent's process waits for its next message; once the host's own git has ended, nobody has anything of it.
    await expect.poll(sightings, { timeout: 20_000 }).toEqual([]);
    const told = JSON.stringify([client.envelopes, client.notifications, client.held(), refused, host.stderr()]);
    for (const token of planted) expect(told).not.toContain(token);
  } finally {
    client.close();
    await host.stop();
    server.closeAllConnections();
    server.close();
  }
  for (const token of planted) {
    const grep = spawnSync("grep", ["-r", "--binary-files=text", "-l", token, directory.path], { encoding: "utf8" });
    expect(grep.stdout).toBe("");
  }
  directory.remove();
  rmSync(root, { recursive: true, force: true });
});
