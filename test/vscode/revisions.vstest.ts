import assert from "node:assert/strict";
import * as vscode from "vscode";
import { muster } from "./manifest.ts";

const session = "00000000-0000-4000-8000-000000000000";

function revision(name: string, query: Record<string, string>): vscode.Uri {
  return vscode.Uri.from({
    scheme: "muster-rev",
    path: `/agent-files/${name}`,
    query: new URLSearchParams(query).toString(),
  });
}

describe("revisions of files", () => {
  before(() => muster().activate());
  after(() => vscode.commands.executeCommand("workbench.action.closeAllEditors"));

  it("opens the side of a diff where the file does not exist as an empty document", async () => {
    const document = await vscode.workspace.openTextDocument(revision("src/a.ts", { host: "h", session, blob: "" }));
    assert.equal(document.getText(), "");
    assert.equal(document.languageId, "typescript");
  });

  for (const name of [
    "a.json",
    ".vscode/settings.json",
    "tsconfig.json",
    "x.code-workspace",
    "a.ipynb",
    ".eslintrc",
    "c.jsonc",
  ])
    it(`CON-9: gives ${name} no language whose service would fetch what it names`, async () => {
      const document = await vscode.workspace.openTextDocument(revision(name, { host: "h", session, blob: "" }));
      assert.equal(document.languageId, "jsonl");
    });

  it("says in words why the content of an unknown host cannot be shown", async () => {
    const uri = revision("src/a.ts", { host: "no-such-host", session, blob: "0".repeat(40), size: "10" });
    const text = await vscode.workspace.openTextDocument(uri).then(
      (document) => document.getText(),
      (error: unknown) => String(error),
    );
    assert.match(text, /host/i);
    assert.doesNotMatch(text, /undefined|TypeError|\[object/);
  });

  it("refuses an address that it did not make", async () => {
    const text = await vscode.workspace.openTextDocument(vscode.Uri.parse("muster-rev:/etc/passwd")).then(
      (document) => document.getText(),
      (error: unknown) => String(error),
    );
    assert.doesNotMatch(text, /root:|undefined|TypeError/);
  });

  it("cannot be edited", async () => {
    const document = await vscode.workspace.openTextDocument(revision("src/b.ts", { host: "h", session, blob: "" }));
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), "changed");
    await vscode.workspace.applyEdit(edit);
    assert.equal(
      await document.save().then(
        (saved) => saved,
        () => false,
      ),
      false,
    );
  });
});
