import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "../interop/browser/find-chromium.ts";
import { startTestEmulator } from "../support/emulator/test-emulator.ts";

const executablePath = findChromium();
const why = executablePath === undefined ? " (skipped: chromium is not installed)" : "";

describe.skipIf(executablePath === undefined)(`the console${why}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath as string, args: ["--no-sandbox"] });
  });
  afterAll(() => browser.close());

  it("opens at the URL of the emulator, and loads each page", async () => {
    await using emulator = await startTestEmulator();
    const page = await browser.newPage();
    await page.goto(emulator.url);
    for (const name of ["Subscribers", "Playground", "Controls", "Reference", "Calls"]) {
      await page.getByRole("link", { name, exact: true }).click();
      await page.getByRole("heading", { name, level: 1 }).waitFor();
    }
    expect(new URL(page.url()).hash).toBe("#/calls");
    await page.close();
  });
});
