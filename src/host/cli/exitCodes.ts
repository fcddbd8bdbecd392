/** With which codes `muster-host` ends; docs/operations.md has the table for people. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** Called wrongly, or configured wrongly: another start will not help. */
  usage: 2,
  /** Stopped as asked, but something was left behind: agents that did not end, or the person asked twice. */
  hurried: 3,
} as const;
