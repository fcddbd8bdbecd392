import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { readConfig } from "../config.ts";
import type { CliOptions } from "./arguments.ts";

interface Finding {
  readonly ok: boolean;
  readonly text: string;
}

/** What the host needs and whether it is there, one line each. Exit code 1 when something that is needed is missing. */
export async function doctor(options: CliOptions, print: (line: string) => void): Promise<number> {
  const config = readConfig(options.config);
  const isolation = options.isolation ?? config.isolation;
  const searchPath = process.env["PATH"] ?? "";
  const findings: Finding[] = [
    { ok: true, text: `Node ${process.version}` },
    await gitFinding(),
    isolationFinding(isolation, searchPath),
    ...config.agents.map(({ displayName, command, env }) => {
      const [program = ""] = command;
      const found = program.includes("${") || findProgram(program, env?.["PATH"] ?? searchPath) !== undefined;
      const text = found
        ? `${displayName}: ${program}`
        : `${displayName}: the command "${program}" was not found. Install it, or correct its "command".`;
      return { ok: found, text };
    }),
  ];
  if (config.agents.length === 0)
    findings.push({ ok: false, text: 'No agents are configured. Name some under "agents" and pass --config FILE.' });
  for (const { ok, text } of findings) print(`${ok ? "ok     " : "MISSING"} ${text}`);
  return findings.every((finding) => finding.ok) ? 0 : 1;
}

async function gitFinding(): Promise<Finding> {
  const version = await new Promise<string | undefined>((resolve) => {
    execFile("git", ["version"], { timeout: 5_000 }, (error, stdout) => resolve(error ? undefined : stdout.trim()));
  });
  return version === undefined
    ? { ok: false, text: "git was not found. Install git 2.39 or later." }
    : { ok: true, text: version };
}

function isolationFinding(isolation: string, searchPath: string): Finding {
  if (isolation === "none") return { ok: true, text: "isolation: none (agents run with your rights)" };
  const found = findProgram("bwrap", searchPath);
  if (found !== undefined) return { ok: true, text: `isolation: ${found}` };
  return { ok: false, text: "isolation: bwrap was not found. Install the package bubblewrap." };
}

function findProgram(program: string, searchPath: string): string | undefined {
  const candidates = program.includes(path.sep)
    ? [program]
    : searchPath.split(path.delimiter).map((directory) => path.join(directory, program));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
