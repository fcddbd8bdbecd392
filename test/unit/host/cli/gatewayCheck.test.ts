import { afterAll, describe, expect, it } from "vitest";
import { checkGateway } from "../../../../src/host/cli/gatewayCheck.ts";
import { Certificates, hasOpenssl } from "../../../support/certificates.ts";

const door = { host: "127.0.0.1", port: 4517 };
const day = 24 * 60 * 60 * 1_000;

it("says what keeps the host from listening, and nothing where nothing does", () => {
  expect(checkGateway(door, 0)).toEqual([]);
  const open = checkGateway({ ...door, host: "0.0.0.0" }, 0);
  expect(open).toMatchObject([{ check: "gateway", state: "missing", text: expect.stringMatching(/loopback only/) }]);
});

describe.skipIf(!hasOpenssl)("a certificate", () => {
  const certificates = hasOpenssl ? new Certificates() : undefined;
  afterAll(() => certificates?.remove());

  it("is held against its key and the clock", () => {
    const [own, other] = ["muster.example.com", "other.example.com"].map((name) => certificates!.issue(name));
    const stateOf = (tls: { cert: string; key: string }, nowMs: number) => checkGateway({ ...door, tls }, nowMs)[0];
    const now = Date.now();
    expect(stateOf(own!, now)).toMatchObject({
      state: "warning",
      text: expect.stringMatching(/ends on \d{4}-.* Renew/),
    });
    expect(stateOf(own!, now - 30 * day)).toMatchObject({ check: "certificate", state: "ok" });
    expect(stateOf(own!, now + 3 * day)).toMatchObject({ state: "missing", text: expect.stringMatching(/ended on/) });
    const mixed = { cert: own!.cert, key: other!.key };
    expect(stateOf(mixed, now)).toMatchObject({ state: "missing", text: expect.stringMatching(/is not the key of/) });
    const gone = { cert: "/nowhere.crt", key: own!.key };
    expect(stateOf(gone, now)?.text).toMatch(/can't be used: there is no such file or directory\.$/);
  });
});
