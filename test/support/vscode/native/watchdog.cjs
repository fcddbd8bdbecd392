// Stands in for the native module `@vscode/native-watchdog`, which ends an extension host whose server is gone, on a
// machine without a compiler. A blocked event loop is not noticed; the harness kills the whole process group anyway.
"use strict";

exports.start = (pid) => {
  setInterval(() => {
    try {
      process.kill(pid, 0);
    } catch {
      process.exit(87);
    }
  }, 1000).unref();
};
exports.exit = (code) => process.exit(code ?? 0);
