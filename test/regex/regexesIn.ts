import { parseAst } from "vitest/node";
import { isRecord } from "../../src/base/isRecord.ts";

export interface FoundRegex {
  readonly line: number;
  /** Absent for one that is made from values. */
  readonly literal?: { readonly source: string; readonly flags: string };
}

/** The regular expressions of a TypeScript source: literals, and where others are made. */
export function regexesIn(text: string, file: string): readonly FoundRegex[] {
  const found: FoundRegex[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (!isRecord(node)) return;
    const start = typeof node["start"] === "number" ? node["start"] : 0;
    const line = () => text.slice(0, start).split("\n").length;
    const { regex, callee } = node;
    if (node["type"] === "Literal" && isRecord(regex)) {
      found.push({ line: line(), literal: { source: String(regex["pattern"]), flags: String(regex["flags"]) } });
    }
    const isMade = node["type"] === "NewExpression" || node["type"] === "CallExpression";
    if (isMade && isRecord(callee) && callee["name"] === "RegExp") found.push({ line: line() });
    for (const member of Object.values(node)) if (typeof member === "object") visit(member);
  };
  visit(parseAst(text, { lang: file.endsWith("x") ? "tsx" : "ts" }));
  return found;
}
