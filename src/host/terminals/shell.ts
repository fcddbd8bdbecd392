import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { cleanEnvironment } from "../workspaces/environment.ts";
import { isExecutable } from "../executable.ts";

/** Shells that a person can type into; an account of a service may name `nologin` or `false`. */
const shells = new Set(["bash", "zsh", "fish", "sh", "dash", "ksh", "ash"]);
const fallbacks = ["/bin/bash", "/usr/bin/bash", "/bin/sh"];

/** The shell of the account that runs the host, else bash, else sh. Throws AppError `permission.denied` when there is none. */
export async function findShell(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const own = env["SHELL"] ?? "";
  const isUsable = path.isAbsolute(own) && shells.has(path.basename(own));
  for (const shell of isUsable ? [own, ...fallbacks] : fallbacks) if (await isExecutable(shell)) return shell;
  throw new AppError("permission.denied", "This host can open no terminals: it has no shell. Install bash on it.");
}

/** What agents of the workspace get too, without their keys, and what a program wants to know about its terminal. */
export function shellEnvironment(shell: string, home: string, searchPath: string | undefined): Record<string, string> {
  return { ...cleanEnvironment(home, searchPath), SHELL: shell, TERM: "xterm-256color", COLORTERM: "truecolor" };
}
