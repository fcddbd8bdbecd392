import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { WorkspacesFixture } from "./workspacesFixture.ts";

/** Where a trap is laid. */
export interface Ground {
  readonly fixture: WorkspacesFixture;
  /** The checkout that the agent may write. */
  readonly root: string;
  readonly gitDir: string;
  /** A program that leaves a mark and passes its input on. */
  readonly evil: string;
}

export interface Trap {
  readonly name: string;
  readonly lay: (ground: Ground) => void;
  /** What a developer types to fall in; absent where it takes another git, or another system. */
  readonly victim?: readonly string[];
}

const config =
  (key: string, value?: string) =>
  ({ gitDir, evil }: Ground): void => {
    execFileSync("git", ["config", "--file", path.join(gitDir, "config"), key, value ?? evil]);
  };

const attributes = (text: string) => (ground: Ground) => ground.fixture.write(ground.root, { ".gitattributes": text });

const together =
  (...parts: readonly ((ground: Ground) => void)[]) =>
  (ground: Ground): void =>
    parts.forEach((part) => part(ground));

function hook(name: string): Trap {
  const lay = ({ gitDir, evil }: Ground) => {
    mkdirSync(path.join(gitDir, "hooks"), { recursive: true });
    writeFileSync(path.join(gitDir, "hooks", name), `#!/bin/sh\nexec "${evil}" </dev/null\n`);
    chmodSync(path.join(gitDir, "hooks", name), 0o755);
  };
  return { name: `hook ${name}`, lay };
}

/** A repository below the checkout, with everything in it that runs. */
function nested({ fixture, root, evil }: Ground, name: string): void {
  const directory = path.join(root, name);
  mkdirSync(directory, { recursive: true });
  fixture.git(directory, "init", "--quiet");
  fixture.write(directory, { "x.txt": "x\n", ".gitattributes": "* filter=evil diff=evil\n" });
  const gitDir = path.join(directory, ".git");
  for (const key of ["core.fsmonitor", "filter.evil.clean", "diff.external"])
    config(key)({ fixture, root: directory, gitDir, evil });
}

/** A bare repository among the files: git 2.39 takes a directory that looks like one for one. */
function bare({ fixture, root, evil }: Ground): void {
  const directory = path.join(root, "vendor");
  mkdirSync(directory, { recursive: true });
  fixture.git(directory, "init", "--quiet", "--bare", "inner");
  const gitDir = path.join(directory, "inner");
  for (const key of ["core.fsmonitor", "core.pager"]) config(key)({ fixture, root: directory, gitDir, evil });
  config("core.worktree", root)({ fixture, root, gitDir, evil });
  config("core.bare", "false")({ fixture, root, gitDir, evil });
}

