import { describe, expect, it } from "vitest";
import { chooseChangeset } from "../../../../src/extension/fleet/changesets.ts";
import type { ChangesetEntry } from "../../../../src/protocol/sessionState.ts";

const session = "copilotcli:/1";
const entry = (changeKind: string, uriTemplate = `${session}/changeset/${changeKind}`): ChangesetEntry => ({
  changeKind,
  uriTemplate,
  label: `${changeKind} changes`,
  description: `${changeKind} → main`,
});
const turn = entry("turn", `${session}/changeset/turn/{turnId}`);

describe("the changeset that stands for an agent's work", () => {
  it.each([
    { offered: [turn, entry("uncommitted"), entry("session"), entry("branch")], chosen: "branch" },
    { offered: [turn, entry("uncommitted"), entry("session")], chosen: "session" },
    { offered: [turn, entry("uncommitted")], chosen: "uncommitted" },
    { offered: [turn, entry("x-everything")], chosen: "x-everything" },
    { offered: [turn], chosen: undefined },
    { offered: [], chosen: undefined },
    { offered: undefined, chosen: undefined },
  ])("is $chosen", ({ offered, chosen }) => {
    expect(chooseChangeset(session, offered, false)).toEqual(
      chosen && {
        uri: `${session}/changeset/${chosen}`,
        label: `${chosen} changes`,
        description: `${chosen} → main`,
      },
    );
  });

  it("is the branch of a host with the fleet plane, told or not, and needs no name", () => {
    const branch = { uri: `${session}/changeset/branch`, label: undefined, description: undefined };
    expect(chooseChangeset(session, undefined, true)).toEqual(branch);
    expect(chooseChangeset(session, [entry("branch")], true)).toEqual(branch);
  });
});
