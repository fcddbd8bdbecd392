import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import { HostTerminals } from "../../../../src/extension/fleet/hostTerminals.ts";
import { HostsTree } from "../../../../src/extension/tree/hostsTree.ts";
import { treeGapMs } from "../../../../src/extension/tree/treePace.ts";
import { STATUS } from "../../../../src/protocol/status.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { putResting, sessionOf } from "../../../support/anInbox.ts";
import { settle } from "../../../support/fakeClock.ts";

const never = () => ({ dispose: () => undefined });

async function aTree() {
  const scene = await aFleet((host) => {
    host.put("ahp-root://", {
      agents: [{ provider: "sample", displayName: "Sample $(agent)", description: "", models: [] }],
    });
    putResting(host, "one", STATUS.inProgress);
    putResting(host, "two", STATUS.inputNeeded);
  });
  const { connections, fleet, clock } = scene;
  const outdated: string[] = [];
  const tree = new HostsTree({
    connections,
    fleet,
    terminals: new HostTerminals({ connections, logger: silentLogger }),
    signIn: { isNeeded: () => false, onDidChange: never },
    spend: { of: () => undefined, outdate: (hostId) => void outdated.push(hostId), onDidChange: never },
    clock,
  });
  let refreshes = 0;
  tree.onDidChangeTreeData(() => refreshes++);
  const details = () =>
    tree.getChildren({ hostId: "a" }).map((element) => {
      const { label, description } = tree.getTreeItem(element);
      return [label, description];
    });
  return { ...scene, tree, details, outdated, refreshes: () => refreshes };
}

describe("the Hosts tree", () => {
  it("tells of each host what it is and what it does, beneath its row", async () => {
    const { details } = await aTree();
    expect(details()).toEqual([
      ["Version", "1 · AHP 0.9.0"],
      ["Queue", "2 running · 0 queued"],
      ["Runs", "Sample $\u200b(agent)"],
      ["Isolation", "none: agents can do whatever the host's user can"],
    ]);
  });

  it("tells only why, when the host is out of sight", async () => {
    const { details, host } = await aTree();
    host.dropAll();
    await settle();
    expect(details().map(([label]) => label)).toEqual(["Reason", "Version"]);
  });

  it("is drawn anew, and the spending asked for, when an agent comes to rest, not whenever one says something", async () => {
    const { host, clock, outdated, refreshes } = await aTree();
    const change = async (changes: object) => {
      host.notify("root/sessionSummaryChanged", { channel: "x", session: sessionOf("one"), changes });
      await settle();
      await clock.advance(treeGapMs);
    };
    await change({ activity: "Reading" });
    const before = refreshes();
    outdated.length = 0;
    await change({ activity: "Writing" });
    expect([refreshes(), outdated]).toEqual([before, []]);
    await change({ status: STATUS.idle });
    expect([refreshes(), outdated]).toEqual([before + 1, ["a"]]);
  });
});
