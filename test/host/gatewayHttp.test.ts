import { request } from "node:http";
import { afterEach, beforeEach, expect, it } from "vitest";
import { aGrant, FixedTokens, ownersGrant, RecordedAudit } from "../support/access.ts";
import { startGateway, TOKEN } from "./gatewayFixture.ts";

const OWN = "o".repeat(43);
let audit: RecordedAudit;
let gateway: Awaited<ReturnType<typeof startGateway>>;

beforeEach(async () => {
  const tokens = new FixedTokens({ [TOKEN]: ownersGrant, [OWN]: aGrant({ role: "admin" }) });
  const operations = {
    unready: () => ["The disk is nearly full."],
    metrics: () => "muster_sessions 7\n",
    isDraining: () => false,
    refused: () => undefined,
    cutOff: () => undefined,
  };
  audit = new RecordedAudit();
  gateway = await startGateway({ tokens, operations, audit });
});
afterEach(() => gateway.stop());

async function ask(path: string, headers: Record<string, string> = {}, method = "GET") {
  return await new Promise<{ status: number; body: string; headers: object }>((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: gateway.port, path, headers, method }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

it("answers whether it lives to everybody, whatever they call it, and nothing else", async () => {
  expect(await ask("/healthz", { host: "probe.example" })).toMatchObject({ status: 200, body: '{"status":"ok"}' });
  expect((await ask("/")).status).toBe(404);
  expect((await ask("/healthz", {}, "POST")).status).toBe(404);
});

it.each([
  ["its own name", {}, true],
  ["a name that was rebound to its address", { host: "rebound.example.com" }, false],
  ["a web page", { origin: "https://evil.example" }, false],
])("ORI-5: tells why it takes no work to whoever asks by %s", async (_what, headers, isTold) => {
  const { status, body } = await ask("/readyz", headers);
  expect(status).toBe(503);
  expect(body.includes("disk")).toBe(isTold);
});

it.each([
  ["no token", {}, 401],
  ["a wrong one", { authorization: "Bearer wrong" }, 403],
  ["one for the sessions of one user", { authorization: `Bearer ${OWN}` }, 403],
  ["one for all sessions", { authorization: `Bearer ${TOKEN}` }, 200],
  ["one for all sessions, from a web page", { authorization: `Bearer ${TOKEN}`, origin: "https://evil.example" }, 403],
  ["one for all sessions, by another name", { authorization: `Bearer ${TOKEN}`, host: "rebound.example.com" }, 403],
])("TEN-1: shows what it counts with %s: %#", async (_what, headers, status) => {
  const answer = await ask("/metrics", headers);
  expect(answer.status).toBe(status);
  expect(answer.body.includes("muster_sessions")).toBe(status === 200);
  expect(audit.acts.map(({ what, from, refused }) => [what, from, refused === undefined])).toEqual([
    ["metrics", "127.0.0.1", status === 200],
  ]);
});

it("ORI-1: lets no web page read anything, asked first or not", async () => {
  const preflight = { origin: "https://evil.example", "access-control-request-method": "GET" };
  for (const path of ["/healthz", "/readyz", "/metrics"]) {
    expect((await ask(path, preflight, "OPTIONS")).status).toBe(404);
    const answer = await ask(path, { origin: "https://evil.example" });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  }
});
