// Builds the bundles: the extension (cjs, for VS Code's extension host), the session panel's page (esm, browser)
// and the host (esm, Node). `--production` minifies and drops source maps; `--watch` rebuilds on change; `--host DIR` builds
// the host alone, into that folder.
import { context, transform } from "esbuild";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

const production = process.argv.includes("--production");
const watch = process.argv.includes("--watch");
const hostFolder = process.argv.includes("--host") ? process.argv[process.argv.indexOf("--host") + 1] : undefined;

/** @type {import("esbuild").BuildOptions} */
const shared = {
  bundle: true,
  minify: production,
  sourcemap: production ? false : "linked",
  legalComments: production ? "none" : "inline",
  metafile: true,
  // Names of chunks are made of the paths of their sources: those must not tell where `node_modules` lies.
  preserveSymlinks: true,
  logLevel: "info",
  target: "es2024",
};

/**
 * VS Code's API once for the whole bundle, each of its names a variable. Otherwise every file that imports it asks VS Code
 * for it and makes a copy with hundreds of accessors: a sixth of the time that the extension needs to load.
 */
/** @type {import("esbuild").Plugin} */
const apiOnce = {
  name: "apiOnce",
  setup(build) {
    build.onResolve({ filter: /^vscode$/ }, ({ namespace }) =>
      namespace === "api" ? { path: "vscode", external: true } : { path: "vscode", namespace: "api" },
    );
    build.onLoad({ filter: /^vscode$/, namespace: "api" }, async () => {
      const declarations = await readFile(new URL("node_modules/@types/vscode/index.d.ts", import.meta.url), "utf8");
      const declared = /^\t(?:export )?(?:abstract )?(?:class|const|enum|function|namespace) (\w+)/gm;
      const names = new Set(Array.from(declarations.matchAll(declared), ([, name]) => name));
      const exports = Array.from(names, (name) => `export const ${name} = api.${name};`);
      return { contents: ['const api = require("vscode");', ...exports].join("\n") };
    });
  },
};

/**
 * What the extension imports when it first needs it is a file of its own, so that no window has to read it before. esbuild
 * splits only ES modules; VS Code's extension host takes CommonJS: each file is made into that on its way to the disk.
 */
/** @type {import("esbuild").Plugin} */
const asCommonJs = {
  name: "asCommonJs",
  setup(build) {
    const { minify, platform, sourcemap, target } = build.initialOptions;
    // `import()` of a CommonJS file would find no names in it.
    const supported = { "dynamic-import": false };
    const write = async ({ path: file, text }) => {
      const { code } = await transform(text, { format: "cjs", minify, platform, sourcemap, target, supported });
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, code);
    };
    build.onEnd(({ outputFiles = [] }) => Promise.all(outputFiles.map(write)).then(() => undefined));
  },
};

/** @type {import("esbuild").BuildOptions} */
const extension = {
  ...shared,
  entryPoints: { extension: "src/extension/extension.ts" },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  splitting: true,
  write: false,
  sourcemap: production ? false : "inline",
  platform: "node",
  // VS Code 1.110 runs extensions on Node 22.
  target: "node22",
  plugins: [apiOnce, asCommonJs],
  // A name that VS Code's API does not have.
  logOverride: { "import-is-undefined": "error" },
  // `ws` looks for these optional native speed-ups and does without them.
  external: ["bufferutil", "utf-8-validate"],
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
  extension,
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

/** Tells which files the bundles are made of, for the list of packages that a release comes with. */
async function writeInputs(results) {
  const outputs = results.flatMap(({ metafile }) => Object.values(metafile.outputs));
  const used = outputs.flatMap(({ inputs }) => Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput));
  const files = new Set(used.map(([file]) => file));
  await writeFile("dist/inputs.json", JSON.stringify(Array.from(files), undefined, 2));
}

if (!watch && !hostFolder) await rm("dist", { recursive: true, force: true });
const contexts = await Promise.all((hostFolder ? [host] : bundles).map((options) => context(options)));
try {
  if (watch) {
    await Promise.all(contexts.map((bundle) => bundle.watch()));
    console.log("watching");
  } else {
    const results = await Promise.all(contexts.map((bundle) => bundle.rebuild()));
    if (!hostFolder) await writeInputs(results);
  }
} finally {
  if (!watch) await Promise.all(contexts.map((bundle) => bundle.dispose()));
}