export const traps: readonly Trap[] = [
  ...[
    "pre-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "post-checkout",
    "post-merge",
    "post-rewrite",
    "post-index-change",
    "pre-auto-gc",
    "pre-push",
    "reference-transaction",
    "update",
    "push-to-checkout",
  ].map(hook),
  { name: "core.fsmonitor", lay: config("core.fsmonitor"), victim: ["status"] },
  {
    name: "core.fsmonitor by a name with other letters",
    lay: config("CORE.FsMonitor"),
    victim: ["status"],
  },
  {
    name: "core.hooksPath",
    lay: together(hook("post-index-change").lay, ({ gitDir, ...ground }) => {
      execFileSync("mv", [path.join(gitDir, "hooks"), path.join(ground.root, ".husky")]);
      config("core.hooksPath", ".husky")({ gitDir, ...ground });
    }),
    victim: ["add", "--all"],
  },
  {
    name: "a clean filter",
    lay: together(config("filter.evil.clean"), attributes("* filter=evil\n")),
    victim: ["add", "--all"],
  },
  {
    name: "a smudge filter",
    lay: together(config("filter.evil.smudge"), attributes("* filter=evil\n")),
    victim: ["checkout-index", "--force", "--all"],
  },
  {
    name: "a long-running filter",
    lay: together(
      config("filter.evil.process"),
      config("filter.evil.required", "false"),
      attributes("* filter=evil\n"),
    ),
    victim: ["add", "--all"],
  },
  {
    name: "attributes in info/attributes",
    lay: together(config("filter.evil.clean"), ({ gitDir }) => {
      mkdirSync(path.join(gitDir, "info"), { recursive: true });
      writeFileSync(path.join(gitDir, "info/attributes"), "* filter=evil diff=evil merge=evil\n");
    }),
    victim: ["add", "--all"],
  },
  {
    name: "attributes in a directory below",
    lay: together(config("filter.evil.clean"), ({ fixture, root }) =>
      fixture.write(root, { "sub/.gitattributes": "* filter=evil\n", "sub/x.txt": "x\n" }),
    ),
    victim: ["add", "--all"],
  },
  {
    name: "textconv",
    lay: together(config("diff.evil.textconv"), attributes("* diff=evil\n")),
    victim: ["diff"],
  },
  { name: "an external diff", lay: config("diff.external"), victim: ["diff"] },
  {
    name: "a diff driver",
    lay: together(config("diff.evil.command"), attributes("* diff=evil\n")),
    victim: ["diff"],
  },
  { name: "a merge driver", lay: together(config("merge.evil.driver"), attributes("* merge=evil\n")) },
  { name: "core.sshCommand", lay: config("core.sshCommand"), victim: ["ls-remote", "ssh://127.0.0.1:1/x"] },
  {
    name: "a credential helper",
    lay: ({ evil, ...ground }) => config("credential.helper", `!${evil}`)({ evil, ...ground }),
    victim: ["credential", "fill"],
  },
  { name: "core.askPass", lay: config("core.askPass") },
  { name: "core.pager", lay: config("core.pager") },
  { name: "core.editor", lay: config("core.editor") },
  { name: "core.gitProxy", lay: config("core.gitProxy"), victim: ["ls-remote", "git://127.0.0.1:1/x"] },
  {
    name: "an alias",
    lay: ({ evil, ...ground }) => config("alias.st", `!${evil}`)({ evil, ...ground }),
    victim: ["st"],
  },
  {
    name: "include.path",
    lay: together(
      ({ root, evil }) => {
        writeFileSync(path.join(root, "more.cfg"), `[core]\n\tfsmonitor = ${evil}\n`);
      },
      config("include.path", "../more.cfg"),
    ),
    victim: ["status"],
  },
  {
    name: "includeIf",
    lay: together(
      ({ root, evil }) => {
        writeFileSync(path.join(root, "more.cfg"), `[core]\n\tfsmonitor = ${evil}\n`);
      },
      config("includeIf.gitdir:/.path", "../more.cfg"),
    ),
    victim: ["status"],
  },
  {
    name: "the configuration of a worktree",
    lay: together(config("extensions.worktreeConfig", "true"), ({ gitDir, evil }) => {
      execFileSync("git", ["config", "--file", path.join(gitDir, "config.worktree"), "core.fsmonitor", evil]);
    }),
    victim: ["status"],
  },
  {
    name: "a .git file that leads elsewhere",
    lay: ({ fixture, root, gitDir, evil }) => {
      const elsewhere = path.join(root, "elsewhere");
      execFileSync("mv", [gitDir, elsewhere]);
      writeFileSync(path.join(root, ".git"), "gitdir: elsewhere\n");
      config("core.fsmonitor")({ fixture, root, gitDir: elsewhere, evil });
    },
    victim: ["status"],
  },
  {
    name: "a .git that is a link",
    lay: ({ fixture, root, gitDir, evil }) => {
      const elsewhere = path.join(root, "elsewhere");
      execFileSync("mv", [gitDir, elsewhere]);
      symlinkSync("elsewhere", path.join(root, ".git"));
      config("core.fsmonitor")({ fixture, root, gitDir: elsewhere, evil });
    },
    victim: ["status"],
  },
  {
    name: "core.worktree",
    lay: together(config("core.worktree", "/"), config("core.fsmonitor")),
    victim: ["status"],
  },
  { name: "a nested repository", lay: (ground) => nested(ground, "inner"), victim: ["-C", "inner", "status"] },
  { name: "a nested bare repository", lay: bare, victim: ["-C", "vendor/inner", "status"] },
  { name: "uploadpack.packObjectsHook", lay: config("uploadpack.packObjectsHook") },
  { name: "gpg.program", lay: together(config("gpg.program"), config("commit.gpgSign", "true")) },
  { name: "sequence.editor and interactive.diffFilter", lay: config("interactive.diffFilter") },
  {
    name: "url.insteadOf with a transport helper",
    lay: ({ evil, ...ground }) => config(`url.ext::${evil} .insteadOf`, "https://")({ evil, ...ground }),
  },
  { name: "protocol.allow", lay: together(config("protocol.allow", "always"), config("protocol.ext.allow", "always")) },
  {
    name: "alternates of another repository",
    lay: ({ fixture, gitDir }) => {
      mkdirSync(path.join(gitDir, "objects/info"), { recursive: true });
      writeFileSync(path.join(gitDir, "objects/info/alternates"), `${path.join(fixture.root, "secret.git/objects")}\n`);
      writeFileSync(path.join(gitDir, "objects/info/http-alternates"), "http://127.0.0.1:1/\n");
    },
  },
  {
    name: "an index that is a link",
    lay: ({ fixture, gitDir }) => {
      rmSync(path.join(gitDir, "index"), { force: true });
      symlinkSync(path.join(fixture.root, "secret/key.txt"), path.join(gitDir, "index"));
    },
  },
  {
    name: ".gitmodules with commands",
    lay: ({ fixture, root }) =>
      fixture.write(root, {
        ".gitmodules":
          '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c id\n\tupdate = !touch EXECUTED\n[submodule "../../y"]\n\tpath = -x\n\turl = -u./evil\n',
      }),
  },
];
