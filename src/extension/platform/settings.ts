import * as vscode from "vscode";
import * as z from "zod/mini";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { Emitter, type Event } from "../../base/emitter.ts";
import type { SettingKey } from "../ids.ts";

const GitHubServer = z.object({
  /** Host name of the git remotes, such as `github.example.com`. */
  host: z.string(),
  apiUrl: z.string(),
  /** Id of the authentication provider that signs in to it. */
  authProvider: z.string(),
});
export type GitHubServer = z.infer<typeof GitHubServer>;

const NotificationLevel = z.enum(["all", "needsYou", "off"]);
export type NotificationLevel = z.infer<typeof NotificationLevel>;

interface SettingValues {
  /** As a person wrote it; `hosts/` parses each record and keeps the good ones. */
  hosts: readonly unknown[];
  "github.servers": readonly GitHubServer[];
  "notifications.level": NotificationLevel;
  /** As a person wrote it; `launch/` parses each. */
  "launch.templates": readonly unknown[];
  "pullRequests.archiveOnMerge": boolean;
  "pullRequests.fixAttempts": number;
  "pullRequests.fixBudgetUsd": number;
}

/** Every `muster.*` setting: its shape, its fallback, and whether a workspace may have a say in it. */
export const SETTINGS: {
  [K in SettingKey]: { schema: z.ZodMiniType<SettingValues[K]>; fallback: SettingValues[K]; scope: SettingScope };
} = {
  hosts: { schema: z.array(z.unknown()), fallback: [], scope: "application" },
  "github.servers": {
    schema: z.array(GitHubServer),
    fallback: [{ host: "github.com", apiUrl: "https://api.github.com", authProvider: "github" }],
    scope: "application",
  },
  "notifications.level": { schema: NotificationLevel, fallback: "needsYou", scope: "window" },
  // A workspace must not put words into a launch.
  "launch.templates": { schema: z.array(z.unknown()), fallback: [], scope: "application" },
  "pullRequests.archiveOnMerge": { schema: z.boolean(), fallback: false, scope: "application" },
  "pullRequests.fixAttempts": { schema: z.number().check(z.minimum(1)), fallback: 3, scope: "application" },
  "pullRequests.fixBudgetUsd": { schema: z.number().check(z.minimum(0)), fallback: 5, scope: "application" },
};

/** `application`: endpoints and the like. Only the user's own settings count, whatever a workspace says. */
export type SettingScope = "application" | "window";

/** The one reader and writer of `muster.*` settings. */
export class Settings implements Disposable {
  readonly #owned = new Disposables();
  readonly #changed: Emitter<SettingKey>;
  readonly onDidChange: Event<SettingKey>;

  constructor(onError: (error: unknown) => void) {
    this.#changed = this.#owned.add(new Emitter<SettingKey>(onError));
    this.onDidChange = this.#changed.event;
    this.#owned.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        for (const key of Object.keys(SETTINGS) as SettingKey[]) {
          if (event.affectsConfiguration(`muster.${key}`)) this.#changed.fire(key);
        }
      }),
    );
  }

  /** Settings files are user input, so a value of the wrong shape falls back rather than spreading. */
  read<K extends SettingKey>(key: K): SettingValues[K] {
    const { schema, fallback, scope } = SETTINGS[key];
    const configuration = vscode.workspace.getConfiguration("muster");
    // A workspace cannot set an application-scoped setting through the editor, but its file may still name one.
    const value = scope === "application" ? configuration.inspect(key)?.globalValue : configuration.get(key);
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed.data : fallback;
  }

  /** Nobody has given it another value. */
  isDefault(key: SettingKey): boolean {
    return JSON.stringify(this.read(key)) === JSON.stringify(SETTINGS[key].fallback);
  }

  /** Shows it where the person can change it. */
  async open(key: SettingKey): Promise<void> {
    await vscode.commands.executeCommand("workbench.action.openSettings", `muster.${key}`);
  }

  /** Writes to the user's own settings. */
  async write<K extends SettingKey>(key: K, value: SettingValues[K]): Promise<void> {
    await vscode.workspace.getConfiguration("muster").update(key, value, vscode.ConfigurationTarget.Global);
  }

  dispose(): void {
    this.#owned.dispose();
  }
}
