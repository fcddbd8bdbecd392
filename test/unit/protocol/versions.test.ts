import { describe, expect, it } from "vitest";
import {
  CLIENT_VERSIONS,
  HOST_VERSIONS,
  isBeforeOne,
  isOffered,
  negotiate,
  rangesOf,
} from "../../../src/protocol/versions.ts";

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

describe("our offers", () => {
  it("begin with the latest version and end with the older baseline, which our hosts serve", () => {
    expect(CLIENT_VERSIONS).toEqual(["1.1.0", "1.0.0", "0.9.0"]);
    expect(negotiate(CLIENT_VERSIONS)).toBe("0.9.0");
    expect(rangesOf(HOST_VERSIONS)).toContain("^0.9.0");
  });

  it.each([
    ["1.1.0", true],
    ["0.9.0", true],
    ["1.1.1", false],
    ["0.9.3", false],
    ["^0.9.0", false],
    ["", false],
  ])("%s is one of them: %s", (answer, expected) => {
    expect(isOffered(answer)).toBe(expected);
  });

  it.each([
    ["0.9.0", true],
    ["0.10.0", true],
    ["1.0.0", false],
    ["10.2.3", false],
    ["nonsense", true],
  ])("%s is of the line before 1.0: %s", (version, expected) => {
    expect(isBeforeOne(version)).toBe(expected);
  });
});
