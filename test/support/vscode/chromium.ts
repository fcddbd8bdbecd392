import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { installCacheDirectory, installOnce, npmInstall, type Progress } from "../installCache.ts";

const run = promisify(execFile);

const PACKED_VERSION = "153";

export interface Chromium {
  readonly executablePath: string;
  /** Added to the browser's environment: where its libraries and fonts are, if the machine has none. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A Chromium that starts on this machine: `CHROMIUM_PATH`, else an installed one, else one from npm, else (as root on
 * Debian) one from apt. Rejects with a sentence that says what to do when there is none.
 */
export async function ensureChromium(onProgress: Progress = () => {}): Promise<Chromium> {
  const named = process.env["CHROMIUM_PATH"];
  if (named !== undefined && named !== "") {
    const chromium = await firstThatStarts([{ executablePath: named, env: {} }]);
    if (chromium) return chromium;
    throw new Error(`CHROMIUM_PATH names ${named}, which does not start. Correct it or unset it.`);
  }
  const found = await firstThatStarts(installedBrowsers());
  if (found) return found;
  if (process.platform === "linux" && process.arch === "x64") {
    const packed = await firstThatStarts(await packedBrowser(onProgress));
    if (packed) return packed;
  }
  if (existsSync("/usr/bin/apt-get") && process.getuid?.() === 0) {
    onProgress("installing chromium by apt-get");
    await run("apt-get", ["update"]);
    await run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], { maxBuffer: 16 * 1024 * 1024 });
    const installed = await firstThatStarts(installedBrowsers());
    if (installed) return installed;
  }
  throw new Error("There is no Chromium that starts on this machine. Install one, or set CHROMIUM_PATH to it.");
}

function installedBrowsers(): Chromium[] {
  const fixed = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const folders = ["/usr/bin", ...(process.env["PATH"] ?? "").split(path.delimiter)];
  const candidates = [...names.flatMap((name) => folders.map((folder) => path.join(folder, name))), ...fixed];
  return [...new Set(candidates)]
    .filter((file) => existsSync(file))
    .map((executablePath) => ({ executablePath, env: {} }));
}

/** `--version` loads every shared library, so it tells a browser that works from one that only exists. */
async function firstThatStarts(candidates: readonly Chromium[]): Promise<Chromium | undefined> {
  for (const candidate of candidates) {
    try {
      await run(candidate.executablePath, ["--version"], {
        env: { ...process.env, ...candidate.env },
        timeout: 30_000,
      });
      return candidate;
    } catch {
      // The next one may start.
    }
  }
  return undefined;
}

/** npm's `@sparticuz/chromium`: a browser with the libraries it needs, packed for machines that have neither. */
async function packedBrowser(onProgress: Progress): Promise<Chromium[]> {
  const target = path.join(installCacheDirectory(), `chromium-${PACKED_VERSION}`);
  await installOnce(target, async (staging) => {
    onProgress("installing Chromium from npm (once, 220 MB unpacked)");
    const packages = path.join(staging, "packed");
    const unpacked = path.join(staging, "browser");
    await mkdir(packages);
    await mkdir(unpacked);
    await npmInstall(packages, `@sparticuz/chromium@${PACKED_VERSION}`);
    // It unpacks into the temporary folder, and its libraries only where it believes to be on Lambda.
    const script = 'import("@sparticuz/chromium").then((packed) => packed.default.executablePath())';
    execFileSync(process.execPath, ["--input-type=module", "-e", `await ${script}`], {
      cwd: packages,
      env: { ...process.env, TMPDIR: unpacked, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x" },
    });
    await rename(unpacked, path.join(staging, "unpacked"));
    await rm(packages, { recursive: true, force: true });
  });
  const folder = path.join(target, "unpacked");
  const executablePath = path.join(folder, "chromium");
  const fonts: Record<string, string> = {};
  if (!existsSync("/etc/fonts/fonts.conf")) fonts["FONTCONFIG_FILE"] = await ownFontConfiguration(folder);
  const libraries = path.join(folder, "al2023", "lib");
  return [
    { executablePath, env: fonts },
    { executablePath, env: { ...fonts, LD_LIBRARY_PATH: libraries } },
  ];
}

/** The packed configuration names folders of the temporary folder; this one names where the fonts really are. */
async function ownFontConfiguration(folder: string): Promise<string> {
  const file = path.join(folder, "fonts", "own.conf");
  const fonts = path.join(folder, "fonts");
  const text = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${fonts}</dir><cachedir>${path.join(fonts, "cache")}</cachedir></fontconfig>
`;
  await writeFile(file, text);
  return file;
}
