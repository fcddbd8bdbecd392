/**
 * Places at which a test ends the process, so that a crash there is one that was tried. Each is named by what has just
 * happened, or is about to (`...ing`).
 */
export const FAILPOINTS = [
  "log.writing",
  "log.written",
  "log.synced",
  "log.told",
  "publish.beginning",
  "publish.ended",
  "answer.sending",
  "answer.sent",
  "checkpoint.staged",
  "checkpoint.written",
  "checkpoint.added",
  "restore.begun",
  "restore.filesWritten",
  "restore.recorded",
  "fork.copied",
  "fork.filesWritten",
  "push.intended",
  "push.sent",
  "push.recorded",
] as const;
export type FailpointName = (typeof FAILPOINTS)[number];

/** Called at the place. In production it does nothing. */
export type Failpoint = (name: FailpointName) => void;

export const noFailpoint: Failpoint = () => {};
