import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { boxMounts } from "../../../../src/host/isolation/boxMounts.ts";

let directory: string;
beforeEach(() => {
  directory = realpathSync(mkdtempSync(path.join(tmpdir(), "muster-mounts-")));
});
afterEach(() => rmSync(directory, { recursive: true }));

const at = (name: string) => path.join(directory, name);

function file(name: string, text = "") {
  mkdirSync(path.dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
}

async function shown(more: Partial<Parameters<typeof boxMounts>[0]>) {
  const { binds, links } = await boxMounts({ command: [], searchPath: "", readable: [], hidden: [], ...more });
  const own = (name: string) => name.startsWith(directory);
  return {
    binds: binds.filter(own).map((name) => path.relative(directory, name)),
    links: links
      .filter(({ at: link }) => own(link))
      .map(({ at: link, target }) => [path.relative(directory, link), target]),
  };
}

it("shows a program with the packages around it, not with the folder that holds them", async () => {
  file("prefix/lib/node_modules/tool/cli.js");
  file("prefix/secret");
  mkdirSync(at("prefix/bin"));
  symlinkSync("../lib/node_modules/tool/cli.js", at("prefix/bin/tool"));
  const { binds } = await shown({ command: [at("prefix/bin/tool")] });
  expect(binds.toSorted()).toEqual(["prefix/bin", "prefix/lib/node_modules"]);
});

it("shows a script with its package", async () => {
  file("project/package.json");
  file("project/src/agent.ts");
  expect((await shown({ command: ["/bin/node", at("project/src/agent.ts")] })).binds).toEqual(["project"]);
});

it("keeps links on the way to a program, each once and none that is there already", async () => {
  file("store/v1/bin/tool");
  symlinkSync("store/v1", at("current"));
  symlinkSync(at("current"), at("again"));
  const searchPath = [at("again/bin"), at("current/bin"), at("store/v1/bin")].join(":");
  expect(await shown({ searchPath })).toEqual({
    binds: ["store/v1/bin"],
    links: [
      ["again", at("current")],
      ["current", "store/v1"],
    ],
  });
});

it("shows a version manager's shims with what they lead to", async () => {
  for (const name of ["shims", "libexec", "versions", "sources"]) file(`manager/${name}/file`);
  expect((await shown({ searchPath: at("manager/shims") })).binds.toSorted()).toEqual([
    "manager/libexec",
    "manager/shims",
    "manager/versions",
  ]);
});

it("never shows a directory around what is hidden for the sake of a file in it, but the file", async () => {
  file("data/log");
  file("agent.js");
  const { binds } = await shown({ command: [at("agent.js")], searchPath: directory, hidden: [at("data")] });
  expect(binds).toEqual(["agent.js"]);
});

it("shows nothing that is hidden, neither by the PATH nor as a program", async () => {
  file("data/bin/tool");
  const hidden = [at("data")];
  expect(await shown({ command: [at("data/bin/tool")], searchPath: at("data/bin"), hidden })).toEqual({
    binds: [],
    links: [],
  });
});

it("leaves out what is not there, and links that lead in a circle", async () => {
  symlinkSync("round", at("round"));
  symlinkSync("nowhere", at("dangling"));
  expect(await shown({ searchPath: [at("round"), at("dangling"), at("absent"), "relative"].join(":") })).toMatchObject({
    binds: [],
  });
});
