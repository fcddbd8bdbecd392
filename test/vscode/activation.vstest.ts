import assert from "node:assert/strict";
import * as vscode from "vscode";
import { eventually, manifest, muster } from "./manifest.ts";

// First by name, because nothing may have woken the extension before.
describe("activation", () => {
  it("asks for no event that would wake it in every window", () => {
    const greedy = (manifest().activationEvents ?? []).filter(
      (event) => event === "*" || event === "onStartupFinished",
    );
    assert.deepEqual(greedy, []);
  });

  it("sleeps until it is asked for", () => {
    assert.equal(muster().isActive, false);
  });

  it("wakes when its view is shown", async () => {
    await vscode.commands.executeCommand("muster.agents.focus");
    await eventually("activation", () => muster().isActive);
  });
});
