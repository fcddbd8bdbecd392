import { readFileSync } from "node:fs";
import path from "node:path";
import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  parseTree,
  type ParseError,
  printParseErrorCode,
} from "jsonc-parser";
import { en } from "zod/locales";
import { AppError } from "../base/appError.ts";
import { HostConfig } from "./config.ts";
import { unknownMembers } from "./configSchema.ts";
import { systemReason } from "./systemReason.ts";
import { UnknownAgent, withWellKnownAgents } from "./providers/acp/wellKnownAgents.ts";

/** A configuration, and what is in its file that the host does not know: one sentence each, with the line. */
export interface ReadConfig {
  readonly config: HostConfig;
  readonly warnings: readonly string[];
}

const maxProblems = 10;

/**
 * Reads JSON with comments. Throws AppError `request.invalid` that names the file, line and column, the member, and what
 * is allowed there. Without a file everything is as by default.
 */
export function readConfig(file: string | undefined): ReadConfig {
  if (file === undefined) return { config: HostConfig.parse({}), warnings: [] };
  return parseConfig(readText(file), file);
}

export function parseConfig(text: string, file: string): ReadConfig {
  const places = new Places(text, file);
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined || tree === undefined) {
    const what = error === undefined ? "it is empty" : wordsOf(printParseErrorCode(error.error));
    throw invalid([`${places.at(error?.offset ?? 0)}: the configuration is not JSON: ${what}.`]);
  }
  const value: unknown = getNodeValue(tree);
  const parsed = HostConfig.safeParse(withUsedAgents(value, tree, places), { error: en().localeError });
  if (!parsed.success) {
    throw invalid(
      parsed.error.issues.slice(0, maxProblems).map((issue) => {
        const member = issue.path.join(".") || "the file";
        return `${places.of(tree, issue.path)}: ${member} is not valid: ${issue.message}.`;
      }),
    );
  }
  const config = parsed.data;
  const problems = [...twiceTheSame(config, tree, places), ...relativePaths(config, tree, places)];
  if (problems.length > 0) throw invalid(problems);
  const warnings = unknownMembers(value).map(({ path, meant }) => {
    const hint = meant === undefined ? "" : ` Did you mean "${meant}"?`;
    return `${places.of(tree, path)}: ${path.join(".")} is not known and is ignored.${hint}`;
  });
  return { config, warnings };
}

function invalid(problems: readonly string[]): AppError {
  return new AppError("request.invalid", problems.join("\n"));
}

function twiceTheSame(config: HostConfig, tree: Node, places: Places): string[] {
  const ids = config.agents.map((agent) => agent.id);
  const index = ids.findIndex((id, at) => ids.indexOf(id) !== at);
  if (index === -1) return [];
  return [`${places.of(tree, ["agents", index])}: two agents have the id "${ids[index] ?? ""}".`];
}

function relativePaths(config: HostConfig, tree: Node, places: Places): string[] {
  return config.repositories.allowLocal.flatMap((directory, index) => {
    if (path.isAbsolute(directory)) return [];
    const at = places.of(tree, ["repositories", "allowLocal", index]);
    return [`${at}: repositories.allowLocal holds "${directory}", which is no absolute path.`];
  });
}

/** What is no object is left for the schema to refuse. */
function withUsedAgents(value: unknown, tree: Node, places: Places): unknown {
  if (typeof value !== "object" || value === null || !("agents" in value)) return value;
  try {
    return { ...value, agents: withWellKnownAgents(value.agents) };
  } catch (error) {
    if (!(error instanceof UnknownAgent)) throw error;
    throw invalid([`${places.of(tree, error.path)}: ${error.message}.`]);
  }
}

/** `file:line:column`, as editors and terminals open it. */
class Places {
  readonly #text: string;
  readonly #file: string;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  at(offset: number): string {
    const before = this.#text.slice(0, offset);
    const line = before.split("\n").length;
    return `${this.#file}:${line}:${offset - before.lastIndexOf("\n")}`;
  }

  /** Of the member, or of the nearest that holds it: what is missing has no place of its own. */
  of(tree: Node, members: readonly PropertyKey[]): string {
    const names = members.filter((member) => typeof member !== "symbol");
    for (let length = names.length; length > 0; length -= 1) {
      const node = findNodeAtLocation(tree, names.slice(0, length));
      if (node !== undefined) return this.at(node.parent?.type === "property" ? node.parent.offset : node.offset);
    }
    return this.at(tree.offset);
  }
}

/** "CommaExpected" as "comma expected". */
function wordsOf(code: string): string {
  return code.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new AppError("request.invalid", `The configuration ${file} could not be read: ${systemReason(error)}.`, {
      cause: error,
    });
  }
}
