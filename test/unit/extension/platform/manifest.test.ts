import { readFileSync } from "node:fs";
import * as z from "zod/mini";
import { describe, expect, it } from "vitest";
import {
  COMMAND_IDS,
  CONTEXT_KEYS,
  CONTEXT_VALUES,
  SCHEMES,
  SESSION_PANEL,
  SETTING_KEYS,
  VIEWS,
} from "../../../../src/extension/ids.ts";
import { SETTINGS } from "../../../../src/extension/platform/settings.ts";

const Menu = z.array(z.object({ command: z.string(), when: z.string(), group: z.optional(z.string()) }));
const Manifest = z.looseObject({
  activationEvents: z.array(z.string()),
  contributes: z.looseObject({
    commands: z.array(z.looseObject({ command: z.string(), title: z.string(), category: z.literal("Muster") })),
    viewsContainers: z.object({ activitybar: z.array(z.looseObject({ id: z.string() })) }),
    views: z.record(z.string(), z.array(z.looseObject({ id: z.string() }))),
    viewsWelcome: z.array(z.object({ view: z.string(), when: z.string(), contents: z.string() })),
    menus: z.record(z.string(), Menu),
    keybindings: z.array(z.looseObject({ command: z.string(), when: z.string() })),
    configuration: z.looseObject({
      properties: z.record(
        z.string(),
        z.looseObject({ scope: z.string(), default: z.unknown(), enum: z.optional(z.array(z.string())) }),
      ),
    }),
  }),
});

const manifest = Manifest.parse(JSON.parse(readFileSync(new URL("../../../../package.json", import.meta.url), "utf8")));
const { contributes } = manifest;
const clauses = [
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
    const linked = contributes.viewsWelcome.flatMap(({ contents }) =>
      Array.from(contents.matchAll(/\(command:([\w.]+)\)/g), ([, id]) => id ?? ""),
    );
    for (const id of [
      ...menus.map(({ command }) => command),
      ...contributes.keybindings.map(({ command }) => command),
      ...linked,
    ]) {
      expect(known, id).toContain(id);
    }
    const views = clauses.flatMap((when) => Array.from(when.matchAll(/view == ([\w.]+)/g), ([, id]) => id ?? ""));
    for (const id of [...views, ...contributes.viewsWelcome.map(({ view }) => view)]) {
      expect(Object.values(VIEWS), id).toContain(id);
    }
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

  it("offer nothing but opening on a row whose host is out of sight", () => {
    const offered = (contributes.menus["view/item/context"] ?? []).filter(({ when }) => {
      const [, equal] = /viewItem == ([\w.]+)/.exec(when) ?? [];
      const [, pattern] = /viewItem =~ \/(.+?)\/(?:\s|$)/.exec(when) ?? [];
      return equal === "agent.stale" || (pattern !== undefined && new RegExp(pattern).test("agent.stale"));
    });
    expect(offered.map(({ command }) => command)).toEqual(["muster.agent.open"]);
  });

  it("offer a pull request only on rows whose host pushes branches", () => {
    const offers = (contributes.menus["view/item/context"] ?? []).filter(
      ({ command }) => command === "muster.agent.createPullRequest",
    );
    for (const { when } of offers) {
      const [, equal] = /viewItem == ([\w.]+)/.exec(when) ?? [];
      const [, pattern] = /viewItem =~ \/(.+?)\/(?:\s|$)/.exec(when) ?? [];
      const rows = CONTEXT_VALUES.filter((value) => value === equal || (pattern && new RegExp(pattern).test(value)));
      expect(rows.length, when).toBeGreaterThan(0);
      for (const row of rows) expect(row).toMatch(/\.ships$/);
    }
    const inPalette = contributes.menus["commandPalette"]?.find(
      ({ command }) => command === "muster.agent.createPullRequest",
    );
    expect(inPalette?.when).toBe("muster:canShip");
  });

  it("offer on a row whose host pushes branches all that is offered on the others", () => {
    const offered = (row: string) =>
      (contributes.menus["view/item/context"] ?? [])
        .filter(({ when }) => {
          const [, equal] = /viewItem == ([\w.]+)/.exec(when) ?? [];
          const [, pattern] = /viewItem =~ \/(.+?)\/(?:\s|$)/.exec(when) ?? [];
          return equal === row || (pattern !== undefined && new RegExp(pattern).test(row));
        })
        .map(({ command }) => command);
    for (const row of CONTEXT_VALUES.filter((value) => value.endsWith(".ships"))) {
      expect(offered(row), row).toEqual(expect.arrayContaining(offered(row.replace(/\.ships$/, ""))));
    }
  });

  it("show at most three actions in a row", () => {
    for (const value of CONTEXT_VALUES) {
      const inline = (contributes.menus["view/item/context"] ?? []).filter(({ when, group }) => {
        const [, equal] = /viewItem == ([\w.]+)/.exec(when) ?? [];
        const [, pattern] = /viewItem =~ \/(.+?)\/(?:\s|$)/.exec(when) ?? [];
        return group?.startsWith("inline") && (equal === value || (pattern && new RegExp(pattern).test(value)));
      });
      expect(inline.length, value).toBeLessThanOrEqual(3);
    }
  });

  it("wake the extension for panels and diffs of an earlier window, and for nothing at start-up", () => {
    expect(manifest.activationEvents.toSorted()).toEqual([
      // A diff of an earlier window: VS Code asks for a provider of the scheme by this event.
      `onFileSystem:${SCHEMES.revision}`,
      `onWebviewPanel:${SESSION_PANEL}`,
    ]);
  });
});
