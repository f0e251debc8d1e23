/**
 * Measures the console in Chromium against `mdps dev` of the built package. With `--minutes N` it only keeps a page open for
 * that long, while 50 calls arrive per second.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { startBrowser } from "../test/browser/open-console.ts";
import { buildPackage } from "./support/build.ts";
import { type Memory, openMeasured, type Stutter } from "./support/console-page.ts";
import { median } from "./support/load.ts";
import { pushCalls } from "./support/push-calls.ts";
import { writeSection } from "./support/report.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const { values } = parseArgs({ options: { minutes: { type: "string" } } });
const minutes = Number(values.minutes ?? 0);
if (!(minutes >= 0)) {
  throw new Error("--minutes must be a number, such as 60");
}

const dist = join(import.meta.dirname, "../dist");
const files = join(dist, "gen-console");

/** Calls per second of a busy test environment, and how many that is in an hour. */
const callsPerSecond = 50;
const callsPerHour = callsPerSecond * 3_600;

/** Calls that the list holds by itself, and how many arrive per second in the measurement of a burst. */
const listedCalls = 10_000;
const burstRate = 500;

buildPackage();
const browser = await startBrowser();
try {
  if (minutes > 0) {
    await runFor(browser, minutes);
  } else {
    await measureAll(browser);
  }
} finally {
  await browser.close();
}

async function measureAll(browser: Browser): Promise<void> {
  const starts = await startTimes();
  const views = await firstViews(browser);
  await using dev = await startDev();
  const measured = await openMeasured(browser, dev.url);
  const loaded = (await measured.scripts()).map(({ path }) => basename(path));
  const all = readdirSync(files).filter((name) => name.endsWith(".js"));
  const before = await measured.memory();

  const burst = await measured.stutterOf(async () => {
    await pushCalls(dev.url, listedCalls, burstRate);
    await measured.shows(listedCalls);
  });
  const scrolling = await measured.stutterOf(() => scroll(measured.page));
  const held = await measured.memory();
  await measured.page.evaluate(`document.querySelector(".calls-box").scrollTo({ top: 0 })`);
  await pushCalls(dev.url, callsPerHour - listedCalls);
  await measured.shows(callsPerHour);
  const later = await measured.memory();
  await measured.close();

  const ms = (times: readonly number[]) => `${median(times).toFixed(0)} ms`;
  const spread = (times: readonly number[]) =>
    `${Math.min(...times).toFixed(0)} to ${Math.max(...times).toFixed(0)}`;
  writeSection("console", [
    ["figure", "", "spread", "target"],
    ["scripts of the first view, gzip", kilobytes(loaded, gzipSync), "", "150 kB"],
    ["the same, brotli", kilobytes(loaded, brotliCompressSync), "", "150 kB"],
    ["all scripts, gzip", kilobytes(all, gzipSync), "", ""],
    ["all scripts, brotli", kilobytes(all, brotliCompressSync), "", ""],
    ["first view of an emulator that has just started", ms(views.empty), spread(views.empty), ""],
    ["first view of a list of 1000 calls", ms(views.full), spread(views.full), ""],
    ...stutterRows(`${listedCalls} calls arrive, ${burstRate} per second`, burst),
    ...stutterRows(`a list of ${listedCalls} calls is scrolled to its end`, scrolling),
    ["memory without calls", memoryText(before), "", ""],
    [`memory after ${listedCalls} calls`, memoryText(held), "", ""],
    [`memory after ${callsPerHour} calls`, memoryText(later), "", ""],
    ["`mdps dev` until it listens", ms(starts.with), spread(starts.with), ""],
    ["the same without files of the console", ms(starts.without), spread(starts.without), ""],
  ]);
}

