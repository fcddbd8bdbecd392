import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { homedir, networkInterfaces } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Outside } from "./fixtures/escapeProbes.ts";
import { BoxStage, hasBubblewrap } from "./isolationFixture.ts";

let stage: BoxStage;
beforeEach(() => {
  stage = new BoxStage();
});
afterEach(() => stage.dispose());

const isRoot = process.getuid?.() === 0;

describe("SBX-1: when bubblewrap is asked for and is not there", () => {
  const programs = () => path.join(stage.directory, "programs");
  beforeEach(() => mkdirSync(programs()));

  it("refuses, and says what to do", async () => {
    await expect(stage.plan(stage.isolation({ path: programs() }), ["true"])).rejects.toMatchObject({
      code: "isolation.missing",
      message: expect.stringMatching(/"bwrap" is not installed\. Install bubblewrap, or choose "isolation": "none"/),
    });
  });

  it("refuses one that does not work, and takes it once it does", async () => {
    const program = path.join(programs(), "bwrap");
    writeFileSync(program, "#!/bin/sh\necho no namespaces >&2\nexit 1\n", { mode: 0o755 });
    const isolation = stage.isolation({ path: programs() });
    const refusal = { code: "isolation.missing", message: expect.stringContaining("no namespaces") };
    await expect(stage.plan(isolation, ["true"])).rejects.toMatchObject(refusal);
    if (!hasBubblewrap) return;
    rmSync(program);
    const real = (process.env["PATH"] ?? "").split(":").find((directory) => existsSync(path.join(directory, "bwrap")));
    symlinkSync(path.join(real ?? "", "bwrap"), program);
    expect(await stage.sh(isolation, "echo in")).toBe("in");
  });
});

