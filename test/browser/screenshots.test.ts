import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BusyEmulator, startBusyEmulator } from "./busy-emulator.ts";
import { openConsole, startBrowser, whySkipped } from "./open-console.ts";
import { smallerPng } from "./smaller-png.ts";

const root = join(import.meta.dirname, "../..");
const images = join(root, "docs/images");
const isWriting = process.env.MDPS_WRITE_FIGURES !== undefined;
const maxBytes = 200_000;

/** Width and height of a PNG, from its header. */
function sizeOf(png: Buffer): [width: number, height: number] {
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

describe.skipIf(whySkipped)(`the screenshots of docs/images${whySkipped}`, () => {
  let browser: Browser;
  let emulator: BusyEmulator;
  beforeAll(async () => {
    [browser, emulator] = await Promise.all([startBrowser(), startBusyEmulator()]);
  });
  afterAll(() => Promise.all([browser.close(), emulator[Symbol.asyncDispose]()]));

  it.each<readonly [name: string, fragment: () => string, ready: string, document: string]>([
    ["calls", () => `#/${emulator.refused}`, "did you mean PREPAID?", "README.md"],
    [
      "subscriber",
      () => `#/subscribers/65001/mobiledataplan/${encodeURIComponent(emulator.userKey)}`,
      "Low balance warning",
      "docs/emulator/console.md",
    ],
    ["playground", () => "#/playground", "205 MiB left", "docs/emulator/console.md"],
    ["controls", () => "#/controls", "server overloaded", "docs/testing.md"],
    [
      "reference",
      () => "#/reference/mobiledataplansharing.v1.PlanModule",
      "coarseBalanceLevel",
      "docs/emulator/console.md",
    ],
  ])(
    "%s: its page has what it shows, and it is small and part of a document",
    async (name, fragment, ready, document) => {
      await using opened = await openConsole(browser, emulator.url, { fragment: fragment() });
      const { page } = opened;
      await page.locator("main", { hasText: ready }).waitFor();
      const path = join(images, `console-${name}.png`);
      if (isWriting) {
        mkdirSync(images, { recursive: true });
        await page.evaluate("document.activeElement.blur()");
        writeFileSync(path, smallerPng(await page.screenshot()));
      }
      expect(existsSync(path), "written by npm run test:all -- --project console --write").toBe(true);
      const png = readFileSync(path);
      expect(sizeOf(png)).toEqual([1280, 800]);
      expect(png.length).toBeLessThan(maxBytes);
      expect(readFileSync(join(root, document), "utf8")).toContain(`console-${name}.png`);
    },
  );
});
