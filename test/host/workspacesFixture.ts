import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Clock } from "../../src/base/clock.ts";
import { toDisposable } from "../../src/base/disposables.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { GitWorkspaces, type GitWorkspacesOptions } from "../../src/host/workspaces/gitWorkspaces.ts";
import { noCredentials, type ProvisionRequest } from "../../src/host/workspaces/workspace.ts";

/** A clock that stands where it is put; nothing here waits on it. */
export const fixedClock: Clock = {
  now: () => 1_790_000_000_000,
  elapsed: () => 0,
  setTimeout: () => toDisposable(() => {}),
};

/** Directories of one test, removed by `dispose`. */
export class WorkspacesFixture {
  readonly root = realpathSync(mkdtempSync(path.join(tmpdir(), "muster-workspaces-")));
  readonly dataDir = path.join(this.root, "data");
  /** The bare repository that plays the server. */
  readonly origin = path.join(this.root, "origin.git");
  readonly seed = path.join(this.root, "seed");

  constructor() {
    this.git(this.root, "init", "--quiet", "--bare", "--initial-branch=main", this.origin);
    this.git(this.root, "init", "--quiet", "--initial-branch=main", this.seed);
    this.git(this.seed, "remote", "add", "origin", this.origin);
  }

  /** Runs the test's own git, as a developer would. */
  git(cwd: string, ...args: string[]): string {
    const identity = ["-c", "user.name=Muster Test", "-c", "user.email=muster@example.invalid"];
    const env = { PATH: process.env["PATH"] ?? "", HOME: this.root, GIT_CONFIG_NOSYSTEM: "1" };
    return execFileSync("git", [...identity, ...args], { cwd, env, encoding: "utf8", stdio: "pipe" }).trim();
  }

  write(base: string, files: Readonly<Record<string, string | Uint8Array>>): void {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(base, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  }

  /** Commits files to the server's branch; returns the commit. */
  seedCommit(files: Readonly<Record<string, string | Uint8Array>>, branch = "main"): string {
    this.write(this.seed, files);
    this.git(this.seed, "add", "--all");
    this.git(this.seed, "commit", "--quiet", "--message", "Seed");
    this.git(this.seed, "push", "--quiet", "origin", `HEAD:refs/heads/${branch}`);
    return this.git(this.seed, "rev-parse", "HEAD");
  }

  workspaces(options: Partial<GitWorkspacesOptions> = {}): Promise<GitWorkspaces> {
    return GitWorkspaces.create({
      dataDir: this.dataDir,
      allowLocal: [this.root],
      privateNetworks: ["127.0.0.0/8"],
      clock: fixedClock,
      logger: silentLogger,
      path: process.env["PATH"] ?? "",
      ...options,
    });
  }

  request(overrides: Partial<ProvisionRequest> = {}): ProvisionRequest {
    return {
      sessionId: "11111111-aaaa-4bbb-8ccc-222222222222",
      repository: this.origin,
      branch: "agent/fix-login-11111111",
      credentials: noCredentials,
      onStage: () => {},
      signal: new AbortController().signal,
      ...overrides,
    };
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
