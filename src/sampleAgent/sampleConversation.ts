import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import * as z from "zod/mini";

const ConversationRecord = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("session"), cwd: z.string() }),
  z.object({ kind: z.literal("title"), title: z.string() }),
  z.object({ kind: z.literal("user"), text: z.string() }),
  z.object({ kind: z.literal("agent"), text: z.string() }),
  z.object({ kind: z.literal("edited"), file: z.string() }),
  z.object({ kind: z.literal("allowed"), command: z.string() }),
]);
export type ConversationRecord = z.infer<typeof ConversationRecord>;

/**
 * What the sample agent remembers of one session, as JSON lines in a file. Each record is on disk before the call
 * returns, so a process that is killed in the middle of a turn comes back with everything it had said.
 */
export class SampleConversation {
  readonly #file: string;
  readonly #records: ConversationRecord[];

  private constructor(file: string, records: ConversationRecord[]) {
    this.#file = file;
    this.#records = records;
  }

  /** @param directory where conversations are kept; made if missing */
  static create(directory: string, sessionId: string, cwd: string): SampleConversation {
    mkdirSync(directory, { recursive: true });
    const conversation = new SampleConversation(fileOf(directory, sessionId), []);
    conversation.add({ kind: "session", cwd });
    return conversation;
  }

  /** `undefined` when this agent has no such session. A half-written last line (a kill during a write) is left out. */
  static load(directory: string, sessionId: string): SampleConversation | undefined {
    const file = fileOf(directory, sessionId);
    if (!existsSync(file)) return undefined;
    const records = readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line) => {
        const parsed = ConversationRecord.safeParse(parseLine(line));
        return parsed.success ? [parsed.data] : [];
      });
    return new SampleConversation(file, records);
  }

  get records(): readonly ConversationRecord[] {
    return this.#records;
  }

  get title(): string | undefined {
    return this.#records.findLast((record) => record.kind === "title")?.title;
  }

  get editedFiles(): readonly string[] {
    const files = this.#records.flatMap((record) => (record.kind === "edited" ? [record.file] : []));
    return [...new Set(files)];
  }

  /** Characters said by both sides, from which the sample usage numbers are made. */
  get characters(): number {
    return this.#records.reduce((sum, record) => sum + ("text" in record ? record.text.length : 0), 0);
  }

  isAllowed(command: string): boolean {
    return this.#records.some((record) => record.kind === "allowed" && record.command === command);
  }

  add(record: ConversationRecord): void {
    this.#records.push(record);
    appendFileSync(this.#file, `${JSON.stringify(record)}\n`);
  }
}

function fileOf(directory: string, sessionId: string): string {
  return path.join(directory, `${path.basename(sessionId)}.jsonl`);
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
