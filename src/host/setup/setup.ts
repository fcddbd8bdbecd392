import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import { repositoryKey } from "../../protocol/uris.ts";
import type { GitCli } from "../workspaces/gitCli.ts";
import { SETUP_REF } from "../workspaces/refs.ts";
import type { RepositoriesConfig } from "../workspaces/repositoriesConfig.ts";
import type { WorkspacePaths } from "../workspaces/workspace.ts";

/** How a workspace is prepared, and the variables that its programs get. */
export interface Setup {
  /** Text for `sh`. */
  readonly script: string | undefined;
  readonly source: "configuration" | "repository";
  readonly env: Readonly<Record<string, string>>;
}

export interface SetupRules {
  readonly config: Pick<RepositoriesConfig, "setup" | "setupFromRepository">;
  /** The host's own environment, of which the configuration may name variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export const noSetupRules: SetupRules = { config: { setup: {}, setupFromRepository: false }, env: {} };

const scriptPath = ".muster/setup.sh";
const environmentPath = ".muster/environment.json";
const maxScriptBytes = 100_000;
const maxEnvironmentBytes = 100_000;

const EnvironmentFile = z.looseObject({ env: z._default(z.record(z.string(), z.string()), {}) });

/**
 * From the host's configuration, else from the commit that the trusted git directory pins for it: the base branch's, and
 * where that is an agent's own branch, the default branch's. Nothing that an agent wrote is read. The configuration may
 * hand on variables of the host; the repository can't.
 * Throws `setup.failed` for an environment that can't be used.
 */
export async function readSetup(
  git: GitCli,
  { paths, repository }: { readonly paths: WorkspacePaths; readonly repository: string },
  { config, env }: SetupRules,
): Promise<Setup> {
  const named = config.setup[repositoryKey(repository)] ?? config.setup["*"];
  const own = config.setupFromRepository ? await readFiles(git, paths.gitDir) : {};
  const fromFile = expanded(parseEnvironment(own.environment), environmentPath, placeholders(paths));
  const fromConfig = expanded(named?.env ?? {}, "repositories.setup", {
    ...placeholders(paths),
    ...hostVariables(env),
  });
  const isConfigured = named?.script !== undefined;
  return {
    script: named?.script ?? own.script,
    source: isConfigured ? "configuration" : "repository",
    env: { ...fromFile, ...fromConfig },
  };
}

/** One call for both; neither need be there. */
async function readFiles(git: GitCli, gitDir: string): Promise<{ script?: string; environment?: string }> {
  const [script, environment] = await Promise.all([
    readBlob(git, gitDir, scriptPath, maxScriptBytes),
    readBlob(git, gitDir, environmentPath, maxEnvironmentBytes),
  ]);
  return { ...(script !== undefined && { script }), ...(environment !== undefined && { environment }) };
}

/** A link is no script: only what is a file in the tree is read. */
async function readBlob(git: GitCli, gitDir: string, file: string, maxBytes: number): Promise<string | undefined> {
  const listing = await git.run({ gitDir, args: ["ls-tree", "-z", "-l", SETUP_REF, file], accept: [128] });
  const [, oid, size] = /^100(?:644|755) blob ([0-9a-f]+) +(\d+)\t/.exec(listing.stdout.toString("latin1")) ?? [];
  if (oid === undefined) return undefined;
  if (Number(size) > maxBytes) throw unusable(`${file} is larger than ${maxBytes / 1_000} KB`);
  return (await git.run({ gitDir, args: ["cat-file", "blob", oid] })).stdout.toString("utf8");
}

function parseEnvironment(text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined) return {};
  try {
    const parsed = EnvironmentFile.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data.env;
  } catch {
    // Falls through to the refusal.
  }
  throw unusable(`${environmentPath} is not of the form {"env": {"NAME": "value"}}`);
}

type Placeholders = Readonly<Record<string, string | undefined>>;

const placeholders = ({ home, root }: WorkspacePaths): Placeholders => ({ home, workspace: root });

function hostVariables(env: Readonly<Record<string, string | undefined>>): Placeholders {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [`env:${name}`, value]));
}

/** What decides where programs and the host's own marks are is not for a repository to set. */
const reserved = /^(?:PATH|HOME|TMPDIR|IFS|ENV|BASH_ENV|SHELLOPTS|LD_.*|MUSTER_.*)$/;

function expanded(env: Readonly<Record<string, string>>, where: string, values: Placeholders): Record<string, string> {
  const entries = Object.entries(env).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,199}$/.test(name) || reserved.test(name) || value.includes("\0")) {
      throw unusable(`the variable ${JSON.stringify(name.slice(0, 80))} in ${where} can't be set`);
    }
    const text = value.replaceAll(/\$\{([A-Za-z_:][A-Za-z0-9_:]*)\}/g, (_whole, key: string) => {
      const found = Object.hasOwn(values, key) ? values[key] : undefined;
      if (found === undefined) throw unusable(`"\${${key}}" in ${where} is not known here`);
      return found;
    });
    return [name, text] as const;
  });
  return Object.fromEntries(entries);
}

function unusable(what: string): AppError {
  return new AppError("setup.failed", `The workspace can't be set up: ${what}. Correct it and resume.`);
}
