import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Call_Protocol } from "../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { examples } from "../../src/examples/index.ts";
import { startTestEmulator, type TestEmulator } from "../support/emulator/test-emulator.ts";
import { openConsole, startBrowser, whySkipped } from "./open-console.ts";

const protocols = [
  ["REST", Call_Protocol.REST],
  ["Connect", Call_Protocol.CONNECT],
  ["gRPC-Web", Call_Protocol.GRPC_WEB],
] as const;

/** What the browser reports for a push that is rejected. */
const rejected = /status of 4\d\d/;

describe.skipIf(whySkipped)(`the playground of the console${whySkipped}`, () => {
  let browser: Browser;
  let emulator: TestEmulator;
  beforeAll(async () => {
    [browser, emulator] = await Promise.all([startBrowser(), startTestEmulator()]);
  });
  afterAll(async () => {
    await browser.close();
    await emulator[Symbol.asyncDispose]();
  });

  const open = (expected?: RegExp, url = emulator.url) =>
    openConsole(browser, url, { fragment: "#/playground", ...(expected && { expected }) });

  it("has templates that are valid, and pushes them over every protocol", async () => {
    await using opened = await open();
    const { page } = opened;
    await verdict(page, /^Valid/);
    for (const [index, { name, notifications }] of examples.entries()) {
      await page.getByText("Templates", { exact: true }).click();
      await page.locator(".template").nth(index).click();
      await page.getByRole("textbox", { name: /^User key|^Plan group id/ }).fill(`key/${name}+=`);
      await verdict(page, /^Valid/);
      // The first one over each, the others in turn: never over that of the answer that is still shown.
      for (const [label, protocol] of index === 0 ? protocols : [protocols[index % 3] ?? protocols[0]]) {
        await page.getByRole("radio", { name: label }).check();
        await page.getByRole("button", { name: "Push", exact: true }).click();
        await page.locator(".answer").getByText(`over ${label}`).waitFor();
        await page.locator(".answer").getByText("Stored", { exact: true }).waitFor();
        const { calls } = await emulator.control("connect").listCalls({ pageSize: 1 });
        expect(calls[0]).toMatchObject({ protocol, userKey: `key/${name}+=`, violations: [] });
        expect(calls[0]?.notifications.length, name).toBe(notifications.length);
      }
      const listed = page.locator("section", { hasText: "What it would send" }).getByRole("listitem");
      await expect.poll(() => listed.count(), { message: name }).toBe(notifications.length);
    }
  });

  /** Texts, with a violation that each has and the line that it is marked at. */
  const invalid = [
    { text: '{"languageCode": en}', says: "must be JSON", line: "Line 1" },
    { text: '{\n"languageCodes": "en"}', says: "languageCodes", line: "Line 2" },
    { text: '{"languageCode": "en",\n"plans": [\n{}]}', says: "plans[0].planId", line: "Line 3" },
    { text: '{"plans": 1,\n"title": 2}', says: "title", line: "Line 2" },
  ];

  it("marks what the emulator rejects, and shows its answer over every protocol", async () => {
    await using opened = await open(rejected);
    const { page } = opened;
    await verdict(page, /^Valid/);
    for (const [index, { text, says, line }] of invalid.entries()) {
      await write(page, text);
      const listed = page.locator(".violation-link");
      await listed.filter({ hasText: says }).filter({ hasText: line }).first().waitFor();
      const shown = await listed.locator("span:last-child").allInnerTexts();
      await page.locator(".cm-lintRange-error").first().waitFor();
      // Over REST, where paths are as they were written, then over one of the others.
      for (const [label] of [protocols[0], protocols[1 + (index % 2)] ?? protocols[1]]) {
        await page.getByRole("radio", { name: label }).check();
        await page.getByRole("button", { name: "Push", exact: true }).click();
        await page.locator(".answer").getByText(`over ${label}`).waitFor();
        await page.locator(".answer").getByText("INVALID_ARGUMENT").waitFor();
        const { calls } = await emulator.control("connect").listCalls({ pageSize: 1 });
        const answered = calls[0]?.violations.map(({ field, description }) => ({
          field: field.replace(/^planStatus\./, ""),
          description,
        }));
        if (label === "REST") {
          const found = answered?.map(({ field, description }) => `${field} ${description}`.trim());
          expect(shown.map((each) => each.trim())).toEqual(found);
        }
        expect(answered?.length).toBeGreaterThan(0);
      }
    }
  });

  it("is used with the keyboard only: completion, violations, push, and out of the editor", async () => {
    await using opened = await open(rejected);
    const { page } = opened;
    await verdict(page, /^Valid/);
    await write(page, "");
    await page.keyboard.type('{"lang');
    await page.getByRole("option", { name: /languageCode/ }).waitFor();
    await page.locator(".cm-completionInfo", { hasText: /language/i }).waitFor();
    // While the list is being updated, Enter begins a new line.
    await page.locator(".cm-tooltip-autocomplete:not(.cm-tooltip-autocomplete-disabled)").waitFor();
    await page.keyboard.press("Enter");
    await expect.poll(() => textOf(page)).toBe('{"languageCode": "en-US"}');
    await verdict(page, /violations/);
    await page.keyboard.press("Control+Enter");
    await page.locator(".answer").getByText("INVALID_ARGUMENT").waitFor();
    // Out of the hole of the snippet, and out of the editor.
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    const focused = () => page.evaluate(() => document.activeElement?.className);
    await expect.poll(focused).toBe("violation-link");
    await page.keyboard.press("Enter");
    await expect.poll(focused).toBe("editor");
    // Digits and slashes are text here, and no shortcuts of the page.
    await page.keyboard.type("1/");
    expect(new URL(page.url()).hash).toBe("#/playground");
  });

  it("shows the comment of a field under the pointer and at the cursor, with a link to the reference", async () => {
    await using opened = await open();
    const { page } = opened;
    await verdict(page, /^Valid/);
    const line = page.locator(".cm-line", { hasText: "languageCode" });
    await line.hover({ position: { x: 60, y: 8 } });
    const tooltip = page.locator(".cm-tooltip-hover");
    await tooltip
      .getByText(/BCP 47|BCP-47/)
      .first()
      .waitFor();
    await line.click({ position: { x: 60, y: 8 } });
    const card = page.getByRole("region", { name: "At the cursor" });
    await expect
      .poll(() => card.getByRole("link", { name: "Open in the reference" }).getAttribute("href"))
      .toBe("#/reference/mobiledataplansharing.v1.PlanStatus.language_code");
  });

  it("keeps the draft when the page is left and when it is reloaded, and takes a template back", async () => {
    await using opened = await open();
    const { page } = opened;
    await verdict(page, /^Valid/);
    await write(page, '{"title": "mine"}');
    await verdict(page, /violations/);
    await page.getByRole("link", { name: "Calls", exact: true }).click();
    await page.getByRole("link", { name: "Playground", exact: true }).click();
    await expect.poll(() => textOf(page)).toBe('{"title": "mine"}');
    await page.reload();
    await expect.poll(() => textOf(page)).toBe('{"title": "mine"}');
    await page.getByText("Templates", { exact: true }).click();
    await page.locator(".template").first().click();
    await verdict(page, /^Valid/);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => textOf(page)).toBe('{"title": "mine"}');
  });

  it("judges times by the emulated clock, and pushes without a token where any is accepted", async () => {
    await using frozen = await startTestEmulator({ anyToken: true });
    frozen.state.clock.freezeAt(Date.parse("2031-01-01T00:00:00Z"));
    await using opened = await open(undefined, frozen.url);
    const { page } = opened;
    await verdict(page, /^Valid/);
    expect(await textOf(page)).toContain("2031-01-01T00:00:00");
    await page.getByRole("button", { name: "Push", exact: true }).click();
    await page.locator(".answer").getByText("Stored", { exact: true }).waitFor();
    frozen.state.clock.freezeAt(Date.parse("2031-01-03T00:00:00Z"));
    await page.locator(".violation-link", { hasText: "expireTime" }).waitFor();
  });
});

/** Waits for the result of the check. */
async function verdict(page: Page, expected: RegExp): Promise<void> {
  await page.locator("#violations-title").getByText(expected).waitFor();
}

/** Replaces the text of the editor. */
async function write(page: Page, text: string): Promise<void> {
  await page.locator(".cm-content").focus();
  await page.keyboard.press("Control+a");
  await (text === "" ? page.keyboard.press("Delete") : page.keyboard.insertText(text));
}

async function textOf(page: Page): Promise<string> {
  return (await page.locator(".cm-line").allInnerTexts()).join("\n").trim();
}
