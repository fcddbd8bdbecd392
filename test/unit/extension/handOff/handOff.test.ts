import { beforeEach, describe, expect, it } from "vitest";
import { registerHandOff } from "../../../../src/extension/handOff/handOff.ts";
import type { LocalGit } from "../../../../src/extension/handOff/localGit.ts";
import type { FleetSessionState } from "../../../../src/protocol/fleet.ts";
import { fleetSessionUri } from "../../../../src/protocol/uris.ts";
import { session } from "../../../support/aChat.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";
import { aChange, aCheckpoint, aReview, oid, push, target } from "../review/aReview.ts";

beforeEach(() => fakeVscode.reset());

/** A window with one folder, in which git says what it is told to. */
async function aHandOff(said: (command: string) => string) {
  const { host, connections, clock } = await aReview([aChange("a.ts", undefined, "one")]);
  const commands = new Map<string, () => Promise<void>>();
  const asked: string[] = [];
  const sent: string[] = [];
  const ran: (readonly string[])[] = [];
  const git: LocalGit = async (_folder, args) => {
    ran.push(args);
    return { exitCode: 0, stdout: said(args.find((word) => !word.startsWith("-") && !word.includes("=")) ?? "") };
  };
  host.answers["x-fleet/applyPatch"] = (params) => {
    sent.push(Buffer.from(String(params["patch"]), "base64").toString());
    return { result: { checkpoint: aCheckpoint("2"), safety: "1" } };
  };
  const registry: Parameters<typeof registerHandOff>[0] = {
    register: (id, _during, handle) => {
      commands.set(id, async () => void (await (handle as () => unknown)()));
      return { dispose: () => undefined };
    },
  };
  registerHandOff(registry, {
    hosts: connections,
    dialogs: {
      confirm: async (question) => {
        asked.push(question);
        return true;
      },
      progress: async (_title, run) => run(() => undefined),
      tell: async () => undefined,
    },
    clock,
    git,
    folders: () => ["/home/me/widgets"],
    resolveAgent: async () => target,
    titleOf: () => "Fix the parser",
    agents: () => [target],
  });
  const run = (id: string) => commands.get(id)!();
  return { host, run, asked, sent, ran };
}

const patch = "diff --git a/a.ts b/a.ts\n";
const diffIn = (command: string) => (command === "diff" ? patch : command === "rev-parse" ? "/home/me/widgets\n" : "");
const log = (commit: string) => `${"f".repeat(40)} \0${commit}\0${session}\n`;

describe("handing work over", () => {
  it("begins nothing while the agent is at work", async () => {
    const { host, run, ran } = await aHandOff(() => "");
    host.act(fleetSessionUri("s1"), { type: "x-fleet/phaseChanged", phase: "working" });
    await expect(run("muster.agent.checkOut")).rejects.toMatchObject({ code: "conflict" });
    expect(ran).toEqual([]);
  });

  it("asks before it makes anything", async () => {
    const { host, run, asked } = await aHandOff((command) =>
      command === "config" ? "remote.origin.url https://github.com/acme/widgets\n" : "/home/me/widgets\n",
    );
    expect((host.state(fleetSessionUri("s1")) as FleetSessionState).phase).toBe("ready");
    // The clone of this test gives no tree.
    await expect(run("muster.agent.checkOut")).rejects.toThrow();
    expect(asked).toEqual([expect.stringMatching(/^Check out Fix the parser in \/home\/me\/widgets-agent-/)]);
  });

  it("sends the changes of a checkout to its agent, and of a clone what is not committed", async () => {
    const { run, sent, asked, ran } = await aHandOff((command) =>
      command === "log" ? log(oid("c1")) : diffIn(command),
    );
    await run("muster.agent.sendLocalChanges");
    expect(asked).toEqual(["Send the changes of widgets to Fix the parser?"]);
    expect(sent).toEqual([patch]);
    expect(ran.find(([name]) => name === "diff")?.at(-1)).toBe("f".repeat(40));

    const clone = await aHandOff((command) =>
      command === "config" ? "remote.origin.url https://github.com/acme/widgets\n" : diffIn(command),
    );
    await clone.run("muster.agent.sendLocalChanges");
    expect(clone.sent).toEqual([patch]);
    expect(clone.ran.find(([name]) => name === "diff")?.at(-1)).toBe("/home/me/widgets");
  });

  it("asks the person's own remote for what was pushed, and the host for nothing then", async () => {
    const { host, run, ran } = await aHandOff((command) =>
      command === "config" ? "remote.mine.url git@github.com:acme/widgets.git\n" : "/home/me/widgets\n",
    );
    host.answers["resourceRead"] = () => ({ error: { code: -32603, message: "asked" } });
    host.act(fleetSessionUri("s1"), { type: "x-fleet/pushed", branch: "agent/x", commit: oid("p"), at: "" });
    // This git has everything, a branch of that name too.
    await expect(run("muster.agent.checkOut")).rejects.toThrow("has a branch");
    expect(ran.find(([name]) => name === "fetch")?.slice(-2)).toEqual(["mine", "refs/heads/agent/x"]);
  });

  it("says what its host does not send", async () => {
    const { host, run, ran } = await aHandOff((command) =>
      command === "config" ? "remote.origin.url https://github.com/acme/widgets\n" : "/home/me/widgets\n",
    );
    const change = aChange("a.bin", undefined, "two");
    if (change.edit.after) change.edit.after.content.sizeHint = 6_000_000;
    push(host, "2", [change]);
    await expect(run("muster.agent.checkOut")).rejects.toMatchObject({
      code: "content.tooLarge",
      values: ["a.bin is larger than 5 MB"],
    });
    expect(ran.map(([name]) => name)).not.toContain("worktree");
  });

  it("says when no folder holds an agent's work", async () => {
    const { run } = await aHandOff(() => "");
    await expect(run("muster.agent.sendLocalChanges")).rejects.toMatchObject({ code: "notFound" });
  });
});
