import { gunzipSync } from "node:zlib";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator } from "../support/emulator/test-emulator.ts";
import { openConsole, startBrowser, whySkipped } from "./open-console.ts";

const v1 = (name: string) => `#/reference/mobiledataplansharing.v1.${name}`;

/**
 * Opens every address of the reference that its pages link to, except those of fields and values, which are on the page of
 * their type. Returns the addresses, and what is wrong: names that nothing has, headings that skip a level, a page that
 * scrolls sideways.
 */
const openAll = `(async () => {
  const found = new Set(["#/reference"]);
  const wrong = [];
  for (const address of found) {
    const changed = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
    if (location.hash !== address) {
      location.hash = address;
      await changed;
    }
    // Once what the change has queued has run.
    await new Promise((resolve) => setTimeout(resolve));
    const main = document.querySelector("main");
    if (main.textContent.includes("nothing of this name")) wrong.push("dead: " + address);
    const levels = [...main.querySelectorAll("h1,h2,h3,h4,h5")].map(({ tagName }) => Number(tagName[1]));
    if (levels[0] !== 1 || levels.some((level, at) => at > 0 && level > levels[at - 1] + 1)) {
      wrong.push("headings " + levels + ": " + address);
    }
    if (document.documentElement.scrollWidth > innerWidth) wrong.push("scrolls sideways: " + address);
    for (const link of main.querySelectorAll("a[href^='#/']")) {
      const href = link.getAttribute("href");
      if (!href.startsWith("#/reference")) wrong.push(href + ": " + address);
      const [, last] = href.split("/").at(-1).match(/\\.([^.]+)$/) ?? [];
      const isMember = last !== undefined && /^[a-z]|^[A-Z0-9_]+$/.test(last) && !href.includes("ErrorReason.");
      if (!isMember) found.add(href);
    }
  }
  return { found: [...found], wrong };
})()`;

