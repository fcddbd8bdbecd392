import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { parseCli } from "../../../../src/host/cli/arguments.ts";
import { readConfig } from "../../../../src/host/configFile.ts";
import { checkListening } from "../../../../src/host/gateway/listening.ts";

const unit = fileURLToPath(new URL("../../../../docs/deploy/muster-host.service", import.meta.url));
const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

const builder = readFileSync(new URL("../../../../esbuild.mjs", import.meta.url), "utf8");
const dockerfile = readFileSync(new URL("../../../../docs/deploy/Dockerfile", import.meta.url), "utf8");

/** Each of them takes something from the host that bubblewrap needs to make a box, so that no agent would start. */
const breaksBoxes =
  /^(RestrictNamespaces|ProtectHostname|ProtectProc|ProcSubset|ProtectKernelTunables|ProtectKernelLogs|ProtectControlGroups|PrivateUsers|SystemCallFilter|MemoryDenyWriteExecute)=/m;

describe("the systemd unit", () => {
  it("lets the host make boxes for agents, and calls it as it can be called", () => {
    const text = readFileSync(unit, "utf8");
    expect(breaksBoxes.exec(text)).toBeNull();
    const [, words = ""] = /^ExecStart=\S+ \S+\/dist\/host\/main\.mjs (.*)$/m.exec(text) ?? [];
    expect(parseCli(words.split(" "), "/")).toMatchObject({ command: "serve", data: "/var/lib/muster" });
  });

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

describe("the Dockerfile", () => {
  it("copies what the build makes, and calls the host as it can be called", () => {
    const copied = Array.from(dockerfile.matchAll(/^COPY (\S+)/gm), ([, source = ""]) => source);
    expect(copied).toEqual([/outdir: hostFolder \?\? "(.+)"/.exec(builder)?.[1], "node_modules/node-pty"]);
    const words = z.array(z.string()).parse(JSON.parse(/^CMD (.+)$/m.exec(dockerfile)?.[1] ?? ""));
    const { host, port, behindProxy, ...options } = parseCli(words, "/");
    expect(options).toMatchObject({ command: "serve", data: "/var/lib/muster" });
    expect(dockerfile).toContain(`EXPOSE ${port}\n`);
    expect(() => checkListening({ host, port, behindProxy, names: ["muster.example.com"] })).not.toThrow();
  });
});
