import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { GitWorkspacesOptions } from "../../src/host/workspaces/gitWorkspaces.ts";
import { noCredentials, type ProvisionRequest, type Workspace } from "../../src/host/workspaces/workspace.ts";
import { WorkspacesFixture } from "./workspacesFixture.ts";

export interface Entry {
  readonly mode: string;
  readonly name: string;
  readonly oid: string;
}

/** A server's repository that is made of objects which git's own tools would not make. */
export class HostileOrigin extends WorkspacesFixture {
  /** Is there when something ran. */
  readonly marker = path.join(this.root, "EXECUTED");

  /** Git in the server's repository. */
  inOrigin(...args: string[]): string {
    return this.git(this.origin, ...args);
  }

  blob(content: string): string {
    const env = { PATH: process.env["PATH"] };
    const options = { cwd: this.origin, input: content, env, encoding: "utf8" } as const;
    return execFileSync("git", ["hash-object", "-w", "--stdin"], options).trim();
  }

  /** A tree of any names. */
  tree(entries: readonly Entry[]): string {
    const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const bytes = sorted.map(({ mode, name, oid }) =>
      Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, "hex")]),
    );
    const file = path.join(this.root, "tree.bin");
    writeFileSync(file, Buffer.concat(bytes));
    return this.inOrigin("hash-object", "-t", "tree", "-w", "--literally", file);
  }

  /** Makes the tree what is on the branch. */
  publish(tree: string, branch = "main"): void {
    this.inOrigin("update-ref", `refs/heads/${branch}`, this.inOrigin("commit-tree", "-m", "Hostile", tree));
  }

  async provision(
    overrides: Partial<ProvisionRequest> = {},
    options: Partial<GitWorkspacesOptions> = {},
  ): Promise<Workspace> {
    return await (await this.workspaces(options)).provision(this.request(overrides));
  }

  /** All that the host does with a workspace in which an agent has worked. */
  async useAll(workspace: Workspace): Promise<void> {
    this.write(workspace.paths.root, { "worked.txt": "worked\n" });
    const checkpoint = await workspace.checkpoint("Turn");
    if (!checkpoint) throw new Error("nothing changed");
    await workspace.changes(workspace.baseCommit, checkpoint.commit);
    const { branch } = workspace;
    await workspace.push({ branch, commit: checkpoint.commit, title: "Work", credentials: noCredentials });
  }
}
