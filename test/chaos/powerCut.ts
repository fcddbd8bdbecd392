import type { Dice } from "../support/dice.ts";
import { DIRECTORY, type DiskCall } from "./diskRecording.ts";

type FileCall = Extract<DiskCall, { readonly file: string }>;

const sector = 512;

type Luck = "nothing" | "everything" | "some" | "torn";

/** Files by name; absent is a file that is not there. */
export type DiskImage = ReadonlyMap<string, Buffer>;

/**
 * What a disk may hold when the power goes after the first `calls`: of each file all that was synced, and of what was
 * written since any part: all, nothing, some calls, half a call, garbage in the place of a sector.
 */
export function diskAfterCut(calls: readonly DiskCall[], dice: Dice): DiskImage {
  const synced = new Map<string, Buffer | undefined>();
  const unsynced = new Map<string, FileCall[]>();
  for (const call of calls) {
    if (call.kind === "told") continue;
    const pending = unsynced.get(call.file) ?? [];
    if (call.kind === "sync" && call.file === DIRECTORY) {
      for (const [file, calls] of unsynced) {
        const removal = calls.findLastIndex((each) => each.kind === "remove");
        if (removal < 0) continue;
        synced.set(file, undefined);
        unsynced.set(file, calls.slice(removal + 1));
      }
    } else if (call.kind === "sync") {
      synced.set(call.file, applied(synced.get(call.file), pending));
      unsynced.delete(call.file);
    } else {
      pending.push(call);
      unsynced.set(call.file, pending);
    }
  }
  const luck = dice.pick<Luck>(["nothing", "everything", "some", "some", "torn"]);
  for (const [file, pending] of unsynced) {
    const survivors = pending.flatMap((call) => survivorOf(call, luck, dice));
    synced.set(file, applied(synced.get(file), survivors));
  }
  return new Map(Array.from(synced).flatMap(([file, bytes]) => (bytes === undefined ? [] : [[file, bytes] as const])));
}

function survivorOf(call: FileCall, luck: Luck, dice: Dice): FileCall[] {
  if (luck === "nothing") return [];
  if (luck === "everything") return [call];
  if (dice.chance(0.5)) return [];
  if (luck === "some" || call.kind !== "write") return [call];
  const bytes = Buffer.from(call.bytes.subarray(0, sector * (1 + dice.below(Math.ceil(call.bytes.length / sector)))));
  if (dice.chance(0.5)) bytes.fill(dice.below(256), Math.max(0, bytes.length - sector));
  return [{ ...call, bytes }];
}

/** The file after these calls; `before` is not touched. */
function applied(before: Buffer | undefined, calls: readonly FileCall[]): Buffer | undefined {
  const longest = calls.reduce((length, call) => Math.max(length, lengthAfter(call)), before?.length ?? 0);
  const bytes = Buffer.alloc(longest);
  before?.copy(bytes);
  let length = before?.length;
  for (const call of calls) {
    if (call.kind === "remove") length = undefined;
    if (call.kind === "truncate") length = resized(bytes, length ?? 0, call.length);
    if (call.kind === "write") {
      length = resized(bytes, length ?? 0, Math.max(length ?? 0, lengthAfter(call)));
      call.bytes.copy(bytes, call.offset);
    }
  }
  return length === undefined ? undefined : bytes.subarray(0, length);
}

/** What lies beyond the end of a file reads as zeros when the file grows over it. */
function resized(bytes: Buffer, from: number, to: number): number {
  bytes.fill(0, Math.min(from, to));
  return to;
}

function lengthAfter(call: FileCall): number {
  if (call.kind === "write") return call.offset + call.bytes.length;
  return call.kind === "truncate" ? call.length : 0;
}
