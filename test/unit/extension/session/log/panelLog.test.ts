import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../../../src/base/appError.ts";
import { Emitter } from "../../../../../src/base/emitter.ts";
import type { ChannelChange, ChannelHandle, ChannelStatus } from "../../../../../src/client/client.ts";
import { logLimits, PanelLog } from "../../../../../src/extension/session/log/panelLog.ts";
import type { StateAction } from "../../../../../src/protocol/actions.ts";
import type { LogChange, LogRow } from "../../../../../src/protocol/panelLog.ts";
import { reduceTerminal, type TerminalState } from "../../../../../src/protocol/terminal.ts";
import { FakeClock } from "../../../../support/fakeClock.ts";

/** A terminal of a host, as a client mirrors it. */
class Terminal implements ChannelHandle<TerminalState> {
  readonly uri: string;
  status: ChannelStatus = "loading";
  error: AppError | undefined;
  state: TerminalState | undefined;
  readonly asOf = 0;
  readonly seq = 0;
  readonly ready = Promise.withResolvers<TerminalState>().promise;
  readonly #changed = new Emitter<ChannelChange<TerminalState>>((error) => {
    throw error;
  });
  readonly onDidChange = this.#changed.event;
  isDisposed = false;

  constructor(uri: string) {
    this.uri = uri;
  }

  arrive(text: string, lifecycle: "running" | "exited" = "running"): void {
    this.status = "live";
    const content = text === "" ? [] : [{ type: "unclassified" as const, value: text }];
    this.state = {
      title: this.uri,
      content,
      claim: { kind: "client", clientId: "c" },
      lifecycle: { status: lifecycle },
    };
    this.#changed.fire({ state: this.state, status: "live" });
  }

  act(...applied: readonly StateAction[]): void {
    for (const action of applied) this.state = reduceTerminal(this.state!, action as never);
    this.#changed.fire({ state: this.state, status: "live", applied });
  }

  print(data: string): void {
    this.act({ type: "terminal/data", data });
  }

  fail(error: AppError): void {
    this.status = "failed";
    this.error = error;
    this.#changed.fire({ state: undefined, status: "failed", applied: [] });
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

/** A log, and a page that keeps its rows by what it is told. */
function aLog(names: readonly string[]) {
  const clock = new FakeClock();
  const terminals = new Map<string, Terminal>();
  const opened: string[] = [];
  const log = new PanelLog({
    log: "all",
    hasHeads: true,
    open: (uri) => {
      opened.push(uri);
      const terminal = terminals.get(uri) ?? new Terminal(uri);
      terminals.set(uri, terminal);
      return terminal;
    },
    clock,
    onChange: () => undefined,
  });
  const named = (uris: readonly string[]) => uris.map((uri) => ({ uri, title: `Run ${uri}`, isDone: false }));
  log.setTerminals(named(names));
  let shown: string[] = [];
  /** What a page with all rows would do with a change: the rows that it says to be the same are not read again. */
  const look = (): LogChange => {
    const change = log.takeChange();
    const fresh = all().map(textOf);
    if (change.splices === undefined) shown = fresh;
    else
      for (const { at, removed, added } of change.splices) shown.splice(at, removed, ...Array<string>(added).fill("?"));
    expect(shown).toHaveLength(change.rows);
    shown = shown.map((text, index) => (text === "?" ? (fresh[index] ?? "") : text));
    expect(shown).toEqual(fresh);
    return change;
  };
  const all = () => {
    const rows: LogRow[] = [];
    for (;;) {
      const read = log.read(rows.length, rows.length + 400).rows;
      if (read.length === 0) return rows;
      rows.push(...read);
    }
  };
  return { log, clock, opened, look, named, shown: () => shown, terminal: (uri: string) => terminals.get(uri)! };
}

function textOf(row: LogRow): string {
  if (row.kind === "head") return `# ${row.title}`;
  return row.kind === "note" ? `[${row.text}]` : row.spans.map(({ text }) => text).join("");
}

describe("the log of everything", () => {
  it("fetches the latest output first, four terminals at a time, and lets go of what is over", () => {
    const { log, opened, terminal, look } = aLog(["1", "2", "3", "4", "5", "6"]);
    expect(opened).toEqual(["6", "5", "4", "3"]);
    expect(look().isReading).toBe(true);
    terminal("5").arrive("ok\n", "exited");
    expect(opened).toEqual(["6", "5", "4", "3", "2"]);
    expect(terminal("5").isDisposed).toBe(true);
    terminal("6").arrive("runs\n");
    expect(terminal("6").isDisposed).toBe(false);
    for (const uri of ["4", "3", "2", "1"]) terminal(uri).arrive("", "exited");
    expect(look().isReading).toBe(false);
    log.dispose();
    expect(terminal("6").isDisposed).toBe(true);
  });

  it("says of each call what it printed, that it printed nothing, or why that cannot be told", () => {
    const { look, shown, terminal } = aLog(["a", "b", "c"]);
    look();
    expect(shown()).toEqual([
      "# Run a",
      "[Loading the output]",
      "# Run b",
      "[Loading the output]",
      "# Run c",
      "[Loading the output]",
    ]);
    terminal("a").arrive("one\ntwo", "exited");
    terminal("b").arrive("", "exited");
    terminal("c").fail(new AppError("notFound", "The host has no such terminal any more."));
    look();
    expect(shown()).toEqual([
      "# Run a",
      "one",
      "two",
      "# Run b",
      "[It printed nothing]",
      "# Run c",
      "[The host has no such terminal any more.]",
    ]);
  });

  it("tells only of the rows that changed", () => {
    const { look, terminal } = aLog(["a", "b"]);
    terminal("a").arrive("1\n");
    terminal("b").arrive("x\ny");
    look();
    terminal("b").print("y\nz\n");
    // The line that was being written is another one, and there is one more.
    expect(look().splices).toEqual([{ at: 4, removed: 1, added: 2 }]);
    terminal("a").print("2\n");
    expect(look().splices).toEqual([{ at: 2, removed: 0, added: 1 }]);
    expect(look().splices).toEqual([]);
  });

  it("keeps a page in step whatever the terminals do", () => {
    const step = fc.record({
      which: fc.constantFrom("a", "b", "c"),
      what: fc.constantFrom("print", "print", "print", "clear", "again"),
      text: fc.string({ unit: fc.constantFrom("x", "\n", "\r", "\u001b[31m"), maxLength: 6 }),
      look: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { look, terminal } = aLog(["a", "b", "c"]);
        for (const uri of ["a", "b", "c"]) terminal(uri).arrive("");
        look();
        for (const { which, what, text, look: looks } of steps) {
          const it = terminal(which);
          if (what === "print") it.print(text);
          else if (what === "clear") it.act({ type: "terminal/cleared" }, { type: "terminal/data", data: text });
          else it.arrive(text);
          if (looks) look();
        }
        look();
      }),
    );
  });

  it("goes on after a lost connection where the snapshot goes on, without a row that moves", () => {
    const { look, terminal, shown } = aLog(["a"]);
    terminal("a").arrive("one\ntwo\n");
    look();
    terminal("a").arrive("one\ntwo\nthree\n");
    expect(look().splices).toEqual([{ at: 3, removed: 0, added: 1 }]);
    terminal("a").arrive("[earlier output was left out]\nfour\n");
    look();
    expect(shown()).toEqual(["# Run a", "[earlier output was left out]", "four"]);
  });

  it("finds the output of calls that come later, wherever they come", () => {
    const { log, look, named, shown, terminal } = aLog(["b"]);
    terminal("b").arrive("late\n");
    look();
    log.setTerminals(named(["a", "b", "c"]));
    terminal("a").arrive("early\n");
    terminal("c").arrive("last\n");
    expect(look().splices).toBeDefined();
    expect(shown()).toEqual(["# Run a", "early", "# Run b", "late", "# Run c", "last"]);
    log.setTerminals(named(["c"]));
    expect(look().splices).toBeUndefined();
    expect(shown()).toEqual(["# Run c", "last"]);
  });

  it("answers no row as it is before the page has been told how rows have moved", () => {
    const { log, terminal, look } = aLog(["a", "b"]);
    terminal("a").arrive("1\n");
    terminal("b").arrive("x\n");
    const { version } = look();
    terminal("a").print("2\n");
    const read = log.read(0, 10);
    expect(read.version).toBe(version);
    expect(read.rows.map(textOf)).toEqual(["# Run a", "1"]);
  });

  it("leaves the oldest output out when there is too much, and says how much", () => {
    const { look, terminal, log } = aLog(["a"]);
    terminal("a").arrive("");
    look();
    const portion = "some output of a tool\n".repeat(50_000);
    for (let at = 0; at < logLimits.lines + 100_000; at += 50_000) terminal("a").print(portion);
    const { rows } = log.takeChange();
    expect(rows).toBeLessThanOrEqual(logLimits.lines + 2);
    expect(log.read(1, 2).rows.map(textOf)[0]).toMatch(/^\[1\d\d,\d{3} earlier lines were left out\]$/);
    expect(log.read(2, 3).rows[0]).toMatchObject({ kind: "line", spans: [{ text: "some output of a tool" }] });
  });

  it("takes a flood in portions, so that others get their turn", async () => {
    const { terminal, log, clock, look } = aLog(["a"]);
    // A clock on which every look takes as long as the whole budget.
    let elapsedMs = 0;
    clock.elapsed = () => (elapsedMs += 10);
    terminal("a").arrive("0123456789abcde\n".repeat(60_000));
    const atOnce = look().rows;
    expect(atOnce).toBeLessThan(20_000);
    await clock.advance(1_000);
    expect(look().rows).toBe(60_001);
    log.dispose();
    expect(clock.pending).toBe(0);
  });
});

