import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type FrameLocator, type Locator, type Page } from "playwright-core";
import { githubSession, patchBoot, type RemoteUri } from "./bootOptions.ts";
import { ensureChromium } from "./chromium.ts";
import { ContextMenu } from "./contextMenu.ts";
import { Lifetime } from "./lifetime.ts";
import { startServer, type ServerOptions, type VsCodeServer } from "./server.ts";

export type Theme = "light" | "dark" | "highContrast";

export interface PageOptions {
  /** The folder that the window has open; default: an empty one. `false` opens a window without a folder. */
  readonly workspaceFolder?: string | false;
  /** Signs in to the built-in GitHub provider with this token. */
  readonly githubToken?: string;
  /** Extension ids that get an existing session without a consent dialog. */
  readonly trust?: readonly string[];
  /** A CommonJS module that exports `run()`, started in the extension host as a test run. */
  readonly extensionTestsPath?: string;
}

export interface VsCodeOptions extends Omit<ServerOptions, "outputDir">, PageOptions {
  /** Folders of extensions to load from source. */
  readonly extensionDevelopmentPaths?: readonly string[];
  /** Screenshots and `logs/`; default: `test-results` of the checkout. */
  readonly outputDir?: string;
}

/** What VS Code marks its workbench with. */
const themeClasses: Record<Theme, string> = { light: "vs", dark: "vs-dark", highContrast: "hc-black" };

/** The themes that are looked at; the last one is what a test goes on in. */
export const picturedThemes: readonly Theme[] =
  process.env["MUSTER_PICTURES"] === "all" ? ["light", "highContrast", "dark"] : ["dark"];

/** How long an element may take on a loaded machine before the step that waits for it fails. */
export const ELEMENT_TIMEOUT_MS = 60_000;

const checkout = path.resolve(import.meta.dirname, "../../..");

/** A running VS Code: its server, a browser, and any number of windows. */
export class VsCode {
  readonly server: VsCodeServer;
  readonly outputDir: string;
  readonly #browser: Browser;
  readonly #lifetime: Lifetime;
  readonly #options: VsCodeOptions;

  constructor(server: VsCodeServer, browser: Browser, lifetime: Lifetime, outputDir: string, options: VsCodeOptions) {
    this.server = server;
    this.outputDir = outputDir;
    this.#browser = browser;
    this.#lifetime = lifetime;
    this.#options = options;
  }

  /** Opens a window with a profile of its own and waits until its extensions are known. */
  async openWindow(options: PageOptions = {}): Promise<Workbench> {
    const chosen = { ...this.#options, ...options };
    const authority = `127.0.0.1:${this.server.port}`;
    const remote = (file: string): RemoteUri => ({
      scheme: "vscode-remote",
      authority,
      path: pathToFileURL(path.resolve(file)).pathname,
    });
    const context = await this.#browser.newContext({
      viewport: { width: 1440, height: 900 },
      locale: "en-US",
      colorScheme: "dark",
    });
    context.setDefaultTimeout(ELEMENT_TIMEOUT_MS);
    await patchBoot(context, {
      construction: {
        developmentOptions: {
          extensions: (chosen.extensionDevelopmentPaths ?? []).map(remote),
          ...(chosen.extensionTestsPath === undefined ? {} : { extensionTestsPath: remote(chosen.extensionTestsPath) }),
        },
        productConfiguration: { trustedExtensionAuthAccess: chosen.trust ?? [] },
      },
      ...(chosen.githubToken === undefined ? {} : { authSession: githubSession(chosen.githubToken) }),
    });
    const page = await context.newPage();
    const { testsEnd } = await watch(page, path.join(this.outputDir, "logs", `${chosen.name ?? "vscode"}-console.log`));
    const folder = chosen.workspaceFolder ?? (await mkdtemp(path.join(this.server.tempDir, "folder-")));
    const query = new URLSearchParams({
      tkn: this.server.token,
      ...(folder === false ? { ew: "true" } : { folder: path.resolve(folder) }),
      payload: '[["skipWelcome","true"],["skipReleaseNotes","true"]]',
    });
    await page.goto(`http://${authority}/?${query}`);
    const workbench = new Workbench(page, this.outputDir, testsEnd);
    if (chosen.extensionTestsPath === undefined) await workbench.ready();
    return workbench;
  }

  /** Every page that is open, for a picture of what went wrong. */
  get pages(): readonly Page[] {
    return this.#browser.contexts().flatMap((context) => context.pages());
  }

  async close(): Promise<void> {
    await this.#lifetime.end();
  }
}

/** One VS Code window. */
export class Workbench {
  readonly page: Page;
  /** In a test run: what the run ended with; a text when the page died first. */
  readonly testsEnd: Promise<number | string>;
  readonly #outputDir: string;

  constructor(page: Page, outputDir: string, testsEnd: Promise<number | string>) {
    this.page = page;
    this.testsEnd = testsEnd;
    this.#outputDir = outputDir;
  }

  async ready(): Promise<void> {
    await this.page.waitForFunction(() => performance.getEntriesByName("code/didLoadExtensions").length > 0);
    await this.page.locator(".monaco-workbench .part.sidebar").waitFor({ state: "attached" });
  }

