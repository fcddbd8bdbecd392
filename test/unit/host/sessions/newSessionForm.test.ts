import { describe, expect, it } from "vitest";
import { knownRepositories } from "../../../../src/host/sessions/knownRepositories.ts";
import { newSessionForms } from "../../../../src/host/sessions/newSessionForm.ts";
import { folderOfRepository } from "../../../../src/host/sessions/repositoryFolders.ts";
import { ROOT_URI } from "../../../../src/protocol/uris.ts";

const demo = "https://github.com/octo/demo.git";
const tools = "git@git.example.com:octo/tools.git";
const configured = "https://github.com/octo/configured";
const known = knownRepositories(
  [
    { repository: demo, baseBranch: "main", createdAt: "2026-01-01T00:00:00Z" },
    { repository: tools, createdAt: "2026-01-03T00:00:00Z" },
    { repository: demo, baseBranch: "next", createdAt: "2026-01-02T00:00:00Z" },
  ],
  [configured, demo],
);
const here = import.meta.dirname;
const forms = newSessionForms(() => known, [here]);
const nothing = newSessionForms(() => knownRepositories([], []), []);
const resolve = (params: object, from = forms) => from.resolveSessionConfig({ channel: ROOT_URI, ...params });
const complete = (params: { property: string; query?: string; config?: Record<string, unknown> }, from = forms) =>
  from.sessionConfigCompletions({ channel: ROOT_URI, ...params }).items;

describe("the form of a new session", () => {
  it("offers the repositories in use, the latest first, then the configured ones", () => {
    const { repository } = resolve({}).schema.properties ?? {};
    expect(repository).toMatchObject({
      enum: [tools, demo, configured],
      enumLabels: ["octo/tools", "octo/demo", "octo/configured"],
      enumDynamic: true,
      sessionMutable: false,
    });
  });

  it("begins with what was chosen, then the working directory's repository, then the latest", () => {
    expect(resolve({ config: { repository: configured, x: 1 } }).values).toEqual({ repository: configured, x: 1 });
    expect(resolve({ workingDirectory: folderOfRepository(demo) }).values).toEqual({ repository: demo });
    expect(resolve({ workingDirectory: `file://${here}` }).values).toEqual({ repository: `file://${here}` });
    expect(resolve({ workingDirectory: "file:///somewhere/else" }).values).toEqual({ repository: tools });
    expect(resolve({ config: { repository: "" } }).values).toEqual({ repository: tools });
    expect(resolve({}, nothing).values).toEqual({});
  });
});

describe("its completions", () => {
  it("are the repositories that fit, and what was typed if it is an address", () => {
    const values = (query?: string) =>
      complete({ property: "repository", ...(query !== undefined && { query }) }).map((item) => item.value);
    expect(values()).toEqual([tools, demo, configured]);
    expect(values("OCTO/DEMO")).toEqual([demo]);
    expect(values("https://github.com/octo/new")).toEqual(["https://github.com/octo/new"]);
    expect(values(demo)).toEqual([demo]);
    expect(values("--upload-pack=x")).toEqual([""]);
  });

  it("are never empty, since a picker without an item does not open and nobody could type", () => {
    expect(complete({ property: "repository" }, nothing)).toMatchObject([{ value: "", label: "Type its address" }]);
    expect(complete({ property: "baseBranch" }, nothing)).toMatchObject([{ value: "", label: "Default branch" }]);
    expect(complete({ property: "other" }, nothing)).toEqual([]);
  });

  it("are the branches that work on the repository began from, and what was typed if it is a branch", () => {
    const values = (query: string) =>
      complete({ property: "baseBranch", query, config: { repository: demo } }).map((item) => item.value);
    expect(values("")).toEqual(["", "next", "main"]);
    expect(values("ma")).toEqual(["", "main", "ma"]);
    expect(values("a..b")).toEqual([""]);
  });
});
