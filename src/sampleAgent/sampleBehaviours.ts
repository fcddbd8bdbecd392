import { once } from "node:events";
import { RequestError } from "@agentclientprotocol/sdk";
import {
  describeLayout,
  type RepositoryFiles,
  surveyRepository,
  withSection,
  writeContributing,
  writeLinkTest,
  writeSourceNotes,
} from "./sampleRepository.ts";
import type { SampleTurn } from "./sampleTurn.ts";

export type Behaviour = (turn: SampleTurn) => Promise<void>;

/**
 * First match wins, so the rarer words come first. "crash" and "fail" count only as an order ("Crash …", "please fail",
 * "… then crash"), because people ask about crashes and failing tests.
 */
const BEHAVIOURS: readonly { readonly words: RegExp; readonly behaviour: Behaviour }[] = [
  { words: /(?:^|\b(?:please|then|and|to) )crash\b/i, behaviour: crash },
  { words: /(?:^|\b(?:please|then|and|to) )fail\b/i, behaviour: fail },
  { words: /what did you|\bremember\b/i, behaviour: recall },
  { words: /\bask\b|\bpermission\b/i, behaviour: askPermission },
  { words: /\bwait\b|\buntil (?:I|you|it)\b.{0,40}\bstop/i, behaviour: waitUntilStopped },
  { words: /\bfinish\b|\bquick(?:ly)?\b/i, behaviour: finishQuickly },
  { words: /\bwork/i, behaviour: workForAWhile },
];

/** What the sample agent does for a prompt; without a word that it knows, it makes a short useful edit. */
export function chooseBehaviour(prompt: string): Behaviour {
  return BEHAVIOURS.find(({ words }) => words.test(prompt))?.behaviour ?? finishQuickly;
}

/** First line of the prompt, cut at a word near 60 characters. */
export function titleOf(prompt: string): string {
  const line = prompt.trim().split("\n")[0] ?? "";
  if (line.length <= 60) return line === "" ? "Sample agent" : line;
  return `${line
    .slice(0, 60)
    .replace(/\s\S*$/, "")
    .trimEnd()}…`;
}

async function finishQuickly(turn: SampleTurn): Promise<void> {
  await turn.say("I'll describe how the repository is laid out, so that newcomers find their way.");
  const files = await surveyRepository(turn.cwd);
  await editReadme(turn, files);
  await turn.write("CONTRIBUTING.md", writeContributing(await turn.read("CONTRIBUTING.md"), files));
  await turn.say(`Done. The layout is in ${files.readme} and CONTRIBUTING.md says how to check a change.`);
}

const WORK_PLAN = [
  "Read the README and the manifest",
  "Describe the project layout",
  "Check the README's links by a test",
  "Review the sources, file by file",
  "Write down what the review found",
] as const;

async function workForAWhile(turn: SampleTurn): Promise<void> {
  const files = await surveyRepository(turn.cwd);
  await turn.plan(WORK_PLAN, 0);
  await turn.think(`The repository has ${files.all.length} files, ${files.sources.length} of them source files.`);
  await turn.say("I'll start by reading what the project says about itself.");
  await turn.read("package.json");
  await turn.plan(WORK_PLAN, 1);
  await editReadme(turn, files);
  await turn.usage();
  await turn.plan(WORK_PLAN, 2);
  await turn.say("The README links to files of the repository. A test keeps those links alive.");
  const linkTest = `${files.testFolder}/readmeLinks.test.mjs`;
  await turn.write(linkTest, writeLinkTest(files));
  const exitCode = await turn.run("node", ["--test", linkTest]);
  await turn.say(exitCode === 0 ? "The links are fine." : "The test found a broken link; the output above names it.");
  await turn.plan(WORK_PLAN, 3);
  const notes = await reviewSources(turn, files);
  await turn.plan(WORK_PLAN, 4);
  await turn.write("docs/sourceNotes.md", writeSourceNotes(notes));
  await turn.write("CONTRIBUTING.md", writeContributing(await turn.read("CONTRIBUTING.md"), files));
  await turn.plan(WORK_PLAN, WORK_PLAN.length);
  await turn.say("Done. The README, CONTRIBUTING.md, a link test and docs/sourceNotes.md are ready for review.");
}

async function reviewSources(turn: SampleTurn, files: RepositoryFiles): Promise<{ file: string; note: string }[]> {
  const notes: { file: string; note: string }[] = [];
  for (const file of files.sources.slice(0, 24)) {
    const text = (await turn.read(file)) ?? "";
    const lines = text.split("\n");
    const longest = Math.max(...lines.map((line) => line.length));
    const open = lines.filter((line) => /\b(?:TODO|FIXME)\b/.test(line)).length;
    const note = `${lines.length} lines, the longest has ${longest} characters, ${open} open TODOs`;
    notes.push({ file, note });
    await turn.say(`\`${file}\`: ${note}.`);
    await turn.usage();
  }
  return notes;
}

async function askPermission(turn: SampleTurn): Promise<void> {
  await turn.say("Build output doesn't belong in the repository. First I make git ignore it.");
  const ignored = (await turn.read(".gitignore")) ?? "";
  const missing = ["build/", "coverage/"].filter((entry) => !ignored.split("\n").includes(entry));
  const separator = ignored === "" || ignored.endsWith("\n") ? "" : "\n";
  await turn.write(".gitignore", `${ignored}${separator}${missing.map((entry) => `${entry}\n`).join("")}`);
  await turn.say("Then I want to delete what an earlier build has left behind. That can't be undone, so I ask first.");
  const why = "Deletes the folders build and coverage of the workspace.";
  const answer = await turn.runWithPermission("rm", ["-rfv", "build", "coverage"], why);
  if (answer === "rejected") {
    await turn.say("Understood: I left the build output alone. Only .gitignore has changed.");
    return;
  }
  const old = (await turn.read("CONTRIBUTING.md")) ?? "# Contributing\n";
  const advice = "Build output goes to `build/` and `coverage/`. Both are ignored by git; delete them at any time.";
  await turn.write("CONTRIBUTING.md", withSection(old, "Build output", advice));
  await turn.say("Done. The build output is gone, and CONTRIBUTING.md says where it comes from.");
}

async function waitUntilStopped(turn: SampleTurn): Promise<void> {
  await editReadme(turn, await surveyRepository(turn.cwd));
  await turn.say("I changed the README and keep waiting until somebody stops me.");
  turn.signal.throwIfAborted();
  await once(turn.signal, "abort");
  turn.signal.throwIfAborted();
}

async function recall(turn: SampleTurn): Promise<void> {
  const edited = turn.conversation.editedFiles;
  const list = edited.map((file) => `\`${file}\``).join(", ");
  await turn.say(edited.length === 0 ? "I haven't changed anything yet." : `In this conversation I changed ${list}.`);
}

async function crash(turn: SampleTurn): Promise<void> {
  await editReadme(turn, await surveyRepository(turn.cwd));
  await turn.say("Something is about to go badly wrong.");
  process.stderr.write("Sample agent: crashing, as the prompt asked.\n");
  process.exit(70);
}

async function fail(turn: SampleTurn): Promise<void> {
  await turn.say("I'm looking at the repository.");
  throw RequestError.internalError({ details: "The sample agent was asked to fail." }, "The model is not available");
}

async function editReadme(turn: SampleTurn, files: RepositoryFiles): Promise<void> {
  const old = (await turn.read(files.readme)) ?? `# ${files.name}\n`;
  await turn.write(files.readme, withSection(old, "Project layout", describeLayout(files)));
}
