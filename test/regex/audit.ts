/**
 * FUZ-9: whatever a regular expression of the sources is given, it takes no time to speak of: `node test/regex/audit.ts`.
 * Each is examined by recheck, with its native program, offline. One for which that knows an attack (it takes repetition
 * with a bound for a polynomial, too) is tried on 100 KB of it, which may take 50 ms. Ends with `N passed, N failed`, and
 * for each that failed with its place and the attack.
 */
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { type FoundRegex, regexesIn } from "./regexesIn.ts";

process.env["RECHECK_BACKEND"] ??= "native";
const { check } = await import("recheck");

/** Made from what a person types, escaped: nothing in it repeats. */
const escaped = new Set(["extension/session/log/logSearch.ts"]);
const timeoutMs = 60_000;
const attackLength = 100_000;
const mostMs = 50;

const root = path.resolve("src");
const places = new Map<string, string>();
const problems: string[] = [];

for (const file of readdirSync(root, { recursive: true, encoding: "utf8" })) {
  if (!/\.tsx?$/.test(file)) continue;
  const found = regexesIn(readFileSync(path.join(root, file), "utf8"), file);
  for (const { line, literal } of found) {
    if (literal) places.set(`/${literal.source}/${literal.flags}`, `src/${file}:${line}`);
  }
  if (!escaped.has(file)) await addMade(file, found);
}

/** Those that a module makes when it is loaded. */
async function addMade(file: string, found: readonly FoundRegex[]): Promise<void> {
  const made = found.filter(({ literal }) => literal === undefined);
  if (made.length === 0) return;
  const Plain = RegExp;
  const recorded: string[] = [];
  globalThis.RegExp = new Proxy(Plain, {
    construct: (target, args: ConstructorParameters<typeof RegExp>) => {
      const regex = new target(...args);
      recorded.push(String(regex));
      return regex;
    },
  });
  await import(pathToFileURL(path.join(root, file)).href);
  globalThis.RegExp = Plain;
  for (const regex of recorded) places.set(regex, `src/${file}:${made[0]?.line ?? 1}`);
  if (recorded.length < made.length) problems.push(`src/${file}: makes expressions where they can't be examined`);
}

const left = Array.from(places);
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [regex, place] = next;
      const problem = await problemOf(regex);
      if (problem !== undefined) problems.push(`${place}: ${regex}\n  ${problem}`);
    }
  }),
);
console.log(problems.join("\n"));
console.log(`${places.size - problems.length} passed, ${problems.length} failed`);
// The program that examines them would stay.
process.exit(problems.length === 0 ? 0 : 1);

async function problemOf(regex: string): Promise<string | undefined> {
  const end = regex.lastIndexOf("/");
  const result = await check(regex.slice(1, end), regex.slice(end + 1), { timeout: timeoutMs });
  if (result.status === "safe") return undefined;
  if (result.status === "unknown") return `not examined: ${result.error.kind}`;
  const { complexity, attack } = result;
  const told = `${complexity.summary}: ${attack.pattern}`;
  if (complexity.type === "exponential") return told;
  const ms = timeOf(new RegExp(regex.slice(1, end), regex.slice(end + 1)), attackText(attack));
  return ms <= mostMs ? undefined : `${told}; ${Math.round(ms)} ms for 100 KB`;
}

type Attack = Extract<Awaited<ReturnType<typeof check>>, { status: "vulnerable" }>["attack"];

function attackText({ pumps, suffix }: Attack): string {
  const share = attackLength / Math.max(1, pumps.length);
  const repeated = pumps.map(({ prefix, pump }) => prefix + pump.repeat(Math.ceil(share / Math.max(1, pump.length))));
  return repeated.join("") + suffix;
}

/** The quickest of a few: what else the machine does is not its fault. A slow one is tried once. */
function timeOf(regex: RegExp, text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5 && best > mostMs / 5 && (round === 0 || best < mostMs * 10); round += 1) {
    const before = performance.now();
    regex.lastIndex = 0;
    // With the flag `g` every place in the text is a beginning.
    text.replace(regex, "");
    best = Math.min(best, performance.now() - before);
  }
  return best;
}
