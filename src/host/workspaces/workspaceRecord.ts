import { readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod/mini";

/** Written last, so a directory without it is a leftover of an attempt that did not come to its end. */
const recordName = "workspace.json";

const WorkspaceRecord = z.looseObject({
  version: z.literal(1),
  sessionId: z.string(),
  repository: z.string(),
  branch: z.string(),
  baseBranch: z.string(),
  baseCommit: z.string(),
});
export type WorkspaceRecord = z.infer<typeof WorkspaceRecord>;

export async function writeRecord(directory: string, record: WorkspaceRecord): Promise<void> {
  const file = path.join(directory, recordName);
  await writeFile(`${file}.next`, JSON.stringify(record), { mode: 0o600 });
  await rename(`${file}.next`, file);
}

/** Undefined when there is none, or none that can be read. */
export async function readRecord(directory: string): Promise<WorkspaceRecord | undefined> {
  try {
    const parsed = z.safeParse(WorkspaceRecord, JSON.parse(await readFile(path.join(directory, recordName), "utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

export async function removeRecord(directory: string): Promise<void> {
  await rm(path.join(directory, recordName), { force: true });
}
