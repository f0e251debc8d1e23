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

  it("goes to a page by its number, and shows all keys", async () => {
    await using emulator = await startTestEmulator();
    await using opened = await openConsole(browser, emulator.url);
    const { page } = opened;
    await page.getByRole("heading", { name: "Calls", level: 1 }).waitFor();
    await page.keyboard.press("4");
    await page.getByRole("heading", { name: "Controls", level: 1 }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    const licenses = page.getByRole("link", { name: /^Licenses/ });
    expect(await licenses.getAttribute("href")).toBe("/console/licenses.txt");
    // Keys of the page behind a dialog do nothing.
    await page.keyboard.press("1");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await expect.poll(() => page.title()).toBe("Controls · Emulator");
  });
});
