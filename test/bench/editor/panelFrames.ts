import type { Page } from "playwright-core";

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

/** Turns the wheel over the middle of the page, as fast as a person does, for so long. */
export async function wheel(page: Page, deltaY: number, ms: number): Promise<void> {
  await page.mouse.move(500, 500);
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs) {
    await page.mouse.wheel(0, deltaY);
    await page.waitForTimeout(12);
  }
}