  /** Runs a command by its full title in the palette, such as `Muster: Add Host`. */
  async command(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    const input = this.page.locator(".quick-input-widget:visible input.input");
    await input.fill(`>${title}`);
    const label = this.page.locator(".label-name", { hasText: exactly(title) });
    await this.page.locator(".quick-input-list .monaco-list-row").filter({ has: label }).first().click();
  }

  /** The menu that a right click on `target` opens. */
  contextMenu(target: Locator): ContextMenu {
    return new ContextMenu(this.page, target);
  }

  /** The document inside the webview editor or view that is shown; `nth` counts those that can be seen. */
  webview(nth = 0): FrameLocator {
    const outer = this.page.locator("iframe.webview.ready:visible").nth(nth).contentFrame();
    return outer.locator("iframe#active-frame").contentFrame();
  }

  /** As a change of the operating system's appearance: no palette, so an open form stays as it is. */
  async setTheme(theme: Theme): Promise<void> {
    const isHighContrast = theme === "highContrast";
    await this.page.emulateMedia({
      colorScheme: theme === "light" ? "light" : "dark",
      forcedColors: isHighContrast ? "active" : "none",
    });
    await this.page.locator(`.monaco-workbench.${themeClasses[theme]}`).waitFor();
  }

  /** Drags the side bar's edge until it is this many pixels wide, so that rows show more than their titles. */
  async resizeSideBar(width: number): Promise<void> {
    const box = await this.page.locator(".part.sidebar").boundingBox();
    if (!box) return;
    const y = box.y + box.height / 2;
    await this.page.mouse.move(box.x + box.width, y);
    await this.page.mouse.down();
    await this.page.mouse.move(box.x + width, y, { steps: 4 });
    await this.page.mouse.up();
  }

  /** Writes `<name>.png` of the whole window and returns its path. */
  async screenshot(name: string): Promise<string> {
    // Away from rows and buttons, which would show their hovers.
    await this.page.mouse.move(800, 890);
    const file = path.join(this.#outputDir, `${name.replaceAll(/[^\w.-]+/g, "-")}.png`);
    await this.page.screenshot({ path: file, animations: "disabled" });
    return file;
  }

  /**
   * `<name>-dark.png`, and with `MUSTER_PICTURES=all` also `-light` and `-highContrast`: a change of the theme takes longer than most
   * of what is tested. Ends dark.
   */
  async screenshotThemes(name: string): Promise<void> {
    for (const theme of picturedThemes) {
      await this.setTheme(theme);
      await this.screenshot(`${name}-${theme}`);
    }
  }

  /** A new extension host on the same profile. */
  async reload(): Promise<void> {
    const isLoaded = this.page.waitForEvent("load");
    await this.command("Developer: Reload Window");
    await isLoaded;
    await this.ready();
  }

  /** The editor tab whose title begins with this. */
  tab(title: string): Locator {
    return this.page.locator(`.tabs-container .tab[aria-label^="${title}"]`);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

/** Starts VS Code with nothing open; `openWindow` shows it. All that it starts and writes ends with `close()`. */
export async function startVsCode(options: VsCodeOptions = {}): Promise<VsCode> {
  const outputDir = path.resolve(options.outputDir ?? path.join(checkout, "test-results"));
  await mkdir(path.join(outputDir, "logs"), { recursive: true });
  const lifetime = new Lifetime();
  try {
    const found = await ensureChromium(options.onProgress);
    const server = await startServer(lifetime, { ...options, outputDir });
    const browser = await chromium.launch({
      executablePath: found.executablePath,
      env: definedOnly({ ...process.env, ...found.env, TMPDIR: server.tempDir }),
      // Playwright's own handlers would exit before the clean-up.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      args: [
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--font-render-hinting=none",
        // Nothing but loopback can be reached, so no test leans on the network by accident.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
      ],
    });
    lifetime.defer(() => browser.close());
    return new VsCode(server, browser, lifetime, outputDir, options);
  } catch (error) {
    await lifetime.end();
    throw error;
  }
}

/** Logs what the page prints and hears how a test run ends. */
async function watch(page: Page, file: string): Promise<{ readonly testsEnd: Promise<number | string> }> {
  const log = createWriteStream(file, { flags: "a" });
  const { promise, resolve } = Promise.withResolvers<number | string>();
  await page.exposeFunction("codeAutomationExit", (code: number) => resolve(code));
  await page.exposeFunction("codeAutomationLog", (_level: string, values: unknown[]) => {
    log.write(`[extension host] ${values.map(String).join(" ")}\n`);
  });
  page.on("console", (message) => log.write(`[${message.type()}] ${message.text()}\n`));
  page.on("pageerror", (error) => log.write(`[pageerror] ${error.stack ?? error.message}\n`));
  page.on("crash", () => resolve("the page crashed"));
  page.on("close", () => {
    resolve("the page was closed");
    log.end();
  });
  return { testsEnd: promise };
}

/** Matches an element whose whole text this is. */
export function exactly(text: string): RegExp {
  return new RegExp(`^\\s*${text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\s*$`);
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  const defined: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) defined[name] = value;
  return defined;
}
