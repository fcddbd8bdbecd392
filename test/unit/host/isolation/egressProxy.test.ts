import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HostTarget } from "../../../../src/host/isolation/egress/hostPattern.ts";
import { EgressProxy, type ProxyOptions } from "../../../../src/host/isolation/egress/proxy.ts";
import { AddressRules } from "../../../../src/host/workspaces/addressRules.ts";

/** Every address leads to one server of this machine: nothing is sent anywhere else. */
let directory: string;
let canary: Server;
let port: number;
let dialled: string[];
let asked: string[];
let seen: string[];
let proxy: EgressProxy | undefined;
beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), "muster-egress-"));
  [dialled, asked, seen] = [[], [], []];
  canary = createServer((request, response) => {
    seen.push(`${request.method} ${request.headers.host} ${request.url}`);
    if (request.url === "/redirect") response.writeHead(302, { location: "http://169.254.169.254/" }).end();
    else request.resume().on("end", () => response.end("hello"));
  });
  await new Promise<void>((resolve) => canary.listen(0, "127.0.0.1", resolve));
  const address = canary.address();
  port = typeof address === "object" ? (address?.port ?? 0) : 0;
});
afterEach(async () => {
  await proxy?.close();
  canary.close();
  canary.closeAllConnections();
  rmSync(directory, { recursive: true });
});

const allowed = new Set([
  "allowed.example",
  "private.example",
  "rebinding.example",
  "mixed.example",
  "mapped.example",
  "203.0.113.7",
]);
const publicAddress = "93.184.216.34";
const answers: Readonly<Record<string, readonly string[]>> = {
  "allowed.example": [publicAddress],
  "private.example": ["10.1.2.3"],
  "mixed.example": [publicAddress, "169.254.169.254"],
  "mapped.example": ["::ffff:169.254.169.254"],
};

async function start(more: Partial<ProxyOptions> = {}) {
  let rebinding = 0;
  proxy = await EgressProxy.listen({
    socket: path.join(directory, "s"),
    admit: ({ host }: HostTarget) => {
      asked.push(host);
      return Promise.resolve(allowed.has(host) ? undefined : `not ${host}`);
    },
    hostPorts: [],
    addresses: new AddressRules([]),
    resolve: (host) => {
      if (host !== "rebinding.example") return Promise.resolve(answers[host] ?? []);
      rebinding += 1;
      return Promise.resolve([rebinding === 1 ? publicAddress : "127.0.0.1"]);
    },
    dial: (address) => {
      dialled.push(address);
      return connect(port, "127.0.0.1");
    },
    ...more,
  });
}

