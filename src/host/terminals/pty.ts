import type { SpawnPlan } from "../isolation/isolation.ts";

export interface PtySize {
  /** Characters a line. */
  readonly cols: number;
  /** Lines. */
  readonly rows: number;
}

export interface PtyRequest extends PtySize {
  readonly plan: SpawnPlan;
  /** A value unique to this terminal that all its processes carry in their environment. */
  readonly marker: string;
}

/** What becomes of a pseudo-terminal, in this order: any number of `data`, then `exited` once. */
export interface PtyEvents {
  /** Bytes as the programs wrote them; a character may be split between two calls. */
  data(bytes: Buffer): void;
  /** The first process is gone and everything that it wrote has been told. Undefined when nobody knows the code. */
  exited(exitCode: number | undefined): void;
}

/** A program on a pseudo-terminal of its own. After its end every call but `end` does nothing. */
export interface Pty {
  write(text: string): void;
  resize(size: PtySize): void;
  /** So many more bytes of `data` are dealt with. Only a window of others is on its way; beyond it the programs wait. */
  acknowledge(bytes: number): void;
  /** Hangs up, then kills: the program and all that it started. Resolves when nothing is left. */
  end(): Promise<void>;
}

/** Where pseudo-terminals come from. */
export interface PtySpawner {
  /**
   * Nothing is told to `events` before the promise has settled and whoever waited for it has run. Rejects with AppError
   * `permission.denied` where this host can open none, with a sentence that says why.
   */
  spawn(request: PtyRequest, events: PtyEvents): Promise<Pty>;
}