describe.skipIf(!hasBubblewrap)("inside bubblewrap", () => {
  it("writes its workspace and home, at the same paths as outside", async () => {
    const { root, home } = stage;
    expect(await stage.sh(stage.isolation(), `pwd; echo w > made; echo h > ${home}/made; echo t > /tmp/box-test`)).toBe(
      root,
    );
    expect(existsSync(path.join(root, "made"))).toBe(true);
    expect(existsSync(path.join(home, "made"))).toBe(true);
    expect(existsSync("/tmp/box-test")).toBe(false);
  });

  it.skipIf(!isRoot)("is a user of its own for each session, and the same one again", async () => {
    const isolation = stage.isolation({ box: { uids: { first: 710_000, count: 2 } } });
    const uidOf = (file: string) => lstatSync(file).uid;
    await stage.sh(isolation, "echo w > made");
    expect([uidOf(stage.root), uidOf(stage.home), uidOf(path.join(stage.root, "made"))]).toEqual([
      710_000, 710_000, 710_000,
    ]);
    const other = stage.root.replace("one", "two");
    await stage.sh(isolation, "true", {
      sessionId: "two-00000000",
      root: other,
      home: stage.home.replace("one", "two"),
    });
    expect(uidOf(other)).toBe(710_001);
    // Another start of the host, and a file that the host has made meanwhile.
    writeFileSync(path.join(stage.root, "restored"), "by the host", { mode: 0o600 });
    expect(await stage.sh(stage.isolation({ box: { uids: { first: 710_000, count: 2 } } }), "cat restored")).toBe(
      "by the host",
    );
    const third = stage.root.replace("one", "three");
    mkdirSync(third, { recursive: true });
    await expect(stage.plan(isolation, ["true"], { root: third })).rejects.toMatchObject({ code: "isolation.missing" });
  });

  it("is made where the host's data lie in a folder that boxes see, and shows its own of them and nothing else", async () => {
    chmodSync(stage.directory, 0o755);
    const isolation = stage.isolation({ box: { readable: [stage.directory] } });
    const { root, dataDir } = stage;
    const script = `echo w > made; cat made; ls ${dataDir} ${dataDir}/sessions; mkdir ${dataDir}/x 2>&1 || true`;
    const said = await stage.sh(isolation, script);
    expect(said.split("\n").filter((line) => line !== "")).toEqual([
      "w",
      `${dataDir}:`,
      "sessions",
      `${dataDir}/sessions:`,
      path.basename(path.dirname(root)),
      expect.stringMatching(/Read-only file system|Permission denied/),
    ]);
  });

  it("gets its variables by environment, not by argument", async () => {
    const isolation = stage.isolation();
    expect(await stage.sh(isolation, "echo $KEY", { env: { KEY: "hunter2" } })).toBe("hunter2");
    const { args } = await stage.plan(isolation, ["true"], { env: { KEY: "hunter2" } });
    expect(args.join(" ")).not.toContain("hunter2");
  });

  it("tells how a command ended, and starts where it shall", async () => {
    mkdirSync(path.join(stage.root, "below"));
    const cwd = path.join(stage.root, "below");
    const isolation = stage.isolation();
    expect(await stage.run(isolation, ["/bin/sh", "-c", "pwd; exit 7"], { cwd })).toMatchObject({
      code: 7,
      stdout: `${cwd}\n`,
    });
    expect(await stage.run(isolation, ["/bin/sh", "-c", "kill -9 $$"])).toMatchObject({ code: 137 });
  });

  it("finds programs by links on the PATH, below a home and out of one, and nothing beside them", async () => {
    // The folders of the test are hidden like the host's own: what lies there is seen only where it is needed.
    const prefix = mkdtempSync(path.join(homedir(), ".muster-test-"));
    try {
      mkdirSync(path.join(prefix, "versions", "v1", "bin"), { recursive: true });
      mkdirSync(path.join(prefix, "versions", "v1", "lib"), { recursive: true });
      writeFileSync(path.join(prefix, "credentials"), "secret");
      writeFileSync(path.join(prefix, "versions", "v1", "lib", "tool.sh"), "#!/bin/sh\necho a tool\n", { mode: 0o755 });
      symlinkSync("../lib/tool.sh", path.join(prefix, "versions", "v1", "bin", "tool"));
      symlinkSync("versions/v1", path.join(prefix, "current"));
      const searchPath = `${path.join(prefix, "current", "bin")}:${path.join(prefix, "versions", "v1", "bin")}:/usr/bin:/bin`;
      const script = `tool; cat ${prefix}/credentials; ls -A ${homedir()} | tr '\\n' ' '`;
      const said = await stage.sh(stage.isolation(), script, { env: { PATH: searchPath } });
      expect(said.split("\n")).toEqual(["a tool", path.basename(prefix)].map((line) => expect.stringContaining(line)));
      expect(said).not.toContain("secret");
      expect(said).not.toContain(".gitconfig");
      // By its own path, as a host finds it.
      const tool = await stage.run(stage.isolation(), [path.join(prefix, "current", "bin", "tool")], {
        env: { PATH: "/usr/bin:/bin" },
      });
      expect(tool.stdout).toBe("a tool\n");
    } finally {
      rmSync(prefix, { recursive: true });
    }
  });

  it("runs what comes from a directory that nobody else may enter", async () => {
    chmodSync(stage.dataDir, 0o700);
    chmodSync(stage.directory, 0o700);
    expect(await stage.sh(stage.isolation(), "cat secret")).toBe("secret of one-00000000");
  });

  it("SBX-2: none of the ways out leads out", async () => {
    mkdirSync(path.join(stage.directory, "keys"));
    writeFileSync(path.join(stage.directory, "keys", "token"), "secret");
    writeFileSync(path.join(stage.directory, "canary"), "canary");
    const abstractSocket = `muster-canary-${process.pid}`;
    const servers = [createServer(), createServer(), createServer()];
    const [tcp, unix, abstract] = servers;
    await new Promise<void>((resolve) => tcp?.listen(0, "0.0.0.0", resolve));
    await new Promise<void>((resolve) => unix?.listen(path.join(stage.directory, "socket"), resolve));
    await new Promise<void>((resolve) => abstract?.listen(`\0${abstractSocket}`, resolve));
    let heard = 0;
    for (const server of servers) server.on("connection", (socket) => ((heard += 1), socket.destroy()));
    const address = tcp?.address();
    const outside: Outside = {
      dataDir: stage.dataDir,
      directory: stage.directory,
      hostHome: homedir(),
      hostPid: process.pid,
      port: typeof address === "object" ? (address?.port ?? 0) : 0,
      hostAddress: Object.values(networkInterfaces())
        .flat()
        .find((each) => each?.family === "IPv4" && !each.internal)?.address,
      abstractSocket,
      canaryEnv: "MUSTER_CANARY",
    };
    process.env["MUSTER_CANARY"] = "canary";
    try {
      const hidden = ["token", "absent"].map((name) => path.join(stage.directory, "keys", name));
      const script = fileURLToPath(new URL("fixtures/escapeProbes.ts", import.meta.url));
      const command = [process.execPath, script, JSON.stringify(outside)];
      const { stdout, stderr } = await stage.run(stage.isolation({ hidden }), command);
      const { tried, got } = JSON.parse(stdout || `{"failed":${JSON.stringify(stderr)}}`) as {
        tried: number;
        got: object;
      };
      expect(got).toEqual({});
      expect(tried).toBeGreaterThanOrEqual(60);
      expect(heard).toBe(0);
      expect(readdirSync(stage.dataDir).toSorted()).toEqual(["host.db", "run", "sessions"]);
      expect(readdirSync(path.dirname(stage.root)).toSorted()).toEqual(["git", "home", "workspace"]);
    } finally {
      delete process.env["MUSTER_CANARY"];
      for (const server of servers) server.close();
    }
  });

  describe("SBX-3: what is hidden and lies in a directory that the box sees", () => {
    it("cannot be read, nor made or seen later while it is missing", async () => {
      const folder = path.join(stage.directory, "shown");
      mkdirSync(path.join(folder, "keys"), { recursive: true });
      writeFileSync(path.join(folder, "notes"), "public");
      const token = path.join(folder, "keys", "token");
      const policy = path.join(folder, "absent", "policy.json");
      const isolation = stage.isolation({ hidden: [token, policy], box: { readable: [folder] } });
      const script = `cat ${folder}/notes; echo x > ${token} || mkdir ${folder}/absent; echo; until [ -e ${stage.root}/go ]; do sleep 0.05; done; cat ${token} ${policy}; ls -A ${folder}/keys`;
      const plan = await stage.plan(isolation, ["/bin/sh", "-c", script]);
      const child = stage.start(plan);
      let said = "";
      child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
      await expect.poll(() => said, { timeout: 10_000 }).toBe("public\n");
      writeFileSync(token, "secret");
      writeFileSync(path.join(stage.root, "go"), "");
      await new Promise((resolve) => child.once("close", resolve));
      expect(said).toBe("public\n");
      expect(existsSync(path.dirname(policy))).toBe(false);
    });
  });
});

