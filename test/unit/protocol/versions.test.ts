import { describe, expect, it } from "vitest";
import { negotiate } from "../../../src/protocol/versions.ts";

describe("the version of a connection", () => {
  it.each([
    [["0.9.0"], "0.9.0"],
    [["0.9.0", "0.7.0", "0.6.0", "0.5.2"], "0.9.0"],
    [["1.0.0", "0.9.3", "0.9.0"], "0.9.0"],
    [["0.9.3"], undefined],
    [["0.10.0", "1.1.0"], undefined],
    [["v0.9.0", "0.9", "0.9.0-rc.1", "00.9.0", "", "0.9.0"], "0.9.0"],
    [[], undefined],
  ])("for the offers %j is %s", (offered, agreed) => {
    expect(negotiate(offered)).toBe(agreed);
  });

  it.each([
    [["1.1.0", "1.0.0", "0.9.0"], "1.1.0"],
    [["1.0.0", "0.9.0"], "1.0.0"],
    [["0.9.0", "1.0.4"], "1.0.4"],
    [["2.0.0", "1.2.0"], undefined],
  ])("of a peer with 1.1.0 and 0.9.0, for %j is %s", (offered, agreed) => {
    expect(negotiate(offered, ["1.1.0", "0.9.0"])).toBe(agreed);
  });
});
