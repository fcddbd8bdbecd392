import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { Dice } from "../../support/dice.ts";
import { Lifetime } from "../../support/vscode/lifetime.ts";
import { writeSettings } from "../../support/vscode/server.ts";
import { startVsCode, type VsCode } from "../../support/vscode/workbench.ts";
import { compare, median, percentile } from "../measure.ts";
import { at, type BenchOptions, type Part } from "../suite.ts";
import { packBuilt, temporaryFolder } from "./builtEditor.ts";
import { startListHost } from "./listHost.ts";

/** What feels immediate to somebody who looks on. */
const immediateMs = 100;

interface Seen {
  /** From the click on the container until the first agent's row is drawn, in ms. */
  readonly firstPaintMs: number;
  /** From the host's message until its words are drawn, in ms, by update: each sent when the last one was drawn. */
  readonly followingMs: readonly number[];
  /** The same of updates that come at moments of their own. */
  readonly scatteredMs: readonly number[];
  /** CPU of the extension host for one update, in ms; `undefined` where the system does not tell. */
  readonly cpuMs: number | undefined;
}

/** The Agents tree of a real workbench, on hosts with few and with many sessions. */
export const list: Part = async (options) => {
  const lifetime = new Lifetime();
  try {
    const folder = await temporaryFolder(lifetime);
    const vscode = await startVsCode({ name: "bench-list", vsix: [await packBuilt(folder)] });
    lifetime.defer(() => vscode.close());
    const counts = [10, at(options, 1_000, 1_000, 20), at(options, 10_000, 10_000, 30)] as const;
    // A first window fills the caches of the server and is not counted.
    await look(vscode, 10, { ...options, scale: "tiny" });
    const seen = new Map<number, Seen[]>(counts.map((count) => [count, []]));
    for (let round = 0; round < at(options, 3, 1, 1); round++) {
      for (const count of counts) seen.get(count)?.push(await look(vscode, count, options));
    }
    const of = (count: number) => seen.get(count) ?? [];
    const [few, many, most] = counts;
    const paints = (count: number) => of(count).map(({ firstPaintMs }) => firstPaintMs);
    const untilDrawn = (count: number, how: string, latencies: readonly number[]) => [
      compare(`${count} sessions: ${how} until drawn, p50 / ${immediateMs} ms`, median(latencies), immediateMs, {
        atMost: 1,
      }),
      compare(
        `${count} sessions: ${how} until drawn, p99 / ${immediateMs} ms`,
        percentile(latencies, 0.99),
        immediateMs,
        { atMost: 2 },
      ),
    ];
    const cpu = (count: number) => of(count).flatMap(({ cpuMs }) => cpuMs ?? []);
    if (cpu(few).length === 0) options.note("list: CPU of the extension host: NOT MEASURED, this system does not tell");
    return [
      compare(`first row of ${many} sessions / of ${few}, ms after the click`, paints(many), paints(few), {
        atMost: 1.3,
      }),
      compare(`first row of ${most} sessions / of ${few}, ms after the click`, paints(most), paints(few), {
        atMost: 1.3,
      }),
      ...[few, many, most].flatMap((count) => {
        const scattered = of(count).flatMap(({ scatteredMs }) => scatteredMs);
        const following = of(count).flatMap(({ followingMs }) => followingMs);
        return [
          ...untilDrawn(count, "host's message, four a second,", scattered),
          ...untilDrawn(count, "host's message after the last was drawn", following),
        ];
      }),
      ...(cpu(few).length === 0
        ? []
        : [
            compare(`one update among ${many} / among ${few}, ms CPU of the extension host`, cpu(many), cpu(few), {
              atMost: 1.3,
            }),
            compare(`one update among ${most} / among ${few}, ms CPU of the extension host`, cpu(most), cpu(few), {
              atMost: 1.3,
            }),
          ]),
    ];
  } finally {
    await lifetime.end();
  }
};

async function look(vscode: VsCode, count: number, options: BenchOptions): Promise<Seen> {
  const host = await startListHost(count);
  const hosts = [{ id: "bench", name: "Bench", url: host.url }];
  await writeSettings(vscode.server.dataDir, { "muster.hosts": hosts, "muster.notifications.level": "off" });
  const workbench = await vscode.openWindow();
  try {
    const firstPaintMs = await firstPaint(workbench.page);
    await standsStill(workbench.page);
    const session = await visibleSession(workbench.page, host.titles);
    // The first updates find code that was never run.
    for (let update = 0; update < 5; update++) await drawn(workbench.page, host.update(session));
    const followingMs: number[] = [];
    const cpuBefore = extensionHostCpuMs(vscode.server.tempDir);
    const updates = at(options, 100, 50, 3);
    for (let update = 0; update < updates; update++) {
      followingMs.push(await drawn(workbench.page, host.update(session)));
    }
    const cpuAfter = extensionHostCpuMs(vscode.server.tempDir);
    const cpuMs = cpuBefore === undefined || cpuAfter === undefined ? undefined : (cpuAfter - cpuBefore) / updates;
    const scatteredMs = await scattered(workbench.page, () => host.update(session), updates);
    return { firstPaintMs, followingMs, scatteredMs, cpuMs };
  } finally {
    host.close();
    await workbench.close();
  }
}

