import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import fc from "fast-check";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NotificationTypeSchema } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { forBrowsers } from "../../scripts/console/build-console.ts";
import type * as Checks from "../../src/console/playground/check-status.ts";
import { pushOfVector, pushStatus } from "../console/playground/pushed-status.ts";
import { statusTexts } from "../console/playground/status-texts.ts";
import { startTestEmulator } from "../support/emulator/test-emulator.ts";
import { readVectors } from "../vectors/read-vectors.ts";
import { openConsole, startBrowser, whySkipped } from "./open-console.ts";

const { cases, serverTime } = readVectors();
const nowMs = Date.parse(serverTime);
const clockSkewMs = 60_000;

/** Returns the check as a script that sets the global `checks`, bundled as the console is. */
async function bundleCheck(): Promise<string> {
  const { outputFiles } = await build({
    ...forBrowsers,
    entryPoints: [join(import.meta.dirname, "../../src/console/playground/check-status.ts")],
    format: "iife",
    globalName: "checks",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

describe.skipIf(whySkipped)(`the check of the playground in a browser${whySkipped}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  it("finds what the emulator answers over REST, for every vector and for random texts", async () => {
    await using emulator = await startTestEmulator({ clockSkewMs });
    emulator.state.clock.freezeAt(nowMs);
    const token = await emulator.token();
    const vectors = cases.flatMap((each) => pushOfVector(each) ?? []);
    const random = fc.sample(statusTexts(nowMs), { numRuns: 50, seed: 17 }).map((text, index) => ({
      text,
      target: { ...target, userKey: `any-${index}` },
    }));
    const pushes = [...vectors, ...random].map(({ text, target }) => ({
      text,
      target: { ...target, nowMs, clockSkewMs },
    }));
    await using opened = await openConsole(browser, emulator.url);
    // The Content-Security-Policy of the page holds for what the script does, though not for how it is loaded here.
    await opened.page.evaluate(`${await bundleCheck()}; globalThis.checks = checks;`);
    const found = await opened.page.evaluate(
      (all) =>
        all.map(({ text, target }) => (globalThis as unknown as Page).checks.checkStatus(text, target)),
      pushes,
    );
    const answers = await Promise.all(
      pushes.map(async ({ text, target }) => ({
        text,
        ...(await pushStatus(emulator, token, text, target)),
      })),
    );
    const shown = found.map(({ violations, notifications }, index) => ({
      text: pushes[index]?.text,
      violations,
      notifications: notifications.map((type) => NotificationTypeSchema.value[type]?.name),
    }));
    expect(vectors.length).toBeGreaterThan(60);
    expect(shown).toEqual(answers);
    expect(emulator.failures).toEqual([]);
  });

  it("takes at most 150 kB of compressed script, with all that it shares with other pages", async () => {
    expect(gzipSync(await bundleCheck()).length).toBeLessThan(150_000);
  });
});

type Page = { checks: typeof Checks };

const target = { method: "createUserPlanStatus", parent: "operators/65001", clientId: "youtube" } as const;