/** What comes back for bytes as they are. */
async function say(text: string): Promise<string> {
  const socket = connect(path.join(directory, "s"));
  let heard = "";
  socket.on("data", (chunk) => (heard += chunk.toString()));
  socket.write(text, "latin1");
  await new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
    socket.on("error", () => resolve());
    setTimeout(() => socket.end(), 300);
  });
  return heard;
}
const connectTo = (target: string) => say(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
const status = (heard: string) => heard.split(" ")[1];

describe("SBX-5: the way out of a box", () => {
  it("is a tunnel to what is allowed, dialled at the address that was checked", async () => {
    await start();
    const get = "GET /x HTTP/1.1\r\nHost: allowed.example\r\nConnection: close\r\n\r\n";
    const heard = await say(`CONNECT allowed.example:443 HTTP/1.1\r\nHost: allowed.example:443\r\n\r\n${get}`);
    expect(heard).toMatch(/^HTTP\/1\.1 200 .*hello$/s);
    expect(dialled).toEqual([publicAddress]);
  });

  it("forwards plain requests, each looked at by itself", async () => {
    await start();
    const one = "GET http://allowed.example/a?b=c HTTP/1.1\r\nHost: allowed.example\r\n\r\n";
    const two = "GET http://forbidden.example/ HTTP/1.1\r\nHost: allowed.example\r\nConnection: close\r\n\r\n";
    const heard = await say(one + two);
    expect(heard).toContain("hello");
    expect(heard).toContain("403 Forbidden");
    expect(heard).toContain("not forbidden.example");
    expect(seen).toEqual(["GET allowed.example /a?b=c"]);
  });

  it("leaves a redirect to the client, who then is refused", async () => {
    await start();
    const heard = await say(
      "GET http://allowed.example/redirect HTTP/1.1\r\nHost: allowed.example\r\nConnection: close\r\n\r\n",
    );
    expect(heard).toMatch(/^HTTP\/1\.1 302/);
    expect(status(await connectTo("169.254.169.254:80"))).toBe("403");
    expect(dialled).toEqual([publicAddress]);
  });

  it.each([
    "forbidden.example:443",
    "allowed.example.evil.example:443",
    "evil-allowed.example:443",
    "169.254.169.254:80",
    "127.0.0.1:443",
    "[::1]:443",
    "[::ffff:127.0.0.1]:443",
    "[::ffff:7f00:1]:443",
    "localhost:443",
    "private.example:443",
    "mixed.example:443",
    "mapped.example:443",
    "203.0.113.7:443",
  ])("does not lead to %s", async (target) => {
    await start();
    expect(status(await connectTo(target))).toBe("403");
    expect(dialled).toEqual([]);
  });

  it.each([
    "evil.example\0.allowed.example:443",
    "evil.example%00.allowed.example:443",
    "allowed.example@evil.example:443",
    "2130706433:80",
    "0x7f.1:80",
    "017700000001:80",
    "127.1:80",
    "allowed.example",
    "allowed.example:443:80",
    "allowed.example:99999",
    "/etc/passwd",
  ])("does not understand %j", async (target) => {
    await start();
    expect(status(await connectTo(target))).toBe("400");
    expect([...dialled, ...asked]).toEqual([]);
  });

  it("asks about a name with a dot at its end as about the name", async () => {
    await start();
    await connectTo("ALLOWED.example.:443");
    expect(asked).toEqual(["allowed.example"]);
  });

  it("resolves once: a second answer of the name service changes nothing", async () => {
    await start();
    expect(status(await connectTo("rebinding.example:443"))).toBe("200");
    expect(dialled).toEqual([publicAddress]);
    expect(status(await connectTo("rebinding.example:443"))).toBe("403");
    expect(dialled).toEqual([publicAddress]);
  });

  it.each([
    ["two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"],
    [
      "a length and chunks",
      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET http://forbidden.example/ HTTP/1.1\r\n\r\n",
    ],
    ["an odd encoding", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
    ["a space before the colon", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"],
    ["a folded line", "X: a\r\n b\r\nContent-Length : 3\r\n\r\nabc"],
  ])("smuggles no request: %s", async (_name, rest) => {
    await start();
    const heard = await say(`POST http://allowed.example/ HTTP/1.1\r\nHost: allowed.example\r\n${rest}`);
    expect(heard).toMatch(/^HTTP\/1\.1 4\d\d/);
    expect(seen).toEqual([]);
  });

  it("takes the server from the request line, never from the Host header", async () => {
    await start();
    await say("GET http://allowed.example/ HTTP/1.1\r\nHost: forbidden.example\r\nConnection: close\r\n\r\n");
    expect(seen).toEqual(["GET allowed.example /"]);
    expect(status(await say("GET / HTTP/1.1\r\nHost: allowed.example\r\n\r\n"))).toBe("400");
    expect(status(await say("GET http://allowed.example@forbidden.example/ HTTP/1.1\r\nHost: x\r\n\r\n"))).toBe("400");
  });

  it("lends ports of the host's loopback that the configuration names, and no other", async () => {
    await start({ hostPorts: [port] });
    expect(status(await connectTo(`127.0.0.1:${port}`))).toBe("200");
    expect(status(await connectTo(`127.0.0.1:${port === 65_535 ? 1 : port + 1}`))).toBe("403");
    expect(dialled).toEqual(["127.0.0.1"]);
  });

  it("leads to private networks that the configuration names", async () => {
    await start({ addresses: new AddressRules(["10.0.0.0/8"]) });
    expect(status(await connectTo("private.example:443"))).toBe("200");
    expect(dialled).toEqual(["10.1.2.3"]);
  });

  it("waits for an answer, and forgets the question when the program gives up", async () => {
    const waits = Promise.withResolvers<AbortSignal>();
    await start({
      admit: (_target, gone) => {
        waits.resolve(gone);
        return new Promise(() => {});
      },
    });
    const socket = connect(path.join(directory, "s"));
    socket.write("CONNECT forbidden.example:443 HTTP/1.1\r\nHost: forbidden.example:443\r\n\r\n");
    const gone = await waits.promise;
    expect(gone.aborted).toBe(false);
    const aborted = new Promise((resolve) => gone.addEventListener("abort", resolve));
    socket.destroy();
    await aborted;
  });

  it("closes with everything that is open", async () => {
    await start();
    const socket = connect(path.join(directory, "s"));
    socket.write("CONNECT allowed.example:443 HTTP/1.1\r\nHost: allowed.example:443\r\n\r\n");
    await new Promise((resolve) => socket.once("data", resolve));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await proxy?.close();
    await closed;
  });
});
