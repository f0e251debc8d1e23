import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clock_Mode as Mode } from "../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { startTestEmulator } from "../support/emulator/test-emulator.ts";
import { openConsole, startBrowser, whySkipped } from "./open-console.ts";

const pages = ["calls", "subscribers", "playground", "controls", "reference"];

describe.skipIf(whySkipped)(`what is active in the emulator${whySkipped}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  it("is on every page, as other programs set it, and leads to what changes it", async () => {
    await using emulator = await startTestEmulator();
    await using opened = await openConsole(browser, emulator.url, { viewport: { width: 400, height: 800 } });
    const { page } = opened;
    const bar = page.getByRole("banner");
    await bar.getByRole("link", { name: "Live" }).waitFor();
    await bar.getByRole("link", { name: "No injected errors" }).waitFor();
    const control = emulator.control("connect");
    await control.updateClock({ clock: { mode: Mode.FROZEN, time: { seconds: 1_798_135_200n } } });
    await control.loadScenario({ source: { case: "scenarioId", value: "slow" } });
    await control.loadScenario({ source: { case: "scenarioId", value: "overload" } });
    await control.loadScenario({ source: { case: "scenarioId", value: "unregistered" } });
    await bar.getByRole("link", { name: "Registration enforced" }).waitFor();
    for (const name of pages) {
      await page.goto(`${emulator.url}/#/${name}`);
      await bar.getByRole("link", { name: "Clock frozen" }).getByText("2026-12-24 18:00:00 UTC").waitFor();
      await bar.getByRole("link", { name: "2 injected: 2 s delay, server overloaded" }).waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    }
    for (const [link, title] of [
      ["Live", "Emulator"],
      ["Clock frozen", "Clock"],
      ["2 injected", "Injected errors"],
      ["Registration enforced", "Registered devices"],
    ] as const) {
      await bar.getByRole("link", { name: link }).click();
      // The title has the focus and is in view.
      const heading = page.getByRole("heading", { name: title, level: 2, exact: true });
      await expect.poll(() => heading.evaluate((element) => element === document.activeElement)).toBe(true);
      expect(await heading.evaluate((element) => element.getBoundingClientRect().top < innerHeight)).toBe(
        true,
      );
    }
  });

  it("ticks by the machine of the emulator, whatever the clock of the browser, without being announced", async () => {
    await using emulator = await startTestEmulator();
    await using opened = await openConsole(browser, emulator.url);
    const { page } = opened;
    // The browser is on another machine, whose clock is an hour ahead.
    await page.addInitScript(() => {
      const now = Date.now;
      Date.now = () => now() + 3_600_000;
    });
    await page.reload();
    const control = emulator.control("connect");
    await control.advanceClock({ duration: { seconds: 864_000n } });
    const time = page.getByRole("banner").getByRole("timer");
    await page.getByRole("link", { name: /^Clock shifted/ }).waitFor();
    const shown = async () => Date.parse((await time.getAttribute("datetime")) ?? "");
    const first = await shown();
    await expect.poll(shown).toBeGreaterThan(first);
    // At some moment, both say the same second.
    await expect
      .poll(async () => {
        const { time: before } = await control.getClock({});
        const seconds = (await shown()) / 1_000;
        const { time: after } = await control.getClock({});
        return seconds >= Number(before?.seconds) && seconds <= Number(after?.seconds);
      })
      .toBe(true);
    const liveRegions = await time.evaluate((element) => [
      element.closest(
        "[role=status], [role=alert], [role=log], output, [aria-live=polite], [aria-live=assertive]",
      ),
      element.ariaLive,
    ]);
    expect(liveRegions).toEqual([null, "off"]);
    const status = page.getByRole("banner").getByRole("status").first();
    expect(await status.textContent()).toBe("Clock shifted. No injected errors");
  });

  it("says that the emulator does not answer, and goes on once it does", async () => {
    const first = await startTestEmulator();
    await using opened = await openConsole(browser, first.url, {
      expected: /ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE|ERR_NETWORK/,
    });
    const { page } = opened;
    const bar = page.getByRole("banner");
    await bar.getByRole("link", { name: "Live" }).waitFor();
    await first[Symbol.asyncDispose]();
    await bar.getByRole("link", { name: "Unreachable" }).waitFor();
    const outage = bar.getByRole("alert");
    expect(await outage.innerText()).toContain(`The emulator at ${first.url} does not answer.`);
    // Both in rows of their own height: the label beside the pages, the explanation below it.
    const label = await bar.getByRole("link", { name: "Unreachable" }).boundingBox();
    expect(label?.height).toBeLessThan(30);
    expect((await outage.boundingBox())?.y).toBeGreaterThan((label?.y ?? 0) + (label?.height ?? 0));
    await page.goto(`${first.url}/#/controls`);
    await using second = await startTestEmulator({ port: first.port });
    await bar.getByRole("link", { name: "Live" }).waitFor();
    expect(await outage.count()).toBe(0);
    expect(second.failures).toEqual([]);
  });

  it("is not asked for while the page is hidden", async () => {
    await using emulator = await startTestEmulator();
    await using opened = await openConsole(browser, emulator.url);
    const { page } = opened;
    // From now on, timers of the page follow this clock.
    await page.clock.install();
    await page.reload();
    await page.getByRole("link", { name: "Live" }).waitFor();
    const setVisibility = (state: string) =>
      page.evaluate((value) => {
        Object.defineProperty(document, "visibilityState", { value, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    await setVisibility("hidden");
    const control = emulator.control("connect");
    let asked = 0;
    page.on("request", () => {
      asked += 1;
    });
    await control.updateClock({ clock: { mode: Mode.FROZEN } });
    await page.clock.runFor(60_000);
    expect(asked).toBe(0);
    await setVisibility("visible");
    await page.getByRole("link", { name: /^Clock frozen/ }).waitFor();
    expect(asked).toBeGreaterThan(0);
  });
});
