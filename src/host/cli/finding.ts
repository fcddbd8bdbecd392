/** One thing that the host needs, and how it was found. */
export interface Finding {
  /** For programs: "git", "agent:codex". */
  readonly check: string;
  /** `warning`: the host works, but not for everything. */
  readonly state: "ok" | "warning" | "missing";
  /** A sentence for a person, with what to do when it is not ok. */
  readonly text: string;
  /** Facts and numbers of this check. */
  readonly details?: Readonly<Record<string, unknown>>;
}
