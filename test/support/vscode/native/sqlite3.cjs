// Stands in for the native module `@vscode/sqlite3`, in which VS Code's agent host keeps its sessions: the calls
// that it makes, over Node's own SQLite. Statements run in the order of the calls, at once; callbacks come later, as
// those of the original do.
"use strict";
const { DatabaseSync } = require("node:sqlite");

class Database {
  #open;

  constructor(file, callback) {
    this.#answer(callback, () => {
      this.#open = new DatabaseSync(file, {
        enableForeignKeyConstraints: false,
        enableDoubleQuotedStringLiterals: true,
        timeout: 1000,
      });
      // A test kills processes, not machines; waiting for the disk here would stop the whole host.
      this.#open.exec("PRAGMA synchronous = OFF");
    });
  }

  /** It is so anyway. */
  serialize() {}

  exec(sql, callback) {
    this.#answer(callback, () => this.#open.exec(sql));
  }

  /** `this` of the callback tells what changed. */
  run(sql, params, callback) {
    this.#answer(callback, () => this.#open.prepare(sql).run(...bound(params)), true);
  }

  get(sql, params, callback) {
    this.#answer(callback, () => plain(this.#open.prepare(sql).get(...bound(params))));
  }

  all(sql, params, callback) {
    this.#answer(callback, () =>
      this.#open
        .prepare(sql)
        .all(...bound(params))
        .map(plain),
    );
  }

  close(callback) {
    this.#answer(callback, () => this.#open.close());
  }

  #answer(callback, act, tellsChanges = false) {
    let error = null;
    let result;
    try {
      result = act();
    } catch (thrown) {
      error = thrown;
    }
    if (!callback) return;
    const told =
      tellsChanges && result ? { changes: Number(result.changes), lastID: Number(result.lastInsertRowid) } : this;
    process.nextTick(() => callback.call(told, error, tellsChanges ? undefined : result));
  }
}

function bound(params = []) {
  return (Array.isArray(params) ? params : [params]).map((value) => {
    if (value === undefined) return null;
    return typeof value === "boolean" ? Number(value) : value;
  });
}

function plain(row) {
  if (row === undefined) return undefined;
  const columns = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? Buffer.from(value) : value,
  ]);
  return Object.fromEntries(columns);
}

module.exports = { Database };