/** Keeps a page open while calls arrive, and reads its memory ten times. */
async function runFor(browser: Browser, length: number): Promise<void> {
  await using dev = await startDev();
  const measured = await openMeasured(browser, dev.url);
  const rows = [row(0, await measured.memory())];
  const calls = Math.round((length * 60 * callsPerSecond) / 10);
  for (let part = 1; part <= 10; part++) {
    const stutter = await measured.stutterOf(() => pushCalls(dev.url, calls, callsPerSecond));
    await measured.shows(part * calls);
    rows.push(row((part * length) / 10, await measured.memory(), stutter));
    console.error(rows.at(-1)?.join("  "));
  }
  await measured.close();
  writeSection("console-run", [
    ["minutes", "calls", "memory", "tasks over 50 ms", "longest", "frames per second"],
    ...rows,
  ]);

  function row(minute: number, memory: Memory, stutter?: Stutter): string[] {
    return [
      minute.toFixed(length < 10 ? 1 : 0),
      String(Math.round(minute * 60 * callsPerSecond)),
      memoryText(memory),
      ...(stutter
        ? [
            String(stutter.longTasks),
            `${stutter.longestTask.toFixed(0)} ms`,
            stutter.framesPerSecond.toFixed(0),
          ]
        : ["", "", ""]),
    ];
  }
}

function stutterRows(what: string, { longTasks, longestTask, longestFrame, framesPerSecond }: Stutter) {
  return [
    [
      `tasks over 50 ms while ${what}`,
      `${longTasks}`,
      longTasks > 0 ? `at most ${longestTask.toFixed(0)} ms` : "",
      "0",
    ],
    ["frames per second meanwhile", framesPerSecond.toFixed(0), `longest ${longestFrame.toFixed(0)} ms`, ""],
  ];
}

function memoryText({ heap, nodes, listeners }: Memory): string {
  return `${(heap / 2 ** 20).toFixed(1)} MiB, ${nodes} nodes, ${listeners} listeners`;
}

function kilobytes(names: readonly string[], compress: (content: Buffer) => Buffer): string {
  const bytes = names.map((name) => compress(readFileSync(join(files, name))).length);
  return `${(bytes.reduce((sum, each) => sum + each, 0) / 1_000).toFixed(0)} kB`;
}

/** Scrolls 20 rows of 32 pixels per frame to the end of the list. */
async function scroll(page: Awaited<ReturnType<typeof openMeasured>>["page"]): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const box = document.querySelector(".calls-box");
    const end = box.scrollHeight - box.clientHeight;
    let top = 0;
    requestAnimationFrame(function frame() {
      box.scrollTop = top += 640;
      if (top >= end) resolve();
      else requestAnimationFrame(frame);
    });
  })`);
}

/** Measures the first view of emulators that have just started, and of one that has calls. The browser runs already. */
async function firstViews(browser: Browser) {
  const views = { empty: [] as number[], full: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    await using dev = await startDev();
    const empty = await openMeasured(browser, dev.url);
    await empty.close();
    await pushCalls(dev.url, 1_000);
    const full = await openMeasured(browser, dev.url);
    await full.close();
    // The first round warms up the browser.
    if (round > 0) {
      views.empty.push(empty.firstView);
      views.full.push(full.firstView);
    }
  }
  return views;
}

/** Measures from the start of a process until it says that it listens, with and without the console in the package. */
async function startTimes() {
  const times = { with: [] as number[], without: [] as number[] };
  const aside = join(dist, "gen-console-aside");
  for (let round = 0; round <= rounds; round++) {
    for (const which of ["with", "without"] as const) {
      if (which === "without") {
        renameSync(files, aside);
      }
      const began = performance.now();
      try {
        await using _ = await startDev();
        if (round > 0) {
          times[which].push(performance.now() - began);
        }
      } finally {
        if (which === "without") {
          renameSync(aside, files);
        }
      }
    }
  }
  return times;
}

/** Starts `mdps dev` of the built package, with a data directory of its own. */
async function startDev(): Promise<AsyncDisposable & { url: string }> {
  const data = mkdtempSync(join(tmpdir(), "mdps-bench-"));
  const args = [join(dist, "src/cli/main.js"), "dev", "--port", "0", "--json", "--any-token", "--data", data];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
  const failed = ended.then(([code]) => Promise.reject(new Error(`mdps dev exited with ${code}`)));
  const [line] = (await Promise.race([once(lines, "line"), failed])) as [string];
  return {
    url: (JSON.parse(line) as { url: string }).url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}