describe("search in a log", () => {
  it("goes from match to match and around, in rows as they are", async () => {
    const { log, terminal } = aLog(["a", "b"]);
    terminal("a").arrive("error one\nfine\nERROR two\n");
    terminal("b").arrive("fine\n\u001b[31mer\u001b[32mror\u001b[0m three\n");
    expect(await log.find("error", false, 0, 0)).toEqual({ row: 1, ordinal: 1, count: 3 });
    expect(await log.find("error", false, 1, 1)).toEqual({ row: 3, ordinal: 2, count: 3 });
    expect(await log.find("error", false, 3, 1)).toEqual({ row: 6, ordinal: 3, count: 3 });
    expect(await log.find("error", false, 6, 1)).toEqual({ row: 1, ordinal: 1, count: 3 });
    expect(await log.find("error", false, 1, -1)).toEqual({ row: 6, ordinal: 3, count: 3 });
    expect(await log.find("ERROR", true, 0, 0)).toEqual({ row: 3, ordinal: 1, count: 1 });
    expect(await log.find("nothing like it", false, 0, 0)).toEqual({ ordinal: 0, count: 0 });
    // What looks like a pattern is text.
    expect(await log.find("e.ror", false, 0, 0)).toEqual({ ordinal: 0, count: 0 });
  });

  it("knows what has come since, and the line that was not whole", async () => {
    const { log, terminal } = aLog(["a"]);
    terminal("a").arrive("needle\nhay\nnee");
    expect(await log.find("needle", false, 0, 0)).toMatchObject({ count: 1 });
    terminal("a").print("dle\nneedle\n");
    expect(await log.find("needle", false, 1, 1)).toEqual({ row: 3, ordinal: 2, count: 3 });
    terminal("a").act({ type: "terminal/cleared" }, { type: "terminal/data", data: "needle\n" });
    expect(await log.find("needle", false, 0, 0)).toEqual({ row: 1, ordinal: 1, count: 1 });
  });
});
