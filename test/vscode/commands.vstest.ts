import assert from "node:assert/strict";
import * as vscode from "vscode";
import { muster } from "./manifest.ts";

const stranger = { hostId: "no-such-host", session: "ahp-session:/00000000-0000-4000-8000-000000000000" };

describe("commands", () => {
  before(() => muster().activate());
  afterEach(() => vscode.commands.executeCommand("notifications.clearAll"));

  // A failure is shown as a notification whose promise ends when it is closed; the command itself never rejects.
  for (const command of ["muster.agent.review", "muster.agent.stop", "muster.agent.approve", "muster.agent.retry"]) {
    it(`${command} survives an agent that no host has`, async () => {
      const ended = vscode.commands.executeCommand(command, stranger);
      await vscode.commands.executeCommand("notifications.clearAll");
      await settled(ended);
      assert.equal(muster().isActive, true);
    });
  }

  for (const command of ["muster.agent.open", "muster.agent.review", "muster.agent.stop"]) {
    it(`${command} survives arguments of the wrong shape`, async () => {
      await settled(vscode.commands.executeCommand(command, 42, "not a list"));
      assert.equal(muster().isActive, true);
    });
  }
});

/** Ends when the command does, dismissing whatever it asks or tells meanwhile. */
async function settled(command: Thenable<unknown>): Promise<void> {
  const dismiss = setInterval(() => {
    void vscode.commands.executeCommand("notifications.clearAll");
    void vscode.commands.executeCommand("workbench.action.closeQuickOpen");
  }, 100);
  try {
    await command;
  } finally {
    clearInterval(dismiss);
  }
}