describe.skipIf(whySkipped)(`the reference of the console${whySkipped}`, () => {
  let browser: Browser;
  let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
  beforeAll(async () => {
    [browser, emulator] = await Promise.all([startBrowser(), startTestEmulator()]);
  });
  afterAll(() => Promise.all([browser.close(), emulator[Symbol.asyncDispose]()]));

  const heading = (page: Page, name: string) => page.getByRole("heading", { level: 2, name });

  it("finds a field from the keyboard alone, and Back and Forward return to it", async () => {
    await using opened = await openConsole(browser, emulator.url, { fragment: v1("PlanState") });
    const { page } = opened;
    await heading(page, "PlanState").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("byteBalance");
    await page.getByRole("heading", { name: "Results" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await heading(page, "PlanModule").waitFor();
    expect(new URL(page.url()).hash).toBe(v1("PlanModule.byte_balance"));
    expect(await page.locator(".marked").innerText()).toContain("Balance in bytes.");
    const bottom = () =>
      page.evaluate<number>("innerHeight - document.querySelector('.marked').getBoundingClientRect().bottom");
    await expect.poll(bottom).toBeGreaterThanOrEqual(0);
    await expect.poll(() => page.title()).toBe("PlanModule · Reference · Emulator");

    await page.goBack();
    await page.getByRole("heading", { name: "Results" }).waitFor();
    expect(await page.getByRole("searchbox").inputValue()).toBe("byteBalance");
    await page.goBack();
    await heading(page, "PlanState").waitFor();
    await page.goForward();
    await page.goForward();
    await heading(page, "PlanModule").waitFor();
    expect(await page.getByRole("searchbox").inputValue()).toBe("");
  });

  it("opens the first result with Enter, and suggests similar names if there is none", async () => {
    await using opened = await openConsole(browser, emulator.url, {
      fragment: "#/reference?q=PlanModul%20e",
    });
    const { page } = opened;
    const search = page.getByRole("searchbox");
    await search.fill("PLAN_STATUS_STAL3");
    await page.getByRole("link", { name: "PLAN_STATUS_STALE" }).click();
    await page.getByRole("heading", { name: "Results" }).waitFor();
    await search.press("Enter");
    await heading(page, "PLAN_STATUS_STALE").waitFor();
    const text = await page.locator("main").innerText();
    expect(text).toContain("What to do:");
    expect(text).toContain("HTTP status 409");
    expect(text).toContain("ABORTED (10)");
  });

  it("has no dead link, headings in order, and nothing that scrolls sideways at 400 pixels", async () => {
    await using opened = await openConsole(browser, emulator.url, {
      fragment: "#/reference",
      viewport: { width: 400, height: 800 },
    });
    const { page } = opened;
    await heading(page, "Overview").waitFor();
    const { found, wrong } = await page.evaluate<{ found: string[]; wrong: string[] }>(openAll);
    expect(wrong).toEqual([]);
    expect(found.length).toBeGreaterThan(130);
    expect(found).toContain(v1("PlanStatusService.CreateUserPlanStatus"));
    expect(found).toContain("#/reference/mobiledataplansharing.emulator.v1.Clock.Mode");
    expect(found).toContain(v1("ErrorReason.DEVICE_NOT_REGISTERED"));
  });

  it("returns to where the reader was, and begins a new place at its top", async () => {
    await using opened = await openConsole(browser, emulator.url, { fragment: "#/reference" });
    const { page } = opened;
    const link = page.locator(".reference-content").getByRole("link", { name: "UpdateClock", exact: true });
    await link.scrollIntoViewIfNeeded();
    const before = await page.evaluate<number>("scrollY");
    await link.click();
    await heading(page, "UpdateClock").waitFor();
    await expect.poll(() => page.evaluate<number>("scrollY")).toBe(0);
    await expect.poll(() => page.evaluate("document.activeElement.tagName")).toBe("H2");
    await page.goBack();
    await heading(page, "Overview").waitFor();
    expect(before).toBeGreaterThan(0);
    await expect.poll(() => page.evaluate<number>("scrollY")).toBe(before);
  });

  it("opens the example of a message in the playground", async () => {
    await using opened = await openConsole(browser, emulator.url, { fragment: v1("PlanModule") });
    const { page } = opened;
    await page.getByLabel("Example", { exact: true }).selectOption("unlimited");
    await page.getByText('"Unlimited data"').waitFor();
    await page.getByRole("button", { name: "Open the whole status in the playground" }).click();
    await page.getByRole("heading", { level: 1, name: "Playground" }).waitFor();
    expect(await page.evaluate<string>("sessionStorage.getItem('playground-draft')")).toContain("acme-max");
  });

  it("offers documents to download that tools can read", async () => {
    await using opened = await openConsole(browser, emulator.url, { fragment: "#/reference" });
    const { page } = opened;
    const links = page.locator("a[download]");
    await links.first().waitFor();
    const bodies = new Map<string, Buffer>();
    for (const link of await links.all()) {
      const response = await page.request.get(`${emulator.url}${await link.getAttribute("href")}`);
      expect(response.status()).toBe(200);
      bodies.set((await link.getAttribute("download")) as string, await response.body());
    }
    const json = (name: string) => JSON.parse(bodies.get(name)?.toString() ?? "");
    expect(json("openapi.json").servers[0].url).toBe(emulator.url);
    expect(Object.keys(json("emulator.openapi.json").paths)).toContain("/emulator/v1/clock");
    expect(json("discovery.json").kind).toBe("discovery#restDescription");
    expect(json("push-record.schema.json").$schema).toContain("json-schema.org");
    const protos = gunzipSync(bodies.get("proto.tar.gz") as Buffer).toString();
    expect(protos).toContain("mobiledataplansharing/emulator/v1/emulator_service.proto");
    const set = fromBinary(FileDescriptorSetSchema, bodies.get("contract.binpb") as Buffer);
    expect(createFileRegistry(set).getMessage("mobiledataplansharing.v1.PlanStatus")).toBeDefined();

    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "openapi.json", exact: true }).click();
    expect((await download).suggestedFilename()).toBe("openapi.json");
  });
});
