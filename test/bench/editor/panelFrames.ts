import type { Page } from "playwright-core";
import * as z from "zod/mini";

export interface Frames {
  readonly perSecond: number;
  /** The longest task of the page's thread, in ms; 0 if none was longer than 50 ms. */
  readonly longestTaskMs: number;
  /** The longest time between two frames, in ms. */
  readonly longestFrameMs: number;
  /** Elements on the page at the end. */
  readonly nodes: number;
  /** Of the page's script, in bytes. */
  readonly heapBytes: number;
}

/** Counts frames while something happens. */
export async function countFrames(page: Page, act: () => Promise<unknown>): Promise<Frames> {
  await page.evaluate(() => {
    const counted = { frames: 0, longestFrameMs: 0, longestTaskMs: 0, startMs: performance.now(), isOver: false };
    Object.assign(globalThis, { counted });
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) counted.longestTaskMs = Math.max(counted.longestTaskMs, duration);
    });
    observer.observe({ type: "longtask" });
    let lastMs = performance.now();
    const frame = (nowMs: number) => {
      counted.frames += 1;
      counted.longestFrameMs = Math.max(counted.longestFrameMs, nowMs - lastMs);
      lastMs = nowMs;
      if (!counted.isOver) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await act();
  return page.evaluate(() => {
    const counted = Reflect.get(globalThis, "counted");
    counted.isOver = true;
    return {
      perSecond: (counted.frames * 1000) / (performance.now() - counted.startMs),
      longestTaskMs: counted.longestTaskMs,
      longestFrameMs: counted.longestFrameMs,
      nodes: document.querySelectorAll("*").length,
      heapBytes: Reflect.get(performance, "memory")?.usedJSHeapSize ?? 0,
    };
  });
}

/**
 * As `countFrames`, with the CPU of the longest task of a page's thread in the browser, however short: the wall's time of a
 * task tells of what else the machine does.
 */
export async function traceFrames(page: Page, act: () => Promise<unknown>): Promise<Frames> {
  const browser = page.context().browser();
  await browser?.startTracing(page, { categories: ["toplevel"] });
  const frames = await countFrames(page, act);
  const trace = await browser?.stopTracing();
  return { ...frames, longestTaskMs: longestTaskOf(Trace.parse(JSON.parse(String(trace))).traceEvents) };
}

/** Events of the trace that a browser writes; times in microseconds. */
const Trace = z.object({
  traceEvents: z.array(
    z.looseObject({
      name: z.string(),
      pid: z.number(),
      tid: z.number(),
      /** Of the thread's CPU. */
      tdur: z.optional(z.number()),
      args: z.looseObject({ name: z.optional(z.string()) }),
    }),
  ),
});

function longestTaskOf(events: z.infer<typeof Trace>["traceEvents"]): number {
  const threadOf = ({ pid, tid }: { readonly pid: number; readonly tid: number }) => `${pid} ${tid}`;
  const pages = new Set(events.filter(({ args }) => args.name === "CrRendererMain").map(threadOf));
  const tasks = events.filter((event) => event.name.endsWith("RunTask") && pages.has(threadOf(event)));
  if (tasks.length === 0) throw new Error("The browser traced no task of a page.");
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
}

/** Turns the wheel over the middle of the page, as fast as a person does, for so long. */
export async function wheel(page: Page, deltaY: number, ms: number): Promise<void> {
  await page.mouse.move(500, 500);
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs) {
    await page.mouse.wheel(0, deltaY);
    await page.waitForTimeout(12);
  }
}
