import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../../../src/host/configFile.ts";

const unit = fileURLToPath(new URL("../../../../docs/deploy/muster-host.service", import.meta.url));
const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

describe("the systemd unit", () => {
  it("gives the host the time to stop that it may take", () => {
    const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(readFileSync(unit, "utf8"))?.[1]);
    expect(seconds).toBeGreaterThan(readConfig(undefined).config.shutdown.finishTurnsSeconds + 9);
  });

  it.skipIf(!hasSystemd)("is one that systemd understands", () => {
    const { stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
    // Whether the program is where the unit says is another machine's business.
    expect(
      stderr.split("\n").filter((line) => line.includes("muster-host.service") && !/is not executable/.test(line)),
    ).toEqual([]);
  });
});
