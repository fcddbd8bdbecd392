import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { silentLogger } from "../../base/logger.ts";
import { Channels } from "../channels/channels.ts";
import type { EventLog } from "../log/log.ts";
import type { Redactor } from "../logging/redactor.ts";
import { agentLogUri } from "../sessions/agentLogChannel.ts";
import { GitCli } from "../workspaces/gitCli.ts";
import type { TarFile } from "./tar.ts";

export interface BundleRequest {
  readonly log: EventLog;
  readonly dataDir: string;
  readonly sessionId: string;
  /** The session's channels. */
  readonly channels: readonly string[];
  /** The host's own log, as it was written to standard error. */
  readonly logFile: string | undefined;
  /** Also what the agent changed in its files. */
  readonly withFiles: boolean;
  /** Everything goes through it. */
  readonly redactor: Redactor;
  /** Facts about the host: versions, configuration, what the doctor found. */
  readonly facts: Readonly<Record<string, unknown>>;
}

const maxLogLines = 20_000;

/** What somebody needs to find out what went wrong with one session, fit to be handed on. The first file lists the others. */
export async function debugBundle(request: BundleRequest): Promise<readonly TarFile[]> {
  const { redactor, facts } = request;
  const notes: string[] = [];
  const json = (value: unknown) => `${JSON.stringify(redactor.value(value), undefined, 2)}\n`;
  const files: TarFile[] = [
    ...Object.entries(facts).map(([name, value]) => ({ name: `${name}.json`, content: json(value) })),
    ...(await channelFiles(request, notes)),
    { name: "git.txt", content: redactLines(redactor, await gitFacts(request)) },
    { name: "host.log", content: await ownLines(request, notes) },
  ];
  const contents = {
    session: request.sessionId,
    hidden: "Credentials are replaced by [redacted]. Prompts, answers and outputs of the session are in it.",
    files: files.map(({ name, content }) => {
      const sha256 = createHash("sha256").update(content).digest("hex");
      return { name, bytes: Buffer.byteLength(content), sha256 };
    }),
    notes,
  };
  return [{ name: "contents.json", content: json(contents) }, ...files];
}

/** The state of each channel and the actions that led to it. */
async function channelFiles(
  { log, channels: uris, sessionId, redactor }: BundleRequest,
  notes: string[],
): Promise<TarFile[]> {
  const channels = new Channels({ log, logger: silentLogger });
  const files: TarFile[] = [];
  for (const [index, uri] of uris.entries()) {
    const name = `channels/${String(index + 1).padStart(2, "0")}`;
    try {
      const isThere = await channels.load(uri);
      const snapshot = isThere ? channels.snapshot(uri) : undefined;
      const state = redactor.value({ channel: uri, kind: channels.kindOf(uri), ...snapshot });
      files.push({ name: `${name}.state.json`, content: `${JSON.stringify(state, undefined, 1)}\n` });
      if (uri === agentLogUri(sessionId))
        files.push({ name: "agent.log", content: terminalText(redactor, snapshot?.state) });
      const lines: string[] = [];
      for await (const { seq, time, body } of log.read({ after: 0, channel: uri })) {
        const at = new Date(time).toISOString();
        lines.push(JSON.stringify({ seq, at, record: redactor.value(JSON.parse(body)) }));
      }
      files.push({ name: `${name}.records.jsonl`, content: `${lines.join("\n")}\n` });
    } catch (error) {
      notes.push(`${uri} could not be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  channels.dispose();
  return files;
}

function terminalText(redactor: Redactor, state: unknown): string {
  const { content = [] } = (state ?? {}) as { content?: readonly { readonly value?: string }[] };
  return redactLines(redactor, content.map(({ value = "" }) => value).join(""));
}

/** The session's trusted git directory from outside, as the host itself reads it: nothing that the agent wrote is run. */
async function gitFacts({ dataDir, sessionId, withFiles }: BundleRequest): Promise<string> {
  const directory = path.join(dataDir, "sessions", sessionId);
  const [gitDir, workTree] = [path.join(directory, "git"), path.join(directory, "workspace")];
  if (!existsSync(gitDir)) return "There is no workspace.\n";
  const git = new GitCli({ path: process.env["PATH"] ?? "", home: path.join(dataDir, "run", "home") });
  const commands = [
    ["for-each-ref", "--format=%(objectname) %(committerdate:iso-strict) %(refname)"],
    ["log", "--all", "--no-decorate", "--format=%h %cI %s", "-n", "200"],
    ["count-objects", "-v"],
    ["status", "--porcelain=v2", "--branch", "--no-renames"],
    ...(withFiles ? [["diff", "--no-ext-diff", "--no-textconv", "HEAD"]] : []),
  ];
  const parts: string[] = [];
  for (const args of commands) {
    const place = existsSync(workTree) ? { gitDir, workTree } : { gitDir };
    const output = await git.text({ args, ...place, timeoutMs: 30_000 }).catch((error: unknown) => String(error));
    parts.push(`$ git ${args.join(" ")}\n${output}\n`);
  }
  return parts.join("\n");
}

/** Of the host's log what concerns the session: by its id, wherever it stands. */
async function ownLines({ logFile, sessionId, redactor }: BundleRequest, notes: string[]): Promise<string> {
  if (logFile === undefined) {
    notes.push("host.log is empty: the host writes its log to standard error. Name a file that holds it with --log.");
    return "";
  }
  const lines: string[] = [];
  for await (const line of createInterface({ input: createReadStream(logFile) })) {
    if (line.includes(sessionId)) lines.push(redactor.text(line));
    if (lines.length > maxLogLines) lines.shift();
  }
  return `${lines.join("\n")}\n`;
}

function redactLines(redactor: Redactor, text: string): string {
  return text
    .split("\n")
    .map((line) => redactor.text(line))
    .join("\n");
}
