import { beforeEach, describe, expect, it } from "vitest";
import { registerHandOff } from "../../../../src/extension/handOff/handOff.ts";
import type { LocalGit } from "../../../../src/extension/handOff/localGit.ts";
import type { FleetSessionState } from "../../../../src/protocol/fleet.ts";
import { fleetSessionUri } from "../../../../src/protocol/uris.ts";
import { session } from "../../../support/aChat.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";
import { aChange, aReview, oid, push, target } from "../review/aReview.ts";

beforeEach(() => fakeVscode.reset());

/** A window with one folder, in which git says what it is told to. */
async function aHandOff(said: (command: string) => string) {
  const { host, connections, clock } = await aReview([aChange("a.ts", undefined, "one")]);
  const commands = new Map<string, () => Promise<void>>();
  const asked: string[] = [];
  const sent: string[] = [];
  const ran: string[] = [];
  const git: LocalGit = async (_folder, args) => {
    ran.push(args[0] ?? "");
    return { exitCode: 0, stdout: said(args[0] ?? "") };
  };
  registerHandOff({
    hosts: connections,
    commands: {
      register: (id, _during, handle) => {
        commands.set(id, async () => void (await (handle as () => unknown)()));
        return { dispose: () => undefined };
      },
    },
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
    send: async (_key, text) => void sent.push(text),
  });
  const run = (id: string) => commands.get(id)!();
  return { host, run, asked, sent, ran };
}

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

  it("sends the changes of the folder to the agent that they are based on", async () => {
    const { run, sent, asked } = await aHandOff((command) =>
      command === "log" ? log(oid("c1")) : command === "diff" ? "diff --git a/a.ts b/a.ts\n" : "",
    );
    await run("muster.agent.sendLocalChanges");
    expect(asked).toEqual(["Send the changes of this folder to Fix the parser?"]);
    expect(sent).toEqual([expect.stringContaining("```diff\ndiff --git a/a.ts b/a.ts\n```")]);
  });

  it("sends nothing to an agent that has gone on, and nothing that is too much or cannot be written", async () => {
    let patch = "x".repeat(400_001);
    const { host, run, sent } = await aHandOff((command) =>
      command === "log" ? log(oid("c1")) : command === "diff" ? patch : "",
    );
    await expect(run("muster.agent.sendLocalChanges")).rejects.toMatchObject({ code: "content.tooLarge" });
    patch = "caf\ufffd";
    await expect(run("muster.agent.sendLocalChanges")).rejects.toThrow("not UTF-8");
    push(host, "2", [aChange("a.ts", undefined, "two")]);
    await expect(run("muster.agent.sendLocalChanges")).rejects.toThrow("gone on");
    expect(sent).toEqual([]);
  });

  it("says when no folder holds an agent's work", async () => {
    const { run } = await aHandOff(() => "");
    await expect(run("muster.agent.sendLocalChanges")).rejects.toMatchObject({ code: "notFound" });
  });
});
