import { expect, it } from "vitest";
import { parseChanges, parseChangesOfMany, parseSizes, totalsOf } from "../../../../src/host/workspaces/changes.ts";

const a = "a".repeat(40);
const b = "b".repeat(40);
const zero = "0".repeat(40);
const output = (...tokens: string[]) => Buffer.from(tokens.map((token) => `${token}\0`).join(""));

it.each([
  [
    "an added file",
    [`:000000 100644 ${zero} ${a} A`, "n.txt", "3\t0\tn.txt"],
    { path: "n.txt", status: "added", after: { oid: a, mode: "100644" }, additions: 3 },
  ],
  [
    "a deleted file",
    [`:100644 000000 ${a} ${zero} D`, "n.txt", "0\t2\tn.txt"],
    { status: "deleted", before: { oid: a, mode: "100644" }, deletions: 2 },
  ],
  [
    "a changed mode",
    [`:100644 100755 ${a} ${a} M`, "run", "0\t0\trun"],
    { status: "modified", before: { mode: "100644" }, after: { mode: "100755" } },
  ],
  [
    "a file that became a link",
    [`:100644 120000 ${a} ${b} T`, "x", "1\t1\tx"],
    { status: "modified", after: { mode: "120000" } },
  ],
  [
    "a binary file",
    [`:100644 100644 ${a} ${b} M`, "i.png", "-\t-\ti.png"],
    { binary: true, additions: 0, deletions: 0 },
  ],
  [
    "a rename",
    [`:100644 100644 ${a} ${b} R087`, "old", "new", "4\t1\t", "old", "new"],
    { status: "renamed", oldPath: "old", path: "new", additions: 4 },
  ],
  ["a name with tab and newline", [`:000000 100644 ${zero} ${a} A`, "a\tb\nc", "1\t0\ta\tb\nc"], { path: "a\tb\nc" }],
  [
    "a name that looks like a record",
    [`:000000 100644 ${zero} ${a} A`, ":100644", "1\t0\t:100644"],
    { path: ":100644" },
  ],
])("reads %s", (_name, tokens, expected) => {
  const changes = parseChanges(output(...tokens));
  expect(changes).toHaveLength(1);
  expect(changes[0]).toMatchObject(expected);
});

it("reads many pairs of commits, also those that do not differ and files that are called like commits", () => {
  const added = [`:000000 100644 ${zero} ${a} A`, b];
  const all = parseChangesOfMany(output(a, ...added, b, a, ...added));
  expect(all.map((changes) => changes.map(({ path }) => path))).toEqual([[b], [], [b]]);
  expect(() => parseChangesOfMany(output(a, added[0] ?? ""))).toThrow();
});

it("orders by path and adds up", () => {
  const changes = parseChanges(
    output(`:000000 100644 ${zero} ${a} A`, "z", `:000000 100644 ${zero} ${b} A`, "b", "3\t0\tz", "2\t1\tb"),
  );
  expect(changes.map(({ path }) => path)).toEqual(["b", "z"]);
  expect(totalsOf(changes)).toEqual({ files: 2, additions: 5, deletions: 1 });
});

it.each([
  ["nonsense", ["nonsense"]],
  ["a record without a name", [`:000000 100644 ${zero} ${a} A`]],
  ["a record without its count", [`:000000 100644 ${zero} ${a} A`, "n"]],
  ["a count for another file", [`:000000 100644 ${zero} ${a} A`, "n", "1\t0\tm"]],
])("refuses %s", (_name, tokens) => {
  expect(() => parseChanges(output(...tokens))).toThrow("could not be read");
});

it("reads nothing from nothing", () => {
  expect(parseChanges(Buffer.alloc(0))).toEqual([]);
});

it("takes the sizes of blobs and leaves out what is missing or no blob", () => {
  expect(parseSizes(`${a} blob 12\n${b} tree 30\n${zero} missing`)).toEqual(new Map([[a, 12]]));
});
