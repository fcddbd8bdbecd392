import type { BrowserContext } from "playwright-core";

/** A file of this machine as the workbench names it. */
export interface RemoteUri {
  readonly scheme: "vscode-remote";
  readonly authority: string;
  readonly path: string;
}

export interface BootOptions {
  /** Merged into the workbench's construction options, one level deep. */
  readonly construction: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Gives the built-in GitHub provider a session from the start. */
  readonly authSession?: Readonly<Record<string, unknown>>;
}

/**
 * Changes what the workbench reads from its page at boot: development extensions, product options and the web session of
 * the GitHub provider. It is done in the page, since a document that Playwright fulfils itself has no address, and
 * Chromium then refuses its WebSocket to loopback.
 */
export async function patchBoot(context: BrowserContext, options: BootOptions): Promise<void> {
  await context.addInitScript(({ construction, authSession }: BootOptions) => {
    const original = Reflect.get(Element.prototype, "getAttribute");
    Element.prototype.getAttribute = function getAttribute(name: string): string | null {
      const value: unknown = Reflect.apply(original, this, [name]);
      const text = typeof value === "string" ? value : null;
      if (name !== "data-settings") return text;
      if (this.id === "vscode-workbench-auth-session" && authSession) return JSON.stringify(authSession);
      if (this.id !== "vscode-workbench-web-configuration" || text === null) return text;
      const settings: Record<string, object> = JSON.parse(text);
      for (const [key, added] of Object.entries(construction)) settings[key] = { ...settings[key], ...added };
      return JSON.stringify(settings);
    };
  }, options);
}

/** The scopes under which VS Code's GitHub provider, and extensions that follow it, look for a session. */
const githubScopes = [
  ["repo"],
  ["read:user"],
  ["user:email"],
  ["read:user", "user:email"],
  ["repo", "read:user", "user:email"],
  ["repo", "workflow"],
];

export function githubSession(accessToken: string): Readonly<Record<string, unknown>> {
  return { id: "harness", providerId: "github", accessToken, scopes: githubScopes };
}
