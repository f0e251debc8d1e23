import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { findChromium } from "../interop/browser/find-chromium.ts";

const executablePath = findChromium();

/** Why tests in a browser are skipped, as the end of a title; empty if they are not. */
export const whySkipped = executablePath === undefined ? " (skipped: chromium is not installed)" : "";

/** Starts Chromium. Its sandbox needs a user other than root. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: executablePath as string, args: ["--no-sandbox"] });
}

/** The console in a browser, with nothing kept from other tests. */
export type OpenConsole = {
  readonly page: Page;
  readonly context: BrowserContext;
  /**
   * What went wrong so far: messages of the browser's console, uncaught errors, what the Content-Security-Policy blocked,
   * and requests to other origins.
   */
  readonly problems: readonly string[];
  /** Closes the page. Rejects if anything went wrong. */
  [Symbol.asyncDispose](): Promise<void>;
};

/** How a console is opened. */
export type ConsoleOptions = {
  /** Place in the console, such as `#/controls`. Defaults to its first page. */
  fragment?: string;
  viewport?: { width: number; height: number };
  colorScheme?: "light" | "dark";
  /** Problems that the test causes itself, such as a failed request. */
  expected?: RegExp;
};

/** Opens the console of the emulator at a URL. */
export async function openConsole(
  browser: Browser,
  url: string,
  {
    fragment = "",
    viewport = { width: 1280, height: 800 },
    colorScheme = "light",
    expected,
  }: ConsoleOptions = {},
): Promise<OpenConsole> {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  const problems: string[] = [];
  const note = (problem: string) => {
    if (!expected?.test(problem)) {
      problems.push(problem);
    }
  };
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      note(`console: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => note(`uncaught: ${error.message}`));
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== "data:" && protocol !== "blob:" && origin !== new URL(url).origin) {
      note(`request to ${origin}`);
    }
  });
  await page.goto(`${url}/${fragment}`);
  return {
    page,
    context,
    problems,
    async [Symbol.asyncDispose]() {
      await context.close();
      if (problems.length > 0) {
        throw new Error(`the browser reported:\n${problems.join("\n")}`);
      }
    },
  };
}

/** Waits until a page shows what it has loaded. */
export async function settled(page: Page): Promise<void> {
  // On a narrow screen, a call covers it.
  await page.locator("main h1").first().waitFor({ state: "attached" });
  await page.locator("main [aria-busy=true]").first().waitFor({ state: "detached" });
  await page.evaluate(
    "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))",
  );
}
