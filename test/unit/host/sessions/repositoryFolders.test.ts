import { describe, expect, it } from "vitest";
import {
  folderOfRepository,
  listFolder,
  repositoryOfFolder,
  repositoryUri,
} from "../../../../src/host/sessions/repositoryFolders.ts";

const known = [
  "https://github.com/octo/demo.git",
  "https://github.com/octo/other",
  "git@git.example.com:tools/build.git",
  "http://127.0.0.1:4000/demo/format.git",
  "/srv/git/my project",
];

describe("a repository's URI", () => {
  it.each([
    ["https://github.com/octo/demo.git", "https://github.com/octo/demo.git"],
    ["ssh://git@example.com/a.git", "ssh://git@example.com/a.git"],
    ["git@example.com:a/b.git", "ssh://git@example.com/a/b.git"],
    ["/srv/git/my project", "file:///srv/git/my%20project"],
    ["file:///srv/a", "file:///srv/a"],
  ])("is one that every client can parse: %s", (repository, uri) => {
    expect(repositoryUri(repository)).toBe(uri);
    expect(URL.canParse(uri)).toBe(true);
  });
});

describe("repositories as folders", () => {
  it("have a place of their own, by which each is found again", () => {
    const folders = known.map(folderOfRepository);
    expect(folders).toEqual([
      "file:///repositories/github.com/octo/demo",
      "file:///repositories/github.com/octo/other",
      "file:///repositories/git.example.com/tools/build",
      "file:///repositories/127.0.0.1%3A4000/demo/format",
      "file:///repositories/srv/git/my%20project",
    ]);
    expect(folders.map((folder) => repositoryOfFolder(`${folder}/`, known))).toEqual(known);
    expect(repositoryOfFolder("file:///repositories/github.com/octo", known)).toBeUndefined();
    expect(repositoryOfFolder("file:///srv/git/my%20project", known)).toBeUndefined();
  });

  it("are listed from the root down", () => {
    expect(listFolder("file:///", known)).toEqual(["repositories"]);
    expect(listFolder("file:///repositories", known)).toEqual([
      "127.0.0.1:4000",
      "git.example.com",
      "github.com",
      "srv",
    ]);
    expect(listFolder("file:///repositories/github.com/octo/", known)).toEqual(["demo", "other"]);
    expect(listFolder("file:///repositories/github.com/octo/demo", known)).toEqual([]);
    expect(listFolder("file:///repositories", [])).toEqual([]);
  });

  it.each(["file:///etc", "file:///repositories/github", "file:///repositories/github.com/octo/demo/src", "", "x:/y"])(
    "are all that there is to see: not %s",
    (folder) => {
      expect(listFolder(folder, known)).toBeUndefined();
    },
  );
});
