import { mkdir, mkdtemp } from "node:fs/promises";
import path from "node:path";
import { Lifetime } from "./lifetime.ts";
import { startServer, type ServerOptions } from "./server.ts";

export interface InteractiveOptions extends Omit<ServerOptions, "outputDir"> {
  /** The folder to open; default: an empty one. */
  readonly workspaceFolder?: string;
  /** Where `logs/` goes; default: `test-results` of the checkout. */
  readonly outputDir?: string;
}

export interface InteractiveVsCode {
  /** To be opened in a browser on this machine; holds the token that lets it in. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * VS Code in the browser for a person: the server alone, with the given extensions installed and settings written. The
 * address is loopback by number, since webviews need an origin that the browser trusts.
 */
export async function openInteractive(options: InteractiveOptions): Promise<InteractiveVsCode> {
  const outputDir = path.resolve(options.outputDir ?? path.resolve(import.meta.dirname, "../../../test-results"));
  await mkdir(outputDir, { recursive: true });
  const lifetime = new Lifetime();
  try {
    const server = await startServer(lifetime, { ...options, outputDir });
    const folder = options.workspaceFolder ?? (await mkdtemp(path.join(server.tempDir, "folder-")));
    const query = new URLSearchParams({ tkn: server.token, folder: path.resolve(folder) });
    return { url: `http://127.0.0.1:${server.port}/?${query}`, close: () => lifetime.end() };
  } catch (error) {
    await lifetime.end();
    throw error;
  }
}
