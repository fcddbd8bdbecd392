import { spawn } from "node:child_process";
import { access, constants, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { packFolder } from "../package/packExtension.ts";
import { openInteractive } from "../support/vscode/interactive.ts";
import type { Lifetime } from "../support/vscode/lifetime.ts";

/** Packs the extension that has an account for the demo's GitHub; returns the VSIX. */
export async function packSignIn(directory: string): Promise<string> {
  const file = path.join(directory, "muster-demo-sign-in.vsix");
  await packFolder(path.join(import.meta.dirname, "signIn"), file);
  return file;
}

export interface EditorOptions {
  readonly vsix: readonly string[];
  /** Opened in the editor, so that launching another agent has its repository preselected. */
  readonly folder: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  /** For the editor's profile; removed by the caller. */
  readonly directory: string;
  readonly say: (text: string) => void;
}

/**
 * Shows the fleet in a VS Code with a profile of its own, so that nothing of the person's own set-up is touched: the
 * `code` on the `PATH`, else code-server in a browser. Resolves when it is there; `closed` when the person is done.
 */
export async function openEditor(lifetime: Lifetime, options: EditorOptions): Promise<{ closed: Promise<void> }> {
  const code = await findCode();
  return code === undefined ? openInBrowser(lifetime, options) : openDesktop(lifetime, code, options);
}

async function findCode(): Promise<string | undefined> {
  const names = process.platform === "win32" ? ["code.cmd"] : ["code"];
  for (const folder of (process.env["PATH"] ?? "").split(path.delimiter)) {
    for (const name of names) {
      const file = path.join(folder, name);
      const found = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (found) return file;
    }
  }
  return undefined;
}

async function openDesktop(
  lifetime: Lifetime,
  code: string,
  options: EditorOptions,
): Promise<{ closed: Promise<void> }> {
  const extensions = path.join(options.directory, "extensions");
  const user = path.join(options.directory, "profile", "User");
  await mkdir(user, { recursive: true });
  await writeFile(path.join(user, "settings.json"), JSON.stringify(options.settings, undefined, 2));
  const profile = ["--user-data-dir", path.join(options.directory, "profile"), "--extensions-dir", extensions];
  const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const run = (args: readonly string[]) => {
    const child = spawn(code, [...profile, ...root, ...args], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, ...options.env },
      shell: process.platform === "win32",
    });
    const ended = new Promise<number>((resolve) => {
      child.on("error", () => resolve(1));
      child.on("exit", (status) => resolve(status ?? 1));
    });
    return { child, ended };
  };
  const installed = await run(options.vsix.flatMap((file) => ["--install-extension", file])).ended;
  if (installed !== 0) throw new Error(`${code} could not install ${options.vsix.join(" and ")}.`);
  const window = run(["--new-window", "--wait", "--disable-workspace-trust", "--skip-welcome", options.folder]);
  lifetime.defer(() => window.child.kill());
  options.say("VS Code is open, with a profile of its own. Open the Muster view in the activity bar.");
  options.say("Close its window, or press Ctrl+C here, to end the demo.");
  return { closed: window.ended.then(() => {}) };
}

async function openInBrowser(lifetime: Lifetime, options: EditorOptions): Promise<{ closed: Promise<void> }> {
  const editor = await openInteractive({
    vsix: options.vsix,
    workspaceFolder: options.folder,
    settings: options.settings,
    env: options.env,
    outputDir: options.directory,
    name: "demo",
    onProgress: options.say,
  });
  lifetime.defer(() => editor.close());
  options.say("There is no `code` on the PATH, so this is VS Code in the browser. Open:");
  options.say(`\n    ${editor.url}\n`);
  options.say("and then the Muster view in the activity bar. Press Ctrl+C here to end the demo.");
  return { closed: new Promise<void>(() => {}) };
}
