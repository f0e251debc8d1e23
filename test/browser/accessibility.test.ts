import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BusyEmulator, consolePlaces, startBusyEmulator } from "./busy-emulator.ts";
import { openConsole, settled, startBrowser, whySkipped } from "./open-console.ts";

const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/**
 * Returns what axe-core, which was loaded before, finds on a page by the rules of WCAG 2.2 A and AA and by best practices, a
 * line for each.
 */
async function violationsOf(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}

/** Returns the buttons and fields that stick out of the card that they are in. */
const outOfCards = `[...document.querySelectorAll(".card :is(button, input, select, textarea)")]
  .filter((each) => each.checkVisibility() &&
    each.getBoundingClientRect().bottom > each.closest(".card").getBoundingClientRect().bottom)
  .map((each) => each.outerHTML)`;

describe.skipIf(whySkipped)(`the console for everybody${whySkipped}`, () => {
  let browser: Browser;
  let emulator: BusyEmulator;
  beforeAll(async () => {
    [browser, emulator] = await Promise.all([startBrowser(), startBusyEmulator()]);
  });
  afterAll(() => Promise.all([browser.close(), emulator[Symbol.asyncDispose]()]));

  it.each(consolePlaces)(
    "%s: light on a wide screen and dark on a narrow one, no rule of axe-core is broken, and nothing overflows",
    async (_name, fragment, ready) => {
      await using opened = await openConsole(browser, emulator.url, { fragment: fragment(emulator) });
      const { page } = opened;
      await page.locator("main", { hasText: ready }).waitFor();
      await page.evaluate(axe);
      for (const [colorScheme, width] of [
        ["light", 1280],
        ["dark", 400],
      ] as const) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await settled(page);
        expect([width, await violationsOf(page)]).toEqual([width, []]);
        expect([width, await page.evaluate(outOfCards)]).toEqual([width, []]);
        const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        expect(overflow).toBeLessThanOrEqual(0);
      }
    },
  );
});
