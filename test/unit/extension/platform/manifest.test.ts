import { readFileSync } from "node:fs";
import * as z from "zod/mini";
import { describe, expect, it } from "vitest";
import {
  COMMAND_IDS,
  CONTEXT_KEYS,
  CONTEXT_VALUES,
  ROWLESS_COMMANDS,
  SCHEMES,
  WEBVIEW_PANELS,
  SETTING_KEYS,
  VIEWS,
  WALKTHROUGH,
} from "../../../../src/extension/ids.ts";
import { SETTINGS } from "../../../../src/extension/platform/settings.ts";

const Menu = z.array(z.object({ command: z.string(), when: z.string(), group: z.optional(z.string()) }));
const Manifest = z.looseObject({
  activationEvents: z.array(z.string()),
  capabilities: z.object({ untrustedWorkspaces: z.object({ supported: z.string() }) }),
  contributes: z.looseObject({
    commands: z.array(z.looseObject({ command: z.string(), title: z.string(), category: z.literal("Muster") })),
    viewsContainers: z.object({ activitybar: z.array(z.looseObject({ id: z.string() })) }),
    views: z.record(z.string(), z.array(z.looseObject({ id: z.string() }))),
    viewsWelcome: z.array(z.object({ view: z.string(), when: z.string(), contents: z.string() })),
    menus: z.record(z.string(), Menu),
    walkthroughs: z.array(
      z.looseObject({
        id: z.string(),
        steps: z.array(
          z.looseObject({
            description: z.string(),
            media: z.object({ svg: z.string(), altText: z.string().check(z.minLength(10)) }),
            completionEvents: z.array(z.string()).check(z.minLength(1)),
          }),
        ),
      }),
    ),
    keybindings: z.array(z.looseObject({ command: z.string(), when: z.string() })),
    configuration: z.looseObject({
      properties: z.record(
        z.string(),
        z.looseObject({ scope: z.string(), default: z.unknown(), enum: z.optional(z.array(z.string())) }),
      ),
    }),
  }),
});

const read = (file: string) => readFileSync(new URL(`../../../../${file}`, import.meta.url), "utf8");
const texts = z.record(z.string(), z.string()).parse(JSON.parse(read("package.nls.json")));
/** As the editor reads it: each text in the place of its name. */
const english = read("package.json").replaceAll(/"%([\w.]+)%"/g, (_, name: string) => JSON.stringify(texts[name]));
const manifest = Manifest.parse(JSON.parse(english));
const { contributes } = manifest;
const steps = contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
const clauses = [
  ...steps.flatMap(({ completionEvents }) => completionEvents),
  ...Object.values(contributes.menus).flatMap((menu) => menu.map(({ when }) => when)),
  ...contributes.viewsWelcome.map(({ when }) => when),
  ...contributes.keybindings.map(({ when }) => when),
];

