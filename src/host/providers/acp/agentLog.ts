import type { Clock } from "../../../base/clock.ts";
import type { Disposable } from "../../../base/disposables.ts";
import { leftOutInWords } from "./outputFlow.ts";
import { cleanText } from "../../workspaces/gitFailure.ts";

const intervalMs = 250;
const maxLog = 256 * 1024;
const maxLine = 2_000;
const maxWaiting = 16 * 1024;

/** What an agent's program writes for its operator, a few times a second and never more than is worth keeping. */
export class AgentLog implements Disposable {
  readonly #clock: Clock;
  readonly #secrets: readonly string[];
  readonly #emit: (data: string) => void;
  #timer: Disposable | undefined;
  #waiting = "";
  #length = 0;
  #leftOut = 0;
  #partial = "";

  constructor(clock: Clock, secrets: readonly string[], emit: (data: string) => void) {
    this.#clock = clock;
    this.#secrets = secrets;
    this.#emit = emit;
  }

  /** Text as it comes, in any pieces. */
  write(text: string): void {
    const lines = (this.#partial + text).split(/\r\n|[\r\n]/);
    this.#partial = (lines.pop() ?? "").slice(0, maxLine);
    for (const line of lines) this.#line(line);
  }

  /** One whole line, of the host itself or of the agent. */
  line(text: string): void {
    this.#line(text);
  }

  /** Hands on what waits. */
  flush(): void {
    if (this.#partial !== "") this.#line(this.#partial);
    this.#partial = "";
    this.#tell();
  }

  dispose(): void {
    this.flush();
    if (this.#leftOut > 0) this.#waiting = `${leftOutInWords({ lines: this.#leftOut, bytes: 0 })}\r\n`;
    this.#leftOut = 0;
    this.#tell();
    this.#length = Number.POSITIVE_INFINITY;
  }

  #line(text: string): void {
    if (this.#length >= maxLog) {
      this.#leftOut += 1;
      return;
    }
    const clean = cleanText(text.slice(0, maxLine), this.#secrets);
    if (clean === "") return;
    this.#length += clean.length;
    const isFull = this.#length >= maxLog;
    this.#waiting += `${clean}\r\n${isFull ? "[the rest of this log is not kept]\r\n" : ""}`;
    if (this.#waiting.length >= maxWaiting) this.#tell();
    else this.#timer ??= this.#clock.setTimeout(() => this.#tell(), intervalMs);
  }

  #tell(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    if (this.#waiting === "") return;
    const data = this.#waiting;
    this.#waiting = "";
    this.#emit(data);
  }
}
