import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Disposables } from "../../src/base/disposables.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { readCertificate } from "../../src/extension/hosts/certificate.ts";
import { hostDial } from "../../src/extension/hosts/hostDial.ts";
import { Certificates, hasOpenssl } from "../support/certificates.ts";
import { FakeClock } from "../support/fakeClock.ts";
import { startGateway, TOKEN } from "./gatewayFixture.ts";

/**
 * The editor's own transport, in a process that trusts what it is told to: the answer is what a person would read.
 */
const dialer = fileURLToPath(new URL("fixtures/dialHost.ts", import.meta.url));

let certificates: Certificates;
let authorityFile: string;
let gateway: Awaited<ReturnType<typeof startGateway>> | undefined;

describe.skipIf(!hasOpenssl)("AUTH-9: a host with a certificate", () => {
  beforeAll(() => {
    certificates = new Certificates();
    authorityFile = path.join(certificates.directory, "authority.crt");
  });
  afterEach(async () => {
    await gateway?.stop();
    gateway = undefined;
  });
  afterAll(() => certificates.remove());

  async function dial(url: string, trusted = authorityFile): Promise<string> {
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: trusted };
    const child = spawn(process.execPath, [dialer, url, TOKEN], { env, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await once(child, "close");
    return text.trim();
  }

  it("is reached by wss, and not by ws", async () => {
    gateway = await startGateway({ tls: certificates.issue("127.0.0.1") });
    expect(await dial(`wss://127.0.0.1:${gateway.port}`)).toBe("open");
    expect(await dial(`ws://127.0.0.1:${gateway.port}`)).toMatch(/^refused host\./);
  });

  it.each<[string, () => { cert: string; key: string }]>([
    ["for another name", () => certificates.issue("muster.example.com")],
    ["that is self-signed", () => certificates.selfSigned("127.0.0.1")],
  ])("is refused by the editor when it is %s", async (_what, make) => {
    gateway = await startGateway({ tls: make() });
    expect(await dial(`wss://127.0.0.1:${gateway.port}`)).toMatch(/^refused host\./);
    expect(gateway.gateway.connectionCount).toBe(0);
  });

  it.each<[string, () => { cert: string; key: string }]>([
    ["that is self-signed", () => certificates.selfSigned("127.0.0.1")],
    ["of an authority that this machine does not know", () => certificates.issue("127.0.0.1")],
    ["for another name", () => certificates.issue("muster.example.com")],
  ])("is reached when the one certificate is trusted by its fingerprint: one %s", async (_what, make) => {
    gateway = await startGateway({ tls: make() });
    const url = `wss://127.0.0.1:${gateway.port}`;
    const attempt = new Disposables();
    const { fingerprint } = await readCertificate(url, attempt);
    const token = async () => TOKEN;
    const refused = hostDial({ url, token, logger: silentLogger })(attempt);
    await expect(refused).rejects.toMatchObject({ code: "host.untrustedCertificate", details: { canPin: true } });
    // Nobody has said a word to it, the token least of all.
    expect(gateway.gateway.connectionCount).toBe(0);
    await hostDial({ url, token, certificate: fingerprint, logger: silentLogger })(attempt);
    expect(gateway.gateway.connectionCount).toBe(1);
    attempt.dispose();
  });

  it("is refused, before a token is sent, when it shows another certificate than the one that is trusted", async () => {
    const trusted = certificates.selfSigned("127.0.0.1");
    gateway = await startGateway({ tls: trusted });
    const before = `wss://127.0.0.1:${gateway.port}`;
    const attempt = new Disposables();
    const shown = await readCertificate(before, attempt);
    await gateway.stop();
    gateway = await startGateway({ tls: certificates.selfSigned("127.0.0.1") });
    const url = `wss://127.0.0.1:${gateway.port}`;
    const { fingerprint: certificate } = shown;
    const token = async () => TOKEN;
    const other = hostDial({ url, token, certificate, logger: silentLogger })(attempt);
    await expect(other).rejects.toMatchObject({
      code: "host.untrustedCertificate",
      message: expect.stringMatching(/another certificate than the one that you trusted/),
    });
    // Also when it changes after the certificate was looked at.
    const late = hostDial({ url, token, certificate, logger: silentLogger, readCertificate: async () => shown })(
      attempt,
    );
    await expect(late).rejects.toMatchObject({ code: "host.untrustedCertificate" });
    expect(gateway.gateway.connectionCount).toBe(0);
    attempt.dispose();
  });

  it("speaks no TLS that is out of use", async () => {
    gateway = await startGateway({ tls: certificates.issue("127.0.0.1") });
    const old = { host: "127.0.0.1", port: gateway.port, ca: certificates.authority, maxVersion: "TLSv1.1" } as const;
    const socket = connect({ ...old, minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" });
    const [outcome] = await Promise.race([once(socket, "error"), once(socket, "secureConnect").then(() => ["in"])]);
    expect(String(outcome)).toMatch(/ssl|tls|protocol|reset/i);
    socket.destroy();
  });

  it("takes a renewed certificate without a restart, and keeps the former when the new one is broken", async () => {
    const clock = new FakeClock();
    const first = certificates.issue("127.0.0.1");
    const files = {
      cert: path.join(certificates.directory, "live.crt"),
      key: path.join(certificates.directory, "live.key"),
    };
    const install = ({ cert, key }: { cert: string; key: string }) => {
      copyFileSync(cert, files.cert);
      copyFileSync(key, files.key);
    };
    install(first);
    gateway = await startGateway({ tls: files, clock });
    const { port } = gateway;
    const subject = async (): Promise<string> => {
      const socket = connect({ host: "127.0.0.1", port, ca: certificates.authority });
      await once(socket, "secureConnect");
      const { subject: of } = socket.getPeerCertificate() as DetailedPeerCertificate;
      socket.destroy();
      return String(of.CN);
    };
    const before = await subject();
    install(certificates.issue("127.0.0.1"));
    await clock.advance(10_000);
    const renewed = await subject();
    expect(renewed).not.toBe(before);
    writeFileSync(files.cert, "no certificate");
    await clock.advance(10_000);
    expect(await subject()).toBe(renewed);
  });

  it("does not start with files that are none", async () => {
    const { key } = certificates.issue("127.0.0.1");
    await expect(startGateway({ tls: { cert: "/nowhere.crt", key } })).rejects.toThrow(
      /cannot be used: there is no such file/,
    );
    await expect(startGateway({ tls: { cert: key, key } })).rejects.toThrow(/cannot be used/);
  });

  it("is not left for another address that it is told to go to", async () => {
    gateway = await startGateway();
    const target = gateway.url;
    const server = createServer();
    server.on("upgrade", (_request, socket) => {
      socket.end(`HTTP/1.1 307 Temporary Redirect\r\nLocation: ${target}\r\nConnection: close\r\n\r\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    expect(await dial(`ws://127.0.0.1:${port}`)).toMatch(/^refused host\./);
    expect(gateway.gateway.connectionCount).toBe(0);
    server.close();
  });
});
