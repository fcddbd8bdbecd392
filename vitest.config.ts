import { defineConfig } from "vitest/config";
import { compileCache } from "./test/support/compileCache.ts";

Object.assign(process.env, compileCache);

const host = {
  environment: "node",
  testTimeout: 60_000,
  hookTimeout: 120_000,
  globalSetup: "test/support/hostPrograms.ts",
} as const;

/** Outside VS Code there is no module of that name; what needs more of it than texts is not tested here. */
const resolve = { alias: { vscode: new URL("./test/support/fakeVscode.ts", import.meta.url).pathname } };

/** They hold the host to times, or take all of the machine: nothing runs beside them. */
const alone = ["floods", "gatewayLoad", "hibernation", "hugeChanges", "isolationLimits"].map(
  (name) => `test/host/${name}.test.ts`,
);

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts", "test/model/**/*.test.ts"],
          environment: "node",
          // Two hundred files that leave nothing behind, in any order: a process for each costs more than the tests.
          isolate: false,
          // Properties try hundreds of cases; on a busy machine the default of 5 s says more about it than about us.
          testTimeout: 30_000,
          maxWorkers: 2,
        },
        resolve,
      },
      {
        test: {
          name: "webview",
          include: ["test/webview/**/*.test.{ts,tsx}"],
          environment: "happy-dom",
          maxWorkers: 2,
        },
        oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
      },
      {
        test: {
          ...host,
          name: "host",
          include: ["test/contract/**/*.test.ts", "test/host/**/*.test.ts"],
          exclude: alone,
          // They wait for processes, timers and disks, more than two of them at a time on two processors.
          maxWorkers: 3,
        },
        resolve,
      },
      {
        test: { ...host, name: "host-alone", include: alone, fileParallelism: false, sequence: { groupOrder: 1 } },
        resolve,
      },
    ],
  },
});