describe.skipIf(!hasBubblewrap)(
  "GIT-7: what the host does with the files of a session while its programs swap them for links",
  () => {
    const tries = Number(process.env["MUSTER_SWAP_TRIES"] ?? 8);

    it(`hands over and writes nothing outside, ${tries} times`, { timeout: 60_000 + tries * 1_000 }, async () => {
      const outside = path.join(stage.directory, "outside");
      mkdirSync(path.join(outside, "deep"), { recursive: true });
      for (const name of ["canary", "deep/canary", "config"]) writeFileSync(path.join(outside, name), "canary");
      const before = (name: string) => [lstatSync(path.join(outside, name)).uid, readFile(path.join(outside, name))];
      const names = ["canary", "deep/canary", "config", "deep", "."];
      const takeBack = [
        "-P",
        stage.home,
        "-xdev",
        "-mindepth",
        "1",
        "-execdir",
        "/bin/chown",
        "-h",
        "0:0",
        "--",
        "{}",
        "+",
      ];
      const state = () =>
        names.map((name) => (name === "." || name === "deep" ? lstatSync(path.join(outside, name)).uid : before(name)));
      const first = state();
      const isolation = stage.isolation();
      // In the box the link leads nowhere; to whoever follows it on the host, out of the session.
      const swapper = `
      import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
      process.chdir(${JSON.stringify(stage.home)});
      symlinkSync(${JSON.stringify(outside)}, "link");
      mkdirSync("real/deep", { recursive: true });
      for (const name of ["canary", "deep/canary", "config"]) writeFileSync("real/" + name, "own");
      for (let n = 0; n < 300; n += 1) writeFileSync("real/deep/file" + n, "");
      writeFileSync("ready", "");
      const move = (from, to) => { try { renameSync(from, to); return true; } catch { return false; } };
      for (;;) {
        for (const name of ["real", "link"]) {
          // What the host has made in the place goes aside.
          while (!move(name, "place") && !move("place", "aside" + Math.random()));
          while (!move("place", name));
        }
      }`;
      const child = stage.start(await stage.plan(isolation, [process.execPath, "--input-type=module", "-e", swapper]));
      const closed = new Promise((resolve) => child.once("close", resolve));
      await expect.poll(() => existsSync(path.join(stage.home, "ready")), { timeout: 10_000 }).toBe(true);
      for (let attempt = 0; attempt < tries; attempt += 1) {
        // As if the host had made them: something to hand over, in the directory that is swapped.
        if (isRoot) spawnSync("/usr/bin/find", takeBack);
        const plan = await stage.plan(isolation, ["true"], {
          files: { "place/config": "written", "place/deep/config": "written" },
        });
        await plan.box?.end();
      }
      await stage.run(isolation, ["true"], { files: { "place/config": "written" } });
      process.kill(-(child.pid ?? 0), "SIGKILL");
      await closed;
      expect(state()).toEqual(first);
      expect(readdirSync(path.join(outside, "deep"))).toEqual(["canary"]);
    });
  },
);

