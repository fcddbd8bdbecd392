import * as z from "zod/mini";

/**
 * The status of a session or a chat is a bit set: one activity in the low five bits, flags above. Bits that this
 * version does not know are kept as they are.
 */
export const Status = z.number();
export type Status = z.infer<typeof Status>;

export const STATUS = {
  idle: 1,
  error: 2,
  inProgress: 8,
  /** In progress, and waiting for a person: 16 never stands alone. */
  inputNeeded: 24,
  isRead: 32,
  isArchived: 64,
} as const;

const activityMask = 31;
const inputNeededBit = 16;

/** JavaScript's bit operators see 32 bits, as a signed number: the status keeps its others, and stays positive. */
function withBits(status: Status, bits: number): Status {
  return status - (status >>> 0) + (bits >>> 0);
}

export function withActivity(status: Status, activity: Status): Status {
  return withBits(status, (status & ~activityMask) | activity);
}

export function withFlag(status: Status, flag: Status, on: boolean): Status {
  return withBits(status, on ? status | flag : status & ~flag);
}

/** The wait ends, the work goes on: in progress stays set. */
export function withoutInputNeeded(status: Status): Status {
  return withBits(status, status & ~inputNeededBit);
}

export const activityOf = (status: Status): Status => status & activityMask;
export const needsInput = (status: Status): boolean => (status & inputNeededBit) !== 0;
export const isInProgress = (status: Status): boolean => (status & STATUS.inProgress) !== 0;
export const isFailed = (status: Status): boolean => (status & STATUS.error) !== 0;
export const isRead = (status: Status): boolean => (status & STATUS.isRead) !== 0;
export const isArchived = (status: Status): boolean => (status & STATUS.isArchived) !== 0;