describe("package.json and ids.ts", () => {
  it("name the same commands", () => {
    expect(contributes.commands.map(({ command }) => command).toSorted()).toEqual(COMMAND_IDS.toSorted());
  });

  it("name the same views and settings", () => {
    const views = Object.entries(contributes.views).flatMap(([container, views]) => [
      container,
      ...views.map(({ id }) => id),
    ]);
    expect(new Set(views)).toEqual(new Set(Object.values(VIEWS)));
    expect(contributes.viewsContainers.activitybar.map(({ id }) => id)).toEqual([VIEWS.container]);
    const keys = SETTING_KEYS.map((key) => `muster.${key}`);
    expect(Object.keys(contributes.configuration.properties).toSorted()).toEqual(keys.toSorted());
  });

  it("EXT-4, EXT-5: leave a workspace no say in what is called, run or paid, and do nothing in Restricted Mode", () => {
    const scopes = Object.entries(contributes.configuration.properties).filter(
      ([, { scope }]) => scope !== "application" && scope !== "machine",
    );
    // How much a person is told.
    expect(scopes.map(([key]) => key)).toEqual(["muster.notifications.level"]);
    expect(manifest.capabilities.untrustedWorkspaces.supported).toBe("limited");
  });

  it("give each setting the same default, scope and choices", () => {
    for (const key of SETTING_KEYS) {
      const property = contributes.configuration.properties[`muster.${key}`];
      const { fallback, scope, schema } = SETTINGS[key];
      expect(property?.default, key).toEqual(fallback);
      expect(property?.scope, key).toBe(scope);
      for (const choice of property?.enum ?? [])
        expect(schema.safeParse(choice).success, `${key}: ${choice}`).toBe(true);
      expect(schema.safeParse(property?.default).success, key).toBe(true);
    }
  });

  it("use only context keys that are set, and use each of them", () => {
    const used = new Set(clauses.flatMap((when) => when.match(/muster:\w+/g) ?? []));
    expect(used).toEqual(new Set(CONTEXT_KEYS));
  });

  it("use only commands and views that exist in menus, keys and welcome texts", () => {
    const known = new Set<string>(COMMAND_IDS);
    const menus = Object.values(contributes.menus).flat();
    const texts = [
      ...contributes.viewsWelcome.map(({ contents }) => contents),
      ...steps.map((step) => step.description),
    ];
    const linked = texts.flatMap((text) => Array.from(text.matchAll(/\(command:([\w.]+)\)/g), ([, id]) => id ?? ""));
    for (const id of [
      ...menus.map(({ command }) => command),
      ...contributes.keybindings.map(({ command }) => command),
      ...linked,
    ]) {
      // Links may also lead to what the editor itself can do.
      if (!id.startsWith("workbench.")) expect(known, id).toContain(id);
    }
    const views = clauses.flatMap((when) => Array.from(when.matchAll(/view == ([\w.]+)/g), ([, id]) => id ?? ""));
    for (const id of [...views, ...contributes.viewsWelcome.map(({ view }) => view)]) {
      expect(Object.values(VIEWS), id).toContain(id);
    }
  });

  it("end each step of the walkthrough with something that was done, and picture it", () => {
    expect(contributes.walkthroughs.map(({ id }) => id)).toEqual([WALKTHROUGH]);
    for (const { completionEvents, media } of steps) {
      // A command that was started is no sign that it has done what the step says.
      for (const event of completionEvents) expect(event).toMatch(/^onContext:muster:\w+$/);
      const svg = readFileSync(new URL(`../../../../${media.svg}`, import.meta.url), "utf8");
      expect(svg, media.svg).toContain("--vscode-foreground");
      expect(svg, media.svg).not.toMatch(/<script|href=|url\(/);
    }
  });

  it("agree on the commands of rows that need no row", () => {
    const commandsOf = (menu: string) => (contributes.menus[menu] ?? []).map(({ command }) => command);
    const titles = commandsOf("view/title");
    expect(new Set(commandsOf("view/item/context").filter((id) => titles.includes(id)))).toEqual(ROWLESS_COMMANDS);
  });

  it("offer menus only on rows that can occur", () => {
    for (const when of clauses) {
      for (const [, value] of when.matchAll(/viewItem == ([\w.]+)/g)) expect(CONTEXT_VALUES, when).toContain(value);
      for (const [, pattern] of when.matchAll(/viewItem =~ \/(.+?)\/(?:\s|$)/g)) {
        const matching = CONTEXT_VALUES.filter((value) => new RegExp(pattern ?? "").test(value));
        expect(matching.length, when).toBeGreaterThan(0);
      }
    }
  });

  it("name no state or mark of a row that there is not", () => {
    const words = new Set(CONTEXT_VALUES.flatMap((value) => value.split(".")));
    for (const when of clauses) {
      for (const [, pattern = ""] of when.matchAll(/viewItem =~ \/(.+?)\/(?:\s|$)/g)) {
        // Of an escaped letter, such as the boundary of a word, only the letter would be left.
        const named = pattern.replaceAll(/\\[a-z]/g, " ").match(/[A-Za-z]+/g) ?? [];
        expect(
          named.filter((word) => !words.has(word)),
          when,
        ).toEqual([]);
      }
    }
  });

  const rowMenu = contributes.menus["view/item/context"] ?? [];
  /** Whether the clause lets the entry be on that row. */
  const fits = (when: string, row: string) => {
    const [, equal] = /viewItem == ([\w.]+)/.exec(when) ?? [];
    const [, pattern] = /viewItem =~ \/(.+?)\/(?:\s|$)/.exec(when) ?? [];
    return equal === row || (pattern !== undefined && new RegExp(pattern).test(row));
  };
  const offered = (row: string) => new Set(rowMenu.filter(({ when }) => fits(when, row)).map(({ command }) => command));

  it("offer on a row whose host is out of sight nothing that the host would have to do", () => {
    const always = ["muster.agent.open", "muster.agent.copyLink"];
    expect(offered("agent.stale")).toEqual(new Set([...always, "muster.agent.pin"]));
    expect(offered("agent.stale.pinned.unread")).toEqual(new Set([...always, "muster.agent.unpin"]));
  });

  it("offer to update from the base what rests and has a branch", () => {
    const rows = ["agent.review", "agent.done.unread", "agent.failed", "agent.pullRequest.conflicts"];
    for (const row of rows) expect(offered(row), row).toContain("muster.agent.updateFromBase");
    for (const row of ["agent.review.plain", "agent.working", "agent.stale", "agent.archived"])
      expect(offered(row), row).not.toContain("muster.agent.updateFromBase");
  });

  it("offer a pull request only on rows whose host pushes branches", () => {
    const offers = rowMenu.filter(({ command }) => command === "muster.agent.createPullRequest");
    for (const { when } of offers) {
      const rows = CONTEXT_VALUES.filter((value) => fits(when, value));
      expect(rows.length, when).toBeGreaterThan(0);
      for (const row of rows) expect(row).not.toMatch(/\.plain\b/);
    }
    const inPalette = contributes.menus["commandPalette"]?.find(
      ({ command }) => command === "muster.agent.createPullRequest",
    );
    expect(inPalette?.when).toBe("muster:canShip");
  });

  it("offer on a row whose host has the fleet plane all that is offered on the others, and more", () => {
    for (const row of CONTEXT_VALUES.filter((value) => value.includes(".plain"))) {
      const rich = offered(row.replace(".plain", ""));
      expect(Array.from(rich), row).toEqual(expect.arrayContaining(Array.from(offered(row))));
      expect(offered(row).has("muster.agent.setBudget"), row).toBe(false);
    }
    expect(offered("agent.working").has("muster.agent.setBudget")).toBe(true);
  });

  it("offer the same on an agent's row whether it is pinned, unread or neither, but for these marks themselves", () => {
    const marks = new Set<string>(["pin", "unpin", "markRead", "markUnread"].map((id) => `muster.agent.${id}`));
    const others = (row: string) => Array.from(offered(row)).filter((command) => !marks.has(command));
    for (const row of CONTEXT_VALUES.filter((value) => /\.(pinned|unread)$/.test(value))) {
      expect(others(row), row).toEqual(others(row.replace(/\.(pinned|unread).*$/, "")));
    }
  });

  it("show at most three actions in a row", () => {
    for (const value of CONTEXT_VALUES) {
      const inline = rowMenu.filter(({ when, group }) => group?.startsWith("inline") && fits(when, value));
      expect(inline.length, value).toBeLessThanOrEqual(3);
    }
  });

  it("wake the extension for links, and panels and diffs of an earlier window, and for nothing at start-up", () => {
    expect(manifest.activationEvents.toSorted()).toEqual([
      // A diff of an earlier window: VS Code asks for a provider of the scheme by this event.
      `onFileSystem:${SCHEMES.revision}`,
      // A link to add a host.
      "onUri",
      ...WEBVIEW_PANELS.map((viewType) => `onWebviewPanel:${viewType}`).toSorted(),
    ]);
  });
});
