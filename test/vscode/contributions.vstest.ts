import assert from "node:assert/strict";
import * as vscode from "vscode";
import { manifest, muster } from "./manifest.ts";

describe("contributions", () => {
  before(() => muster().activate());

  it("registers every command that package.json names", async () => {
    const known = new Set(await vscode.commands.getCommands(true));
    const missing = manifest().contributes.commands.filter(({ command }) => !known.has(command));
    assert.deepEqual(missing, []);
  });

  it("names every command that it registers", async () => {
    const { commands, views } = manifest().contributes;
    // VS Code makes commands of its own for each view and container.
    const ofViews = [...Object.keys(views), ...Object.values(views).flatMap((group) => group.map((view) => view.id))];
    const named = new Set(commands.map(({ command }) => command));
    const stray = (await vscode.commands.getCommands(true)).filter(
      (id) =>
        id.startsWith("muster.") && !named.has(id) && !ofViews.some((view) => id === view || id.startsWith(`${view}.`)),
    );
    assert.deepEqual(stray, []);
  });

  it("puts every command under Muster in the palette", () => {
    const strangers = manifest().contributes.commands.filter(({ category }) => category !== "Muster");
    assert.deepEqual(strangers, []);
  });

  it("has its views, and they can be shown", async () => {
    const ids = Object.values(manifest().contributes.views).flatMap((views) => views.map((view) => view.id));
    assert.deepEqual(ids.toSorted(), ["muster.agents", "muster.hosts", "muster.review"]);
    for (const id of ids) await vscode.commands.executeCommand(`${id}.focus`);
  });

  it("keeps endpoints out of a workspace's reach", () => {
    const { properties } = manifest().contributes.configuration;
    for (const key of ["muster.hosts", "muster.github.servers"])
      assert.equal(properties[key]?.scope, "application", key);
  });

  it("reads the defaults that package.json gives", () => {
    for (const [key, { default: value }] of Object.entries(manifest().contributes.configuration.properties)) {
      assert.deepEqual(vscode.workspace.getConfiguration().inspect(key)?.defaultValue, value, key);
    }
  });
});