describe.skipIf(!hasBubblewrap)("SBX-6: boxes that come and go", () => {
  const cycles = Number(process.env["MUSTER_BOX_CYCLES"] ?? 10);

  it(`leave nothing behind, ${cycles} times`, { timeout: 60_000 + cycles * 2_000 }, async () => {
    const isolation = stage.isolation();
    await stage.sh(isolation, "true");
    const before = left();
    const times: number[] = [];
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const startedAt = performance.now();
      // Half of them are cut short while they work.
      const plan = await stage.plan(isolation, [
        "/bin/sh",
        "-c",
        cycle % 2 === 0 ? "true" : "sleep 1000 & setsid sleep 1000",
      ]);
      const child = stage.start(plan);
      const closed = new Promise((resolve) => child.once("close", resolve));
      if (cycle % 2 === 1) {
        await expect.poll(() => countOf("sleep\x001000"), { timeout: 10_000, interval: 20 }).toBe(2);
        process.kill(-(child.pid ?? 0), "SIGKILL");
      } else times.push(performance.now() - startedAt);
      await closed;
      await plan.box?.end();
    }
    expect(countOf("sleep\x001000")).toBe(0);
    expect(left()).toEqual(before);
  });

  /** Mounts, control groups and files, but for what a machine does of its own. */
  function left() {
    return {
      mounts: lines("/proc/self/mountinfo").length,
      groups: groupsBelow("/sys/fs/cgroup"),
      files: readdirSync(path.join(stage.dataDir, "run", "boxes")),
    };
  }
});

/** Control groups of this test's host; others may be at work at the same time. */
function groupsBelow(directory: string, depth = 0): string[] {
  const own = `muster-${createHash("sha256").update(stage.dataDir).digest("hex").slice(0, 8)}-`;
  return subdirectories(directory).flatMap((name) => {
    const file = path.join(directory, name);
    if (name.startsWith(own)) return [file];
    return depth < 4 ? groupsBelow(file, depth + 1) : [];
  });
}

function subdirectories(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    // It has gone meanwhile.
    return [];
  }
}

function lines(file: string): string[] {
  return readFile(file).split("\n");
}

function countOf(commandLine: string): number {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => readFile(`/proc/${pid}/cmdline`).startsWith(commandLine)).length;
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
