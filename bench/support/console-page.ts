import type { Browser, CDPSession, Page } from "playwright-core";

/** What blocked a page for so long that people may notice. */
export type Stutter = {
  /** Tasks of more than 50 ms, as the Long Tasks API counts them. */
  readonly longTasks: number;
  /** Milliseconds. */
  readonly longestTask: number;
  /** Longest time between two frames, in ms. */
  readonly longestFrame: number;
  /** Frames per second. */
  readonly framesPerSecond: number;
};

/** What a page holds after its garbage was collected. */
export type Memory = {
  /** JavaScript heap, in bytes. */
  readonly heap: number;
  /** Elements and texts, attached or not. */
  readonly nodes: number;
  readonly listeners: number;
};

/** A page of the console that is measured. */
export type MeasuredPage = {
  readonly page: Page;
  /** From the start of the navigation until the list was painted, or that it is empty; in ms. */
  readonly firstView: number;
  /** The scripts that the page has loaded so far: paths and sizes as sent, in bytes. */
  scripts(): Promise<readonly { path: string; bytes: number }[]>;
  /** Measures how smoothly the page runs until some work has ended. */
  stutterOf(work: () => Promise<unknown>): Promise<Stutter>;
  memory(): Promise<Memory>;
  /** Resolves once the newest call of the list has this number. */
  shows(number: number): Promise<unknown>;
  close(): Promise<void>;
};

/** A row of the list, and what is there without rows. */
const listed = "[data-number], .no-calls";

/** Runs in the page before its own scripts, which have no access to types of the browser here. */
const observers = `
  const bench = { tasks: [], frames: [], isMeasured: false };
  globalThis.bench = bench;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) bench.tasks.push(duration);
  }).observe({ type: "longtask" });
  bench.measure = () => {
    bench.tasks.length = 0;
    bench.frames.length = 0;
    bench.isMeasured = true;
    requestAnimationFrame(function frame(time) {
      bench.frames.push(time);
      if (bench.isMeasured) requestAnimationFrame(frame);
    });
  };
  bench.firstView = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("the page shows no list")), 60_000);
    const observer = new MutationObserver(() => {
      if (document.querySelector(${JSON.stringify(listed)})) {
        observer.disconnect();
        // A task after the next frame: it has been painted.
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
      }
    });
    observer.observe(document, { childList: true, subtree: true });
  });`;

/** Opens the list of calls of an emulator in a new context, which has nothing cached. */
export async function openMeasured(browser: Browser, url: string): Promise<MeasuredPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.addInitScript(observers);
  await page.goto(`${url}/`);
  const firstView = (await page.evaluate("bench.firstView")) as number;
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable");
  return {
    page,
    firstView,
    scripts: async () =>
      (await page.evaluate(
        `performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".js"))
          .map(({ name, encodedBodySize }) => ({ path: new URL(name).pathname, bytes: encodedBodySize }))`,
      )) as { path: string; bytes: number }[],
    async stutterOf(work) {
      await page.evaluate("bench.measure()");
      await work();
      const { tasks, frames } = (await page.evaluate("(bench.isMeasured = false, bench)")) as {
        tasks: number[];
        frames: number[];
      };
      const gaps = frames.slice(1).map((time, index) => time - (frames[index] as number));
      return {
        longTasks: tasks.length,
        longestTask: Math.max(0, ...tasks),
        longestFrame: Math.max(...gaps),
        framesPerSecond: 1_000 / (gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length),
      };
    },
    memory: () => memoryOf(session),
    // A locator holds no element: the row can be collected once it has left the list.
    shows: (number) =>
      page.locator(`[data-number="${number}"]`).waitFor({ state: "attached", timeout: 600_000 }),
    close: () => context.close(),
  };
}

async function memoryOf(session: CDPSession): Promise<Memory> {
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  const value = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  return { heap: value("JSHeapUsedSize"), nodes: value("Nodes"), listeners: value("JSEventListeners") };
}
