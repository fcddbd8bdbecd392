import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { auditFilterOf, parseCli } from "../../src/host/cli/arguments.ts";
import { auditLog } from "../../src/host/cli/auditLog.ts";
import { tokenCommand } from "../../src/host/cli/token.ts";
import { createToken, tokenDirectory } from "../../src/host/access/tokenFile.ts";
import { upgradeStatus } from "./gatewayFixture.ts";
import { HostDirectory, type HostProcess } from "./hostProcess.ts";
import { WireClient } from "./wireClient.ts";

/** Revoked, expired or rotated: dead by then. */
const deadMs = 5_000;

let directory: HostDirectory;
let host: HostProcess;
let data: string;

/** What the command prints. In this process: it is the files that the running host is told by. */
async function cli(...args: string[]): Promise<string> {
  const options = parseCli([...args, "--data", data], "/");
  const printed: string[] = [];
  const print = (line: string) => void printed.push(line);
  if (options.command === "token") tokenCommand(options, Date.now(), print);
  else await auditLog(data, auditFilterOf(options, Date.now()), options.json, print);
  return printed.join("\n");
}

async function lines(...args: string[]): Promise<Record<string, unknown>[]> {
  const printed = await cli(...args);
  const filled = printed.split("\n").filter((line) => line !== "");
  return filled.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const portOf = () => Number(new URL(host.url.replace("ws:", "http:")).port);
const statusOf = async (token: string) => (await upgradeStatus(portOf(), { path: `/?tkn=${token}` })).status;
const idOf = async (user: string) =>
  String((await lines("token", "list", "--json")).find((token) => token["user"] === user)?.["id"]);

beforeAll(async () => {
  directory = new HostDirectory({});
  data = path.join(directory.path, "data");
  host = await directory.start();
});
afterAll(async () => {
  await host?.stop();
  directory?.remove();
});

describe("tokens of a host that runs", () => {
  it("AUTH-5: are good within seconds of their making, and dead with what they opened when they are revoked", async () => {
    const token = await cli("token", "create", "--user", "ada", "--role", "operator", "--label", "laptop");
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(await statusOf(token)).toBe(101);
    const client = await WireClient.connect(host.url, token, "laptop");
    const [listed] = await lines("token", "list", "--json");
    expect(listed).toMatchObject({ user: "ada", role: "operator", sessions: "own", label: "laptop", isExpired: false });
    expect(listed?.["lastUsedAt"]).toBeDefined();
    expect(JSON.stringify(listed)).not.toContain(token);
    expect(await cli("token", "list")).toMatch(/^\w{10} {2}ada {2}operator {2}own sessions {2}created .*"laptop"$/);
    const begin = Date.now();
    await cli("token", "revoke", await idOf("ada"));
    expect(await client.closed).toEqual({ code: 4001, reason: "The token has expired or was revoked." });
    expect(Date.now() - begin).toBeLessThan(deadMs);
    expect(await statusOf(token)).toBe(403);
  });

  it("AUTH-5: are rotated without a moment in which none is good", async () => {
    const former = await cli(
      "token",
      "create",
      "--user",
      "bob",
      "--role",
      "viewer",
      "--sessions",
      "all",
      "--expires",
      "30d",
    );
    expect(await statusOf(former)).toBe(101);
    const client = await WireClient.connect(host.url, former, "wall");
    const next = await cli("token", "rotate", await idOf("bob"), "--overlap", "1h");
    expect(await statusOf(next)).toBe(101);
    expect(await statusOf(former)).toBe(101);
    await client.request("ping", {});
    const tokens = (await lines("token", "list", "--json")).filter(({ user }) => user === "bob");
    expect(tokens).toHaveLength(2);
    for (const token of tokens) expect(token).toMatchObject({ role: "viewer", sessions: "all" });
    client.close();
  });

  it("AUTH-3: end at their time, in the middle of whatever they are used for", async () => {
    const ends = Date.now() + 1_500;
    const terms = { user: "cid", role: "operator", sessions: "own", expiresAt: new Date(ends).toISOString() } as const;
    const { token } = createToken(tokenDirectory(data), terms, Date.now());
    expect(await statusOf(token)).toBe(101);
    const client = await WireClient.connect(host.url, token, "short");
    expect(await client.closed).toMatchObject({ code: 4001 });
    expect(Date.now() - ends).toBeLessThan(deadMs);
    expect(Date.now()).toBeGreaterThanOrEqual(ends);
    expect(await statusOf(token)).toBe(401);
  });

  it("AUTH-5: the owner's is rotated while the host runs", async () => {
    const client = await WireClient.connect(host.url, host.token, "owner");
    const file = ["--token-file", directory.tokenFile];
    const next = await cli("token", "--rotate", ...file);
    expect(await client.closed).toMatchObject({ code: 4001 });
    expect(await statusOf(host.token)).toBe(403);
    expect(await statusOf(next)).toBe(101);
    expect(await cli("token", ...file)).toBe(next);
  });

  it("SEC-3: are nowhere in the data directory", async () => {
    const token = await cli("token", "create", "--user", "dan", "--role", "admin");
    expect(await statusOf(token)).toBe(101);
    const files = readdirSync(data, { recursive: true, encoding: "utf8" }).map((name) => path.join(data, name));
    const holding = files.filter(
      (file) => statSync(file).isFile() && [token, host.token].some((each) => readFileSync(file).includes(each)),
    );
    expect(holding).toEqual([]);
  });

  it.each([
    [["token", "create"], /--user NAME/],
    [["token", "create", "--user", "owner", "--role", "admin"], /another name/],
    [["token", "create", "--user", "eve", "--role", "root"], /viewer, operator, approver, admin/],
    [["token", "create", "--user", "eve", "--role", "viewer", "--sessions", "some"], /own, all/],
    [["token", "create", "--user", "eve", "--role", "viewer", "--expires", "soon"], /no span of time/],
    [["token", "revoke"], /by its id/],
    [["token", "revoke", "owner"], /--rotate/],
    [["token", "burn", "x"], /no command "token burn x"/],
    [["audit", "--since", "yesterday"], /no span of time/],
    [["serve", "--tls-cert", "/c.pem"], /both --tls-cert and --tls-key/],
  ])("%j is refused in a sentence", async (args, sentence) => {
    await expect(cli(...args)).rejects.toThrow(sentence);
  });
});

describe("the record", () => {
  it("tells who did what and what was refused, by user, session and time, and no secret", async () => {
    const token = await cli("token", "create", "--user", "fay", "--role", "viewer", "--sessions", "all");
    expect(await statusOf(token)).toBe(101);
    const client = await WireClient.connect(host.url, token, "fays-wall");
    const session = "ahp-session:/0f9c1b2a-0000-4000-8000-000000000001";
    await client.refusal("createSession", { channel: session, config: { prompt: "a private prompt" } });
    await client.dispatched(session, { type: "session/titleChanged", title: "a private title" });
    await client.request("listSessions", { channel: ROOT_URI });
    client.close();
    await statusOf("a-guess");
    await host.stop();
    const own = await lines("audit", "--user", "fay", "--json");
    const common = { user: "fay", role: "viewer", from: "127.0.0.1" };
    expect(own).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...common, what: "connect" }),
        expect.objectContaining({ ...common, what: "initialize", clientId: "fays-wall" }),
        expect.objectContaining({ ...common, what: "listSessions" }),
      ]),
    );
    const refused = await lines("audit", "--user", "fay", "--refused", "--session", session, "--since", "1h", "--json");
    expect(refused.map(({ what, channel }) => [what, channel])).toEqual([
      ["createSession", session],
      ["session/titleChanged", session],
    ]);
    expect(refused[0]?.["refused"]).toMatch(/for a viewer; createSession needs the role operator/);
    expect(await lines("audit", "--user", "nobody-known", "--json")).toEqual([]);
    const all = await cli("audit");
    expect(all).toMatch(/REFUSED {2}nobody {2}connect {2}from 127\.0\.0\.1 {2}The token is not valid\.$/m);
    expect(all).not.toMatch(/private|a-guess/);
    expect(all).not.toContain(token);
  });
});
