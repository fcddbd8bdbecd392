import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeIsolation } from "../../src/host/workspaces/isolation.ts";

const hasBubblewrap = (process.env["PATH"] ?? "")
  .split(":")
  .some((directory) => existsSync(path.join(directory, "bwrap")));

let directory: string;
let root: string;
let home: string;
beforeEach(() => {
  directory = realpathSync(mkdtempSync(path.join(tmpdir(), "muster-isolation-")));
  root = path.join(directory, "data/sessions/s/workspace");
  home = path.join(directory, "data/sessions/s/home");
  for (const name of [root, home, path.join(directory, "data/sessions/other"), path.join(directory, "keys")]) {
    mkdirSync(name, { recursive: true });
  }
  writeFileSync(path.join(directory, "data/sessions/other/secret"), "secret");
  writeFileSync(path.join(directory, "data/host.db"), "log");
  writeFileSync(path.join(directory, "keys/id"), "key");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function isolation(searchPath = process.env["PATH"] ?? "", hiddenFiles: readonly string[] = []) {
  const hidden = [path.join(directory, "keys"), ...hiddenFiles];
  const options = { dataDir: path.join(directory, "data"), hidden, path: searchPath };
  return makeIsolation("bubblewrap", options);
}

async function run(
  script: string,
  env: Record<string, string> = {},
  hiddenFiles: readonly string[] = [],
): Promise<string> {
  const command = ["/bin/sh", "-c", script];
  const plan = await isolation(undefined, hiddenFiles).plan({
    command,
    env: { PATH: "/usr/bin:/bin", ...env },
    root,
    home,
  });
  const { stdout } = await promisify(execFile)(plan.file, [...plan.args], { env: plan.env, cwd: plan.cwd });
  return stdout.trim();
}

describe("when bubblewrap is asked for and is not there", () => {
  it("refuses, and says what to do", async () => {
    await expect(
      isolation(path.join(directory, "keys")).plan({ command: ["true"], env: {}, root, home }),
    ).rejects.toMatchObject({
      code: "isolation.missing",
      message: expect.stringMatching(/"bwrap" is not installed\. Install bubblewrap/),
    });
  });

  it("refuses one that does not work", async () => {
    writeFileSync(path.join(directory, "keys/bwrap"), "#!/bin/sh\necho no namespaces >&2\nexit 1\n", { mode: 0o755 });
    await expect(
      isolation(path.join(directory, "keys")).plan({ command: ["true"], env: {}, root, home }),
    ).rejects.toMatchObject({
      code: "isolation.missing",
      message: expect.stringContaining("no namespaces"),
    });
  });
});

describe.skipIf(!hasBubblewrap)("inside bubblewrap", () => {
  it("writes its workspace and home, at the same paths as outside", async () => {
    expect(await run(`pwd; echo w > made; echo h > ${home}/made; echo t > /tmp/made`)).toBe(root);
    expect(existsSync(path.join(root, "made"))).toBe(true);
    expect(existsSync(path.join(home, "made"))).toBe(true);
    expect(existsSync("/tmp/made")).toBe(false);
  });

  it("sees nothing of other sessions, the host's data, hidden directories and the account's home", async () => {
    const { HOME } = process.env;
    const looks = [`${directory}/data/sessions`, `${directory}/data`, `${directory}/keys`, HOME ?? "/root"];
    const listing = await run(looks.map((name) => `echo "[$(ls -A ${name} | tr '\\n' ' ')]"`).join("; "));
    expect(listing.split("\n").slice(0, 3)).toEqual(["[s ]", "[sessions ]", "[]"]);
    expect(listing).not.toContain("secret");
  });

  // Beside this test, because temporary folders are hidden anyway; nothing can be shown where the checkout is in one.
  const isHiddenAnyway = /^(\/var)?\/tmp\//.test(import.meta.dirname);
  it.skipIf(isHiddenAnyway)("reads nothing of a single file that is hidden, and its neighbours as before", async () => {
    const folder = mkdtempSync(path.join(import.meta.dirname, "hidden-"));
    try {
      writeFileSync(path.join(folder, "token"), "secret");
      writeFileSync(path.join(folder, "notes"), "public");
      const script = `cat ${folder}/token; cat ${folder}/notes`;
      expect(await run(script, {}, [path.join(folder, "token"), path.join(folder, "absent")])).toBe("public");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("cannot write elsewhere", async () => {
    const script = "for d in /etc /usr /var; do touch $d/muster-test 2>/dev/null && echo wrote $d; done; echo end";
    expect(await run(script)).toBe("end");
  });

  it("sees its own processes only, and gets its variables by environment, not by argument", async () => {
    const [processes, key] = (await run("ls /proc | grep -c '^[0-9]'; echo $KEY", { KEY: "hunter2" })).split("\n");
    expect(Number(processes)).toBeLessThan(8);
    expect(key).toBe("hunter2");
    const { args } = await isolation().plan({ command: ["true"], env: { KEY: "hunter2" }, root, home });
    expect(args.join(" ")).not.toContain("hunter2");
  });
});
