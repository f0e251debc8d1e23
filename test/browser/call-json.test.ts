import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator, type TestEmulator } from "../support/emulator/test-emulator.ts";
import { openConsole, startBrowser, whySkipped } from "./open-console.ts";

describe.skipIf(whySkipped !== "")(`the JSON and the snippets of a call${whySkipped}`, () => {
  let browser: Browser;
  let emulator: TestEmulator;
  beforeAll(async () => {
    [browser, emulator] = await Promise.all([startBrowser(), startTestEmulator()]);
  });
  afterAll(async () => {
    await browser.close();
    await emulator[Symbol.asyncDispose]();
  });

  /** Sends a push and opens its call in the console. */
  async function openPush(body: string) {
    await fetch(`${emulator.url}/v1/operators/65001/clients/youtube/users/k/planStatus`, {
      method: "POST",
      headers: { authorization: `Bearer ${await emulator.token()}`, "content-type": "application/json" },
      body,
    });
    const { calls } = await emulator.control("connect").listCalls({ pageSize: 1 });
    return openConsole(browser, emulator.url, { fragment: `#/${calls[0]?.name}` });
  }

  it("shows every number and key as it was sent, with each violation at its line", async () => {
    await using opened = await openPush(
      '{"plans": [{"planId": "", "planModules": [{"maxRateKbps": "5"}]}], "languageCode": "de",\n "nothing": 12345678901234567890.10}',
    );
    const json = opened.page.locator(".json").first();
    await json.getByText("12345678901234567890.10").waitFor();
    expect(await json.locator(".json-line.marked").count()).toBeGreaterThan(0);
    expect(await json.locator(".json-mark").first().textContent()).not.toBe("");
  });

  it("opens and closes objects with the arrow keys, from one tab stop", async () => {
    await using opened = await openPush('{"languageCode": "", "plans": [{"planId": "a"}, {"planId": "b"}]}');
    const toggles = opened.page.locator(".json").first().locator(".json-toggle");
    await toggles.first().waitFor();
    expect(await toggles.evaluateAll((all) => all.map((each) => (each as HTMLElement).tabIndex))).toEqual([
      0, -1, -1, -1,
    ]);
    await toggles.first().focus();
    await opened.page.keyboard.press("ArrowDown");
    await opened.page.keyboard.press("ArrowLeft");
    await expect.poll(() => toggles.nth(1).getAttribute("aria-expanded")).toBe("false");
    await expect.poll(() => toggles.count()).toBe(2);
    await opened.page.keyboard.press("ArrowRight");
    await expect.poll(() => toggles.count()).toBe(4);
  });

  it("shows the beginning of a message of 900 kB, and more of it when asked", async () => {
    const plans = Array.from({ length: 100 }, (_, plan) => ({
      planId: `p${plan}`,
      planModules: Array.from({ length: 100 }, (_, at) => ({
        moduleName: `M${at}`,
        description: "x".repeat(40),
      })),
    }));
    await using opened = await openPush(JSON.stringify({ languageCode: "", plans }));
    const lines = opened.page.locator(".json").first().locator(".json-line");
    await lines.first().waitFor();
    const first = await lines.count();
    expect(first).toBeLessThan(1_000);
    await opened.page.locator(".json-toggle[aria-expanded=false]").first().click();
    await expect.poll(() => lines.count()).toBeGreaterThan(first);
  });

  it("copies each snippet, chosen with the arrow keys, and says so", async () => {
    await using opened = await openPush('{"languageCode": "it\'s"}');
    await opened.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const { page } = opened;
    await page.getByRole("tab", { name: "curl", exact: true }).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("End");
    const panel = page.getByRole("tabpanel");
    await panel.getByText("import urllib.request").waitFor();
    await panel.getByRole("button", { name: /^Copy/ }).click();
    await panel.getByRole("status").getByText("Copied").waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toContain('"languageCode": "it\'s"');
  });

  it("copies without the clipboard API, as on http without localhost", async () => {
    await using opened = await openPush('{"languageCode": "en"}');
    const { page } = opened;
    await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
    const copied = page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          document.addEventListener("copy", () => resolve(String(getSelection())), { once: true });
        }),
    );
    const button = page.getByRole("tabpanel").getByRole("button", { name: /^Copy/ });
    await button.click();
    await page.getByRole("tabpanel").getByRole("status").getByText("Copied").waitFor();
    expect(await copied).toContain("curl -sS");
    expect(await button.evaluate((each) => each === document.activeElement)).toBe(true);
  });
});
