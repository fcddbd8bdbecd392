const ofSystem: Readonly<Record<string, string>> = {
  EACCES: "permission denied. Run this as the user to whom it belongs, or correct its rights",
  EPERM: "permission denied. Run this as the user to whom it belongs, or correct its rights",
  ENOENT: "there is no such file or directory",
  ENOTDIR: "a file is where a directory should be",
  EEXIST: "there is a file of this name already",
  EISDIR: "it is a directory",
  ENOSPC: "the disk is full. Free some space, then try again",
  EDQUOT: "the disk quota is used up. Free some space, then try again",
  EROFS: "the file system is read-only",
  EMFILE: "too many files are open. Raise the limit of open files",
};

/** By SQLite's extended result code, or its primary one. */
const ofDatabase: Readonly<Record<number, string>> = {
  8: "the file system or the file is read-only",
  10: "the disk fails, or is full. Look at its free space and at the messages of the kernel",
  13: "the disk is full. Free some space, then try again",
  14: "this account may not open it. Run this as the user to whom it belongs",
  26: "the file is no log. Put one from a backup in its place",
  // No room for the index of the write-ahead log.
  4874: "the disk is full. Free some space, then try again",
};

/**
 * Why the operating system or the database refused, in words that end a sentence (without its period); of any other error
 * its message.
 */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const result = resultCode(error);
  if (result !== undefined) return ofDatabase[result] ?? ofDatabase[result & 0xff] ?? error.message;
  return ofSystem["code" in error ? String(error.code) : ""] ?? error.message;
}

/** SQLite's extended result code, of an error of `node:sqlite`. */
export function resultCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode : undefined;
}
