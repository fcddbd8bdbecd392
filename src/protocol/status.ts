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

/** JavaScript's bit operators are signed; a status with bit 31 set must stay positive. */
const unsigned = (bits: number): number => bits >>> 0;

export function withActivity(status: Status, activity: Status): Status {
  return unsigned((status & ~activityMask) | activity);
}

export function withFlag(status: Status, flag: Status, on: boolean): Status {
  return unsigned(on ? status | flag : status & ~flag);
}

/** The wait ends, the work goes on: in progress stays set. */
export function withoutInputNeeded(status: Status): Status {
  return unsigned(status & ~inputNeededBit);
}

export const activityOf = (status: Status): Status => status & activityMask;
export const needsInput = (status: Status): boolean => (status & inputNeededBit) !== 0;
export const isInProgress = (status: Status): boolean => (status & STATUS.inProgress) !== 0;
export const isFailed = (status: Status): boolean => (status & STATUS.error) !== 0;
export const isRead = (status: Status): boolean => (status & STATUS.isRead) !== 0;
export const isArchived = (status: Status): boolean => (status & STATUS.isArchived) !== 0;
