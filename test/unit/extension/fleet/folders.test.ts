import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  childFolder,
  folderName,
  folderPath,
  parentFolder,
  parseFolder,
} from "../../../../src/extension/fleet/folders.ts";

describe("folders of a host", () => {
  it.each([
    ["file:///home/me/a%20b", "/home/me/a b", "a b"],
    ["file:///home/me/", "/home/me", "me"],
    ["file:///", "/", "/"],
    ["file:///c:/code/x", "c:\\code\\x", "x"],
    ["file:///c:", "c:\\", "c:"],
    ["file://server/share/x", "//server/share/x", "x"],
    ["vscode-remote://x/home", "vscode-remote://x/home", "home"],
    ["file:///100%", "/100%", "100%"],
  ])("%s is read as %s and called %s", (uri, path, name) => {
    expect(folderPath(uri)).toBe(path);
    expect(folderName(uri)).toBe(name);
  });

  it.each([
    ["/home/me/a b/", "file:///home/me/a%20b"],
    ["/", "file:///"],
    [String.raw`C:\code\x`, "file:///C:/code/x"],
    ["c:/code", "file:///c:/code"],
    ["file:///home/me/", "file:///home/me"],
    ["  /tmp  ", "file:///tmp"],
  ])("%s is typed for %s", (typed, uri) => {
    expect(parseFolder(typed)).toBe(uri);
  });

  it.each(["", "src", "./src", "~/code", "https://example.com/x"])("takes %s for no folder", (typed) => {
    expect(parseFolder(typed)).toBeUndefined();
  });

  it("goes up until the root, and down again", () => {
    expect(parentFolder("file:///home/me")).toBe("file:///home");
    expect(parentFolder("file:///home")).toBe("file:///");
    expect(parentFolder("file:///")).toBeUndefined();
    expect(parentFolder("file:///c:/code")).toBe("file:///c:");
    expect(parentFolder("file:///c:")).toBeUndefined();
    const name = fc
      .string({ minLength: 1, maxLength: 20 })
      .filter((text) => !/[/\\\0]/.test(text) && !/^\.+$/.test(text));
    fc.assert(
      fc.property(fc.array(name, { maxLength: 4 }), name, (parts, last) => {
        const folder = parts.reduce((uri, part) => childFolder(uri, part), "file:///home");
        expect(parentFolder(childFolder(folder, last))).toBe(folder);
        expect(folderPath(childFolder(folder, last))).toBe(["/home", ...parts, last].join("/"));
      }),
    );
  });
});
