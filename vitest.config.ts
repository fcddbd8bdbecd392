import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts", "test/model/**/*.test.ts"],
          environment: "node",
          // Properties try hundreds of cases; on a busy machine the default of 5 s says more about it than about us.
          testTimeout: 30_000,
        },
        resolve: { alias: { vscode: new URL("./test/support/fakeVscode.ts", import.meta.url).pathname } },
      },
      {
        test: {
          name: "webview",
          include: ["test/webview/**/*.test.{ts,tsx}"],
          environment: "happy-dom",
        },
        oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
      },
      {
        test: {
          name: "host",
          include: ["test/contract/**/*.test.ts", "test/host/**/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
