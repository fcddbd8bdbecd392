import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import { toLine, toVisibleText } from "../../base/visibleText.ts";
import type { Client } from "../../client/client.ts";
import type { PanelHandlers } from "../../protocol/panel.ts";
import { type LogChange, type LogMethods, WHOLE_LOG } from "../../protocol/panelLog.ts";
import { LogText } from "./log/logText.ts";
import { type NamedTerminal, PanelLog } from "./log/panelLog.ts";
import type { PanelSource } from "./panelSource.ts";
import { terminalsOf, terminalText } from "./panelWindow.ts";

/** Where the text of a log goes. */
export interface LogPorts {
  readonly copy: (text: string) => Promise<void>;
  /** Asks where to, and writes it. False when the person wants it nowhere. */
  readonly save: (name: string, text: Iterable<string>) => Promise<boolean>;
  readonly openText: (title: string, text: string) => Promise<void>;
}

export interface PanelLogsOptions {
  readonly source: PanelSource;
  readonly ports: LogPorts;
  readonly clock: Clock;
  /** Tells that a log has something to say. */
  readonly changed: (log: string) => void;
}

interface Followed {
  log: PanelLog;
  followers: number;
}

/** A clipboard is no place for more. */
const maxCopiedChars = 20_000_000;

/** The logs that the page looks at. */
export class PanelLogs implements Disposable {
  readonly #options: PanelLogsOptions;
  readonly #followed = new Map<string, Followed>();
  /** Whose terminals the logs are made of. */
  #client: Client | undefined;

  constructor(options: PanelLogsOptions) {
    this.#options = options;
  }

  /** What is to be told of a log; `undefined` when nobody looks at it. */
  take(log: string): LogChange | undefined {
    return this.#followed.get(log)?.log.takeChange();
  }

  /** The conversation may name other terminals. */
  refresh(): void {
    const { client } = this.#options.source;
    const isSame = client === this.#client;
    this.#client = client;
    if (this.#followed.size === 0) return;
    const terminals = this.#terminals();
    for (const [key, followed] of this.#followed) {
      // A host that was configured anew has another connection: what the old one told will not go on.
      if (!isSame) {
        followed.log.dispose();
        followed.log = this.#make(key);
      }
      followed.log.setTerminals(within(terminals, key));
    }
  }

  /** The page has started over and follows nothing. */
  clear(): void {
    for (const { log } of this.#followed.values()) log.dispose();
    this.#followed.clear();
  }

  readonly handlers: Pick<PanelHandlers, keyof typeof LogMethods> = {
    followLog: ({ log }) => {
      this.#follow(log);
      return null;
    },
    leaveLog: ({ log }) => {
      const followed = this.#followed.get(log);
      if (followed === undefined || --followed.followers > 0) return null;
      followed.log.dispose();
      this.#followed.delete(log);
      return null;
    },
    readLog: ({ log, from, to }) => this.#followed.get(log)?.log.read(from, to) ?? { version: 0, rows: [] },
    findLog: ({ log, text, matchCase, from, direction }) => this.#of(log).find(text, matchCase, from, direction),
    locateLog: ({ terminal }) => {
      const row = this.#of(WHOLE_LOG).rowOf(terminal);
      return row === undefined ? {} : { row };
    },
    copyLog: async ({ log, from, to }) => {
      const text = joined(this.#of(log).text(from, to), maxCopiedChars);
      await this.#options.ports.copy(text);
      return null;
    },
    saveLog: async ({ log }) => {
      const { source, ports } = this.#options;
      await ports.save(`${toFileName(source.session?.title ?? "agent")}.log`, this.#of(log).text());
      return null;
    },
    openLog: async ({ terminal, isRaw = false }) => {
      const named = this.#terminals().find(({ uri }) => uri === terminal);
      if (named === undefined) throw new AppError("notFound", "That log is not one of this agent's.");
      const handle = this.#options.source.openTerminal(terminal);
      let text: string;
      try {
        text = terminalText(handle?.state ?? (await handle?.ready) ?? { content: [] });
      } finally {
        handle?.dispose();
      }
      if (text === "") throw new AppError("notFound", "That tool has printed nothing.");
      await this.#options.ports.openText(named.title, toVisibleText(isRaw ? text : plainText(text)));
      return null;
    },
  };

  dispose(): void {
    this.clear();
  }

  #follow(key: string): void {
    const known = this.#followed.get(key);
    if (known !== undefined) {
      known.followers += 1;
      known.log.reset();
      return;
    }
    const terminals = within(this.#terminals(), key);
    if (key !== WHOLE_LOG && terminals.length === 0) {
      throw new AppError("notFound", "That log is not one of this agent's.");
    }
    this.#client = this.#options.source.client;
    const log = this.#make(key);
    this.#followed.set(key, { log, followers: 1 });
    log.setTerminals(terminals);
  }

  #make(key: string): PanelLog {
    const { source, clock, changed } = this.#options;
    return new PanelLog({
      log: key,
      hasHeads: key === WHOLE_LOG,
      open: (terminal) => source.openTerminal(terminal),
      clock,
      onChange: () => changed(key),
    });
  }

  #of(key: string): PanelLog {
    const followed = this.#followed.get(key);
    if (followed === undefined) throw new AppError("notFound", "That log is not open any more.");
    return followed.log;
  }

  #terminals(): readonly NamedTerminal[] {
    const state = this.#options.source.chat?.state;
    return state === undefined ? [] : terminalsOf(state);
  }
}

/** Without what only colours it or moves over it. */
function plainText(text: string): string {
  const log = new LogText();
  log.append(text);
  return Array.from(log.plainText()).join("");
}

function within(terminals: readonly NamedTerminal[], key: string): readonly NamedTerminal[] {
  return key === WHOLE_LOG ? terminals : terminals.filter(({ uri }) => uri === key);
}

function joined(portions: Iterable<string>, maxChars: number): string {
  const kept: string[] = [];
  let chars = 0;
  for (const portion of portions) {
    chars += portion.length;
    if (chars > maxChars) {
      throw new AppError("limit.exceeded", "That is too much for the clipboard. Download the log instead.");
    }
    kept.push(portion);
  }
  return kept.join("");
}

function toFileName(title: string): string {
  return (
    toLine(title, 60)
      .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
      .replaceAll(/^-+|(?<!-)-+$/g, "")
      .toLowerCase() || "agent"
  );
}
