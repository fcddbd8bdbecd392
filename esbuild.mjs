// Builds the bundles: the extension (cjs, for VS Code's extension host), the session panel's page (esm, browser)
// and the host (esm, Node). `--production` minifies and drops source maps; `--watch` rebuilds on change; `--host DIR` builds
// the host alone, into that folder.
import { context } from "esbuild";
import { rm } from "node:fs/promises";

const production = process.argv.includes("--production");
const watch = process.argv.includes("--watch");
const hostFolder = process.argv.includes("--host") ? process.argv[process.argv.indexOf("--host") + 1] : undefined;

/** @type {import("esbuild").BuildOptions} */
const shared = {
  bundle: true,
  minify: production,
  sourcemap: production ? false : "linked",
  legalComments: production ? "none" : "inline",
  logLevel: "info",
  target: "es2024",
};

/**
 * Packages that the extension imports when it first needs them. Each is a file of its own, so that no window has to read what
 * most never use: they are more than half of it.
 */
const onDemand = {
  telemetry: "@vscode/extension-telemetry",
  octokit: "@octokit/rest",
  octokitRetry: "@octokit/plugin-retry",
  octokitThrottling: "@octokit/plugin-throttling",
};

/** @type {import("esbuild").Plugin} */
const loadOnDemand = {
  name: "loadOnDemand",
  setup(build) {
    build.onResolve({ filter: /^@/ }, ({ path, kind }) => {
      const name = Object.keys(onDemand).find((name) => onDemand[name] === path);
      return kind === "dynamic-import" && name ? { path: `./onDemand/${name}.cjs`, external: true } : undefined;
    });
  },
};

/** @type {import("esbuild").BuildOptions} */
const extensionHost = {
  ...shared,
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  platform: "node",
  // VS Code 1.110 runs extensions on Node 22.
  target: "node22",
  // `import()` of a CommonJS file would find no names in it.
  supported: { "dynamic-import": false },
};

/** @type {import("esbuild").BuildOptions} */
const host = {
  ...shared,
  entryPoints: {
    main: "src/host/main.ts",
    ptyHost: "src/host/terminals/ptyHost.ts",
    boxForwarder: "src/host/isolation/boxForwarder.ts",
    // An agent of the demo fleet, which has no model: see src/extension/onboarding.
    sampleAgent: "src/sampleAgent/main.ts",
  },
  outdir: hostFolder ?? "dist/host",
  outExtension: { ".js": ".mjs" },
  format: "esm",
  platform: "node",
  target: "node24",
  // `node-pty` is a native module: it is loaded where it is installed beside the host, and missed where it is not.
  external: ["bufferutil", "utf-8-validate", "node-pty"],
  // What its package.json names first loads its own files in a way that cannot be bundled.
  alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
  banner: {
    // Some dependencies are CommonJS and call `require` for Node's own modules.
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
};

/** @type {import("esbuild").BuildOptions[]} */
const bundles = [
  {
    ...extensionHost,
    entryPoints: { extension: "src/extension/extension.ts" },
    plugins: [loadOnDemand],
    // `ws` looks for these optional native speed-ups and does without them.
    external: ["vscode", "bufferutil", "utf-8-validate"],
  },
  {
    ...extensionHost,
    entryPoints: Object.fromEntries(Object.entries(onDemand).map(([name, from]) => [`onDemand/${name}`, from])),
    external: ["vscode"],
  },
  {
    ...shared,
    entryPoints: { main: "src/webview/main.tsx", report: "src/webview/report/main.tsx" },
    outdir: "dist/webview",
    format: "esm",
    platform: "browser",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".ttf": "file" },
    assetNames: "[name]",
    plugins: [
      {
        // The page draws before the parser of markdown has come: it is a file of its own.
        name: "lazy",
        setup: (build) =>
          build.onResolve({ filter: /\/markdownLexer\.ts$/ }, () => ({ path: "./markdown.js", external: true })),
      },
    ],
  },
  {
    ...shared,
    entryPoints: { markdown: "src/webview/transcript/markdownLexer.ts" },
    outdir: "dist/webview",
    format: "esm",
    platform: "browser",
  },
  host,
];

if (!watch && !hostFolder) await rm("dist", { recursive: true, force: true });
const contexts = await Promise.all((hostFolder ? [host] : bundles).map((options) => context(options)));
try {
  if (watch) {
    await Promise.all(contexts.map((bundle) => bundle.watch()));
    console.log("watching");
  } else {
    await Promise.all(contexts.map((bundle) => bundle.rebuild()));
  }
} finally {
  if (!watch) await Promise.all(contexts.map((bundle) => bundle.dispose()));
}
