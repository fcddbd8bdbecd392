import { describe, expect, it } from "vitest";
import { checkListening, hostHeaders } from "../../../../src/host/gateway/listening.ts";

const tls = { cert: "/c", key: "/k" };
const names = ["Muster.example.com"];

describe("AUTH-9: the host", () => {
  it.each([
    [{ host: "127.0.0.1" }, undefined],
    [{ host: "::1" }, undefined],
    [{ host: "localhost" }, undefined],
    [{ host: "192.0.2.1" }, /Without TLS/],
    [{ host: "0.0.0.0" }, /Without TLS/],
    [{ host: "127.0.0.1.example.com" }, /Without TLS/],
    [{ host: "0.0.0.0", names }, /Without TLS/],
    [{ host: "192.0.2.1", tls }, undefined],
    [{ host: "192.0.2.1", behindProxy: true }, undefined],
    [{ host: "0.0.0.0", tls }, /by which names/],
    [{ host: "::", tls, names }, undefined],
  ])("with %j is allowed to listen or says why not", (options, refused) => {
    const check = () => checkListening({ port: 1, ...options });
    if (refused === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(refused);
  });
});

describe("ORI-5: the Host header", () => {
  const allowed = (options: Parameters<typeof hostHeaders>[0], port: number) => hostHeaders(options, port);

  it("names loopback with the port", () => {
    expect(allowed({ host: "127.0.0.1", port: 0 }, 4517)).toEqual(["127.0.0.1:4517", "localhost:4517", "[::1]:4517"]);
  });

  it("names the address it listens on and its names, in lower case, without the port where that is the usual one", () => {
    const usual = allowed({ host: "192.0.2.1", port: 443, tls, names }, 443);
    expect(usual).toEqual(expect.arrayContaining(["muster.example.com", "muster.example.com:443", "192.0.2.1:443"]));
    const other = allowed({ host: "0.0.0.0", port: 1, tls, names }, 4517);
    expect(other).toContain("muster.example.com:4517");
    expect(other).not.toContain("muster.example.com");
    expect(other).not.toContain("0.0.0.0:4517");
  });

  it("names the proxy's address", () => {
    const behind = allowed({ host: "127.0.0.1", port: 1, behindProxy: true, names }, 4517);
    expect(behind).toEqual(expect.arrayContaining(["muster.example.com", "muster.example.com:443"]));
  });
});
