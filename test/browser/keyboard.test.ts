import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BusyEmulator, consolePlaces, startBusyEmulator } from "./busy-emulator.ts";
import { openConsole, settled, startBrowser, whySkipped } from "./open-console.ts";

/** Functions that run in the page. */
const pageFunctions = `
  const canBeUsed = (element) => {
    const group = element.type === "radio" && document.querySelectorAll("input[name='" + element.name + "']");
    // One of several radio buttons is reached by Tab, the others from it by arrow keys.
    return element.checkVisibility({ visibilityProperty: true }) && !element.disabled && element.tabIndex >= 0 &&
      element.closest("dialog:not([open])") === null &&
      (!group || element.checked || ![...group].some((each) => each.checked) && group[0] === element);
  };
  window.usable = () => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
    .filter(canBeUsed);
  window.nameOf = (element) => element.outerHTML.slice(0, 160);
  window.focused = () => {
    let element = document.activeElement;
    // The editor has a shadow root.
    while (element.shadowRoot?.activeElement) {
      element = element.shadowRoot.activeElement;
    }
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const editor = element.closest(".cm-editor");
    const shown = (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) ||
      (editor !== null && getComputedStyle(editor).outlineStyle !== "none");
    return { index: window.list.indexOf(element), name: nameOf(element), isVisible: shown, isEditor: editor !== null };
  };
`;

type Focused = { index: number; name: string; isVisible: boolean; isEditor: boolean };

/** Presses Tab until the focus is back at the start. Returns what was never reached, and what had no visible focus. */
async function tabThrough(page: Page): Promise<{ unreached: string[]; unseen: string[]; count: number }> {
  await page.evaluate(pageFunctions);
  await page.evaluate("window.list = usable(); document.activeElement.blur()");
  const names = await page.evaluate<string[]>("list.map(nameOf)");
  const reached = new Set<number>();
  const unseen: string[] = [];
  for (let presses = 0; presses < names.length * 2 && reached.size < names.length; presses++) {
    await page.keyboard.press("Tab");
    const { index, name, isVisible, isEditor } = await page.evaluate<Focused>("focused()");
    if (index >= 0) {
      reached.add(index);
    }
    if (!isVisible && (index >= 0 || isEditor)) {
      // The editor is told of its focus a moment later.
      await page.waitForFunction("focused().isVisible").catch(() => unseen.push(name));
    }
    if (isEditor) {
      await page.keyboard.press("Escape");
    }
  }
  return { unreached: names.filter((_, index) => !reached.has(index)), unseen, count: names.length };
}

describe.skipIf(whySkipped)(`the console without a mouse${whySkipped}`, () => {
  let browser: Browser;
  let emulator: BusyEmulator;
  beforeAll(async () => {
    [browser, emulator] = await Promise.all([startBrowser(), startBusyEmulator()]);
  });
  afterAll(() => Promise.all([browser.close(), emulator[Symbol.asyncDispose]()]));

  it.each(consolePlaces)(
    "%s: Tab reaches everything that can be used, and shows where it is",
    async (_, fragment, ready) => {
      await using opened = await openConsole(browser, emulator.url, { fragment: fragment(emulator) });
      const { page } = opened;
      await page.locator("main", { hasText: ready }).waitFor();
      await settled(page);
      const { unreached, unseen, count } = await tabThrough(page);
      expect(count).toBeGreaterThan(8);
      expect(unreached).toEqual([]);
      expect(unseen).toEqual([]);
    },
  );

  it("finds a refused call, its subscriber, pushes a status, stops the clock and looks up a field", async () => {
    // The push meets the injected error.
    await using opened = await openConsole(browser, emulator.url, { expected: /status of 503/ });
    const { page } = opened;
    const { keyboard } = page;
    await page.locator("main", { hasText: "REQUEST_MALFORMED" }).waitFor();
    await keyboard.press("Tab");
    await keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");

    await keyboard.press("/");
    await keyboard.type("+14155550142");
    // Another user's call is not in the list any more.
    await page.getByText("+141555501422").first().waitFor({ state: "hidden" });
    await page.getByRole("row").filter({ hasText: "LOW_BALANCE_WARNING" }).first().waitFor();
    await keyboard.press("Escape");
    await keyboard.press("j");
    await page.locator("tr:focus").waitFor();
    await keyboard.press("Enter");
    await page.getByRole("heading", { name: "Call 16" }).waitFor();
    await keyboard.press("Escape");
    await page.getByRole("heading", { name: "Call 16" }).waitFor({ state: "hidden" });

    await keyboard.press("2");
    await page.getByRole("heading", { name: "Subscribers" }).waitFor();
    await keyboard.press("/");
    await keyboard.type(emulator.userKey);
    await keyboard.press("Enter");
    await page.getByText("Music", { exact: true }).waitFor();

    await page.locator("body").press("3");
    await page.getByRole("textbox", { name: "JSON of the push" }).waitFor();
    await page.getByRole("textbox", { name: "JSON of the push" }).focus();
    await keyboard.press("ControlOrMeta+Enter");
    await page.locator("main", { hasText: /503|SERVER_OVERLOADED/ }).waitFor();
    await keyboard.press("Escape");
    await keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.shadowRoot === null")).toBe(true);

    await page.locator("body").press("4");
    await page.getByRole("button", { name: "Back to real time" }).focus();
    await keyboard.press("Enter");
    await page.getByRole("link", { name: "Clock frozen" }).waitFor({ state: "hidden" });

    await keyboard.press("5");
    await page.getByRole("heading", { name: "Reference", level: 1 }).waitFor();
    await keyboard.press("/");
    await keyboard.type("remainingBytes");
    await keyboard.press("ArrowDown");
    await keyboard.press("Enter");
    // The results name it too.
    await expect.poll(() => new URL(page.url()).hash).toContain("ByteQuota");
    await page.getByRole("heading", { name: "ByteQuota", level: 2 }).waitFor();
  });
});