/** Clicks on Muster in the activity bar; the time is taken inside the page, when the frame with the first row is out. */
async function firstPaint(page: Page): Promise<number> {
  await page.locator('.activitybar .action-item:has(a[aria-label^="Muster"]) a').first().waitFor();
  return page.evaluate(async () => {
    const tab = document.querySelector<HTMLElement>('.activitybar .action-item a[aria-label^="Muster"]');
    const { promise, resolve } = Promise.withResolvers<number>();
    const clickedAt = performance.now();
    const look = () => {
      if (document.querySelector('.sidebar .monaco-list-row[aria-level="2"]') === null) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - clickedAt)));
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { childList: true, subtree: true });
    tab?.click();
    return promise;
  });
}

/** The list grows page by page, and what could be seen moves on: waits until nothing has been drawn for longer than that lets it. */
async function standsStill(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let timer = setTimeout(resolve, 3000);
    const observer = new MutationObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(resolve, 3000);
    });
    observer.observe(document.querySelector(".part.sidebar") ?? document.body, { childList: true, subtree: true });
    await promise;
    observer.disconnect();
  });
}

/** The number of a session whose row can be seen. */
async function visibleSession(page: Page, titles: readonly string[]): Promise<number> {
  const labels = await page
    .locator('.sidebar .monaco-list-row[aria-level="2"]')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-label") ?? ""));
  const index = titles.findIndex((title) => labels.some((label) => label.startsWith(lineOf(title))));
  if (index === -1) throw new Error(`No row has the title of a session: ${labels.slice(0, 3).join(" | ")}`);
  return index;
}

/** As rows show a title. */
function lineOf(title: string): string {
  return title.replaceAll(/\s+/g, " ").trim();
}

interface Update {
  /** More than any update before it, and than any other session has. */
  readonly adds: number;
  readonly sentAt: number;
}

/** Milliseconds from the host's message until the frame with its words, or those of a later one, is out. Both clocks are this machine's. */
async function drawn(page: Page, { adds, sentAt }: Update): Promise<number> {
  const drawnAt = await page.evaluate(async (wanted) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    setTimeout(() => reject(new Error(`The row did not come to show +${wanted}.`)), 20_000);
    const pane = document.querySelector(".part.sidebar");
    const look = () => {
      const shown = Number(/\+(\d{4,})\b/.exec(pane?.textContent ?? "")?.[1]);
      if (!(shown >= wanted)) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(Date.now())));
    };
    const observer = new MutationObserver(look);
    if (pane) observer.observe(pane, { childList: true, subtree: true, characterData: true });
    look();
    return promise;
  }, adds);
  return drawnAt - sentAt;
}

/** As `drawn`, of updates at random moments, four a second on average: what is drawn with a later one was drawn then. */
async function scattered(page: Page, update: () => Update, count: number): Promise<number[]> {
  const dice = new Dice(count);
  const latencies: Promise<number>[] = [];
  for (let sent = 0; sent < count; sent++) {
    await sleep(-250 * Math.log(1 - dice.next()));
    latencies.push(drawn(page, update()));
  }
  return Promise.all(latencies);
}

/**
 * User and system time of the last window's extension host, by proc(5) in ticks of a hundredth of a second. Those of
 * closed windows live on for the server's grace time.
 */
function extensionHostCpuMs(tempDir: string): number | undefined {
  try {
    const ofProcess = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        const command = readQuietly(`/proc/${pid}/cmdline`);
        if (!command.includes("--type=extensionHost")) return [];
        if (!readQuietly(`/proc/${pid}/environ`).includes(`TMPDIR=${tempDir}`)) return [];
        const fields = readQuietly(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
        return [{ startedAt: Number(fields[19]), ms: (Number(fields[11]) + Number(fields[12])) * 10 }];
      });
    return ofProcess.toSorted((a, b) => b.startedAt - a.startedAt)[0]?.ms;
  } catch {
    return undefined;
  }
}

function readQuietly(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
