import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator } from "../support/emulator/test-emulator.ts";
import { openConsole, startBrowser, whySkipped } from "./open-console.ts";

describe.skipIf(whySkipped)(`the console${whySkipped}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  it("opens at the URL of the emulator, and loads each page", async () => {
    await using emulator = await startTestEmulator();
    await using opened = await openConsole(browser, emulator.url);
    const { page } = opened;
    for (const name of ["Subscribers", "Playground", "Controls", "Reference", "Calls"]) {
      await page.getByRole("link", { name, exact: true }).click();
      await page.getByRole("heading", { name, level: 1 }).waitFor();
    }
    expect(new URL(page.url()).hash).toBe("#/calls");
  });
});
