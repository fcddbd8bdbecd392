import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isSafeBranch } from "../../src/host/workspaces/refs.ts";
import { Dice } from "../support/dice.ts";
import { HostileOrigin } from "./hostileOrigin.ts";

let fixture: HostileOrigin;
let canary: Server | undefined;
let canaryHits: string[];

beforeEach(() => {
  fixture = new HostileOrigin();
  canaryHits = [];
});
afterEach(async () => {
  canary?.closeAllConnections();
  await new Promise((resolve) => (canary ? canary.close(resolve) : resolve(undefined)));
  canary = undefined;
  fixture.dispose();
});

/** A server that nobody has a reason to ask. Its address. */
async function canaryServer(): Promise<string> {
  canary = createServer((request, response) => {
    canaryHits.push(request.url ?? "");
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => canary?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(canary.address() as AddressInfo).port}`;
}

const evilHook = () => `#!/bin/sh\ntouch ${fixture.marker}\n`;

describe("GIT-2 GIT-8 repositories that are not what they seem", () => {
  it("refuses files that git or another system takes for git's own directory", async () => {
    const names = [
      ".GIT",
      ".git",
      ".Git",
      "git~1",
      "GIT~1",
      ".git ",
      ".git.",
      ".git::$INDEX_ALLOCATION",
      ".g\u200cit",
      "..",
      ".",
    ];
    const config = fixture.blob("[core]\n\tfsmonitor = touch EXECUTED\n");
    const inner = fixture.tree([{ mode: "100644", name: "config", oid: config }]);
    for (const name of names) {
      fixture.publish(fixture.tree([{ mode: "40000", name, oid: inner }]));
      const failure: unknown = await fixture.provision().catch((error: unknown) => error);
      expect([name, failure]).toEqual([name, expect.objectContaining({ code: "repository.cloneFailed" })]);
      expect(existsSync(path.join(fixture.dataDir, "sessions", fixture.request().sessionId, "workspace"))).toBe(false);
    }
  });

  it("refuses .gitmodules that is a link, and attributes and ignore rules that lead elsewhere do nothing", async () => {
    fixture.publish(fixture.tree([{ mode: "120000", name: ".gitmodules", oid: fixture.blob("/etc/passwd") }]));
    await expect(fixture.provision()).rejects.toMatchObject({ code: "repository.cloneFailed" });
    fixture.write(fixture.root, { "secret/rules": "* filter=evil\n" });
    const secret = fixture.blob(path.join(fixture.root, "secret/rules"));
    fixture.publish(
      fixture.tree([
        { mode: "120000", name: ".gitattributes", oid: secret },
        { mode: "120000", name: ".gitignore", oid: secret },
        { mode: "100644", name: "a.txt", oid: fixture.blob("a\n") },
      ]),
    );
    await fixture.useAll(await fixture.provision());
  });

  it("CVE-2024-32002: a link in the place of a submodule's directory, in other letters", async () => {
    const hook = fixture.tree([{ mode: "100755", name: "post-checkout", oid: fixture.blob(evilHook()) }]);
    const hooks = fixture.tree([{ mode: "40000", name: "hooks", oid: hook }]);
    fixture.seedCommit({ "a.txt": "a\n" });
    const commit = fixture.inOrigin("rev-parse", "main");
    fixture.publish(
      fixture.tree([
        {
          mode: "100644",
          name: ".gitmodules",
          oid: fixture.blob('[submodule "x/y"]\n\tpath = A/modules/x\n\turl = ../y.git\n'),
        },
        {
          mode: "40000",
          name: "A",
          oid: fixture.tree([
            { mode: "40000", name: "modules", oid: fixture.tree([{ mode: "160000", name: "x", oid: commit }]) },
          ]),
        },
        { mode: "120000", name: "a", oid: fixture.blob(".git") },
        { mode: "40000", name: "y", oid: hooks },
      ]),
    );
    const workspace = await fixture.provision();
    await fixture.useAll(workspace);
    expect(existsSync(path.join(workspace.paths.root, ".git/modules"))).toBe(false);
    expect(existsSync(fixture.marker)).toBe(false);
  });

  it("CVE-2025-48384: a submodule's path that ends in a carriage return, and a link to the hooks", async () => {
    fixture.seedCommit({ "a.txt": "a\n" });
    const commit = fixture.inOrigin("rev-parse", "main");
    fixture.publish(
      fixture.tree([
        { mode: "100644", name: ".gitmodules", oid: fixture.blob('[submodule "s"]\n\tpath = "s\r"\n\turl = ./s\n') },
        { mode: "160000", name: "s\r", oid: commit },
        { mode: "120000", name: "s", oid: fixture.blob(".git/hooks") },
        { mode: "100755", name: "post-checkout", oid: fixture.blob(evilHook()) },
      ]),
    );
    await fixture.useAll(await fixture.provision());
    expect(existsSync(fixture.marker)).toBe(false);
  });

  it("GIT-8: names that differ in letters or in Unicode's form stay apart, and none of them leaves the checkout", async () => {
    const names = ["README", "readme", "Readme", "caf\u00e9", "cafe\u0301", "dir", "DIR"];
    fixture.publish(fixture.tree(names.map((name) => ({ mode: "100644", name, oid: fixture.blob(`${name}\n`) }))));
    const workspace = await fixture.provision();
    for (const name of names) expect(readFileSync(path.join(workspace.paths.root, name), "utf8")).toBe(`${name}\n`);
    await fixture.useAll(workspace);
    const changes = await workspace.changes(workspace.baseCommit, await workspace.snapshot());
    expect(changes.map(({ path: name }) => name)).toEqual(["worked.txt"]);
  });

  it("links out of the checkout are links, and nothing is written through them", async () => {
    mkdirSync(path.join(fixture.root, "outside"));
    const outside = path.join(fixture.root, "outside");
    fixture.publish(
      fixture.tree([
        { mode: "120000", name: "abs", oid: fixture.blob(outside) },
        { mode: "120000", name: "up", oid: fixture.blob("../../../../../outside") },
        { mode: "120000", name: "git", oid: fixture.blob(".git") },
        { mode: "100644", name: "a.txt", oid: fixture.blob("a\n") },
      ]),
    );
    const workspace = await fixture.provision();
    expect(lstatSync(path.join(workspace.paths.root, "abs")).isSymbolicLink()).toBe(true);
    await fixture.useAll(workspace);
    expect(execFileSync("ls", [outside], { encoding: "utf8" })).toBe("");
  });

  it("does not follow a server that names another one for its objects", async () => {
    const address = await canaryServer();
    fixture.seedCommit({ "a.txt": "a\n" });
    const empty = path.join(fixture.root, "dumb.git");
    fixture.git(fixture.root, "init", "--quiet", "--bare", empty);
    const oid = fixture.inOrigin("rev-parse", "main");
    const dumb = createServer((request, response) => {
      const url = request.url ?? "";
      if (url.includes("/info/refs")) response.end(`${oid}\trefs/heads/main\n`);
      else if (url.endsWith("/HEAD")) response.end("ref: refs/heads/main\n");
      else if (url.endsWith("http-alternates") || url.endsWith("/alternates")) response.end(`${address}/objects\n`);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => dumb.listen(0, "127.0.0.1", resolve));
    try {
      const repository = `http://127.0.0.1:${(dumb.address() as AddressInfo).port}/x.git`;
      await expect(fixture.provision({ repository })).rejects.toMatchObject({ code: "repository.cloneFailed" });
      expect(canaryHits).toEqual([]);
    } finally {
      dumb.closeAllConnections();
      dumb.close();
    }
  });
});

describe("GIT-3 submodules are never fetched", () => {
  it("whatever their addresses", async () => {
    const address = await canaryServer();
    fixture.seedCommit({ "a.txt": "a\n" });
    const commit = fixture.inOrigin("rev-parse", "main");
    const urls = [
      `${address}/x.git`,
      "../../../../etc",
      "https:///evil",
      "https://github.com.evil.test/x",
      `ext::sh -c "touch ${fixture.marker}"`,
      "git://127.0.0.1:1/x",
      "file:///etc",
      ".",
    ];
    const modules = urls.map(
      (url, index) => `[submodule "m${index}"]\n\tpath = m${index}\n\turl = ${url}\n\tupdate = none\n`,
    );
    fixture.publish(
      fixture.tree([
        { mode: "100644", name: ".gitmodules", oid: fixture.blob(modules.join("")) },
        ...urls.map((_, index) => ({ mode: "160000", name: `m${index}`, oid: commit })),
      ]),
    );
    // A git that checks what it fetches may refuse some of them; what it takes it must not follow.
    const workspace = await fixture.provision().catch(() => undefined);
    if (workspace) await fixture.useAll(workspace);
    expect(canaryHits).toEqual([]);
    expect(existsSync(fixture.marker)).toBe(false);
  });

  it("refuses addresses that are options, or leaves them alone", async () => {
    const urls = ["-u./evil", "--upload-pack=touch EXECUTED", "%0ahost=evil", "ssh://-oProxyCommand=touch/x"];
    fixture.seedCommit({ "a.txt": "a\n" });
    const commit = fixture.inOrigin("rev-parse", "main");
    for (const url of urls) {
      fixture.publish(
        fixture.tree([
          { mode: "100644", name: ".gitmodules", oid: fixture.blob(`[submodule "m"]\n\tpath = m\n\turl = ${url}\n`) },
          { mode: "160000", name: "m", oid: commit },
        ]),
      );
      await fixture.provision({ sessionId: `s${urls.indexOf(url)}` }).catch(() => {});
    }
    expect(existsSync(fixture.marker)).toBe(false);
  });
});

it("GIT-4 large files are pointers: no program of theirs runs, no server of theirs is asked", async () => {
  const address = await canaryServer();
  const bin = path.join(fixture.root, "bin");
  mkdirSync(bin);
  writeFileSync(path.join(bin, "git-lfs"), `#!/bin/sh\ntouch ${fixture.marker}\ncat\n`);
  chmodSync(path.join(bin, "git-lfs"), 0o755);
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"a".repeat(64)}\nsize 10995116277760\n`;
  fixture.seedCommit({
    ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
    ".lfsconfig": `[lfs]\n\turl = ${address}/lfs\n\tstandalonetransferagent = evil\n[lfs "customtransfer.evil"]\n\tpath = ${bin}/git-lfs\n`,
    "huge.bin": pointer,
  });
  const workspace = await fixture.provision({}, { path: `${bin}${path.delimiter}${process.env["PATH"] ?? ""}` });
  expect(readFileSync(path.join(workspace.paths.root, "huge.bin"), "utf8")).toBe(pointer);
  fixture.write(workspace.paths.root, { "other.bin": "data\n" });
  await fixture.useAll(workspace);
  expect(existsSync(fixture.marker)).toBe(false);
  expect(canaryHits).toEqual([]);
});

describe("GIT-5 names", () => {
  it("takes no branch outside its own grammar, of 5,000", () => {
    const random = new Dice(7);
    const alphabet = [
      "a",
      "Z",
      "9",
      "-",
      ".",
      "/",
      "..",
      "@{",
      "~",
      "^",
      ":",
      "?",
      "*",
      "[",
      "\\",
      " ",
      "\n",
      "\r",
      "\0",
      ";",
      "$(id)",
      "`id`",
      "|",
      "&",
      "'",
      '"',
      "<",
      ">",
      "#",
      "!",
      "\u200b",
      "\u202e",
      "\u3000",
      "é",
      ".lock",
      "HEAD",
      "--",
      "refs/heads/",
      "%0a",
    ];
    let taken = 0;
    for (let index = 0; index < 5_000; index += 1) {
      const name = Array.from({ length: 1 + random.below(6) }, () => alphabet[random.below(alphabet.length)]).join("");
      if (!isSafeBranch(name)) continue;
      taken += 1;
      expect(name).toMatch(/^[A-Za-z0-9._/][A-Za-z0-9._/-]{0,199}$/);
      expect(name).not.toMatch(/\.\.|\/\/|^\/|\/$|\.$|\/-|\/\.|\.lock(\/|$)/);
    }
    expect(taken).toBeGreaterThan(50);
  });

  it("works with a repository whose branches, tags and people have names that a shell would run", async () => {
    fixture.seedCommit({ "a.txt": "a\n" });
    const oid = fixture.inOrigin("rev-parse", "main");
    const names = [
      "$(touch EXECUTED)",
      "`id`",
      "a;touch-x",
      "|id",
      "\u202egpj.exe",
      "\u200bmain",
      "'quoted'",
      '"double"',
      "--force",
      "a&b",
    ];
    const packed = names.flatMap((name) => [
      `${oid} refs/heads/x/${name.replaceAll(" ", "")}`,
      `${oid} refs/tags/${name.replaceAll(" ", "")}`,
    ]);
    writeFileSync(path.join(fixture.origin, "packed-refs"), `# pack-refs with: peeled\n${packed.join("\n")}\n`);
    const workspace = await fixture.provision();
    await fixture.useAll(workspace);
    await expect(fixture.provision({ sessionId: "second", baseBranch: "x/$(touchEXECUTED)" })).rejects.toMatchObject({
      code: "request.invalid",
    });
    expect(existsSync(fixture.marker)).toBe(false);
  });
});
