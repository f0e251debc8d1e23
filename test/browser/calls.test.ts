import { execFile } from "node:child_process";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { findExample } from "../../src/examples/index.ts";
import { startTestEmulator, type TestEmulator } from "../support/emulator/test-emulator.ts";
import { type ConsoleOptions, openConsole, startBrowser, whySkipped } from "./open-console.ts";

const userKey = "a/b+c==";
const path = `/v1/operators/65001/clients/mobiledataplan/users/${encodeURIComponent(userKey)}/planStatus`;

/** Sends a push over REST, and returns the status of the answer. */
async function push(emulator: TestEmulator, token: string, body: unknown, target = path): Promise<number> {
  const response = await fetch(emulator.url + target, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  await response.arrayBuffer();
  return response.status;
}

/** Sends many calls that fail quickly: one after the other, over connections with up to 500 each. */
async function flood({ port }: TestEmulator, count: number, name: string): Promise<void> {
  const request = (end: string) => `GET /v1/${name} HTTP/1.1\r\nhost: localhost\r\n${end}\r\n`;
  for (let left = count; left > 0; left -= 500) {
    const here = Math.min(left, 500);
    const socket = connect(port, "127.0.0.1");
    socket.end(request("").repeat(here - 1) + request("connection: close\r\n"));
    expect((await text(socket)).split("HTTP/1.1 404")).toHaveLength(here + 1);
  }
}

function lowQuota(change: JsonObject = {}): JsonObject {
  return { ...findExample("low-quota")?.body(new Date()), ...change };
}

const rows = (page: Page) => page.locator("tr.call");
const opened = (page: Page) => page.locator(".call-detail");
const waitingButton = (page: Page) => page.getByRole("button", { name: / new$/ });

describe.skipIf(whySkipped)(`the page of calls${whySkipped}`, () => {
  let browser: Browser;
  let emulator: TestEmulator;
  let token: string;
  beforeAll(async () => {
    [browser, emulator] = await Promise.all([startBrowser(), startTestEmulator()]);
    token = await emulator.token();
  });
  afterAll(async () => {
    await Promise.all([browser.close(), emulator[Symbol.asyncDispose]()]);
  });
  const open = async (options: ConsoleOptions = {}) => {
    await emulator.control("connect").clearCalls({});
    return openConsole(browser, emulator.url, options);
  };

  it("has a command that pushes, and shows the call as soon as it was pasted into a shell", async () => {
    await using opening = await open();
    const { page } = opening;
    const command = await page.getByRole("region", { name: "Command" }).innerText();
    const { stdout } = await promisify(execFile)("bash", ["-c", command]);
    expect(JSON.parse(stdout)).toMatchObject({ name: "operators/65001/planStatuses/+14155550100" });
    await rows(page).getByText("+14155550100").waitFor();
    expect(await rows(page).count()).toBe(1);
  });

  it("pushes an example, and one with mistakes, from a button", async () => {
    await using opening = await open();
    const { page } = opening;
    await page.getByRole("button", { name: "Push an example" }).click();
    await rows(page).getByText("LOW_BALANCE_WARNING").waitFor();
    await page.getByRole("button", { name: "Clear", exact: true }).click();
    await page.getByRole("button", { name: "Push one with mistakes" }).click();
    await rows(page).getByText("FIELD_INVALID").click();
    await opened(page).locator(".json-line.marked").first().waitFor();
    expect(await opened(page).locator(".call-violations li").count()).toBeGreaterThanOrEqual(4);
  });

  it("shows the violations of a rejected push at their places, over every protocol", async () => {
    await using opening = await open();
    const { page } = opening;
    const status = lowQuota({ languageCode: "", plans: [{ planName: "No id" }] });
    await push(emulator, token, status, path.replace("mobiledataplan", "wrong"));
    for (const protocol of ["connect", "grpc", "grpc-web"] as const) {
      const client = emulator.client(protocol, token);
      const planStatus = fromJson(PlanStatusSchema, status);
      const request = { parent: "operators/65001", clientId: "mobiledataplan", userKey, planStatus };
      await expect(client.createUserPlanStatus(request)).rejects.toThrow("planId");
    }
    for (const protocol of ["gRPC-Web", "gRPC", "Connect", "REST"]) {
      await rows(page)
        .filter({ has: page.getByText(protocol, { exact: true }) })
        .click();
      await opened(page).locator("header").getByText(protocol, { exact: true }).waitFor();
      const marked = opened(page).locator(".json-line.marked");
      // The plan has no planId: it is marked at the plan. An empty languageCode is there over REST only.
      await marked.filter({ hasText: "planId value is required" }).waitFor();
      await marked.filter({ hasText: /languageCode.*value is required/ }).waitFor();
      await opened(page).locator(".json-line", { hasText: "No id" }).waitFor();
    }
    expect(await opened(page).locator(".target mark").innerText()).toBe("/wrong");
    expect(await opened(page).locator(".parameter-mark").innerText()).toContain("clientId must be");
  });

  it("leads from a reason to what it means, and from a plan group to its record", async () => {
    await using opening = await open();
    const { page } = opening;
    const group = { planGroupId: "g", planGroup: { dataPlans: Array(129).fill({}) } };
    expect(await push(emulator, token, group, "/v1/operators/65001/planGroups")).toBe(400);
    await rows(page).getByText("FIELD_INVALID").click();
    const href = (name: string) => opened(page).getByRole("link", { name, exact: true }).getAttribute("href");
    await expect
      .poll(() => href("FIELD_INVALID"))
      .toBe("#/reference/mobiledataplansharing.v1.ErrorReason.FIELD_INVALID");
    expect(await href("Subscriber")).toBe("#/subscribers/65001/-/g?kind=planGroup");
  });

  it("says of a call with an injected error that it is answered otherwise when it is sent again", async () => {
    await using opening = await open();
    const { page } = opening;
    const effect = { case: "error", value: { reason: ErrorReason.SERVER_OVERLOADED } } as const;
    const frequency = { case: "nextCalls", value: 1 } as const;
    await emulator.control("connect").createFault({ fault: { effect, frequency } });
    expect(await push(emulator, token, lowQuota())).toBe(503);
    await rows(page).getByText("SERVER_OVERLOADED").click();
    await opened(page).getByText("The answer was due to an injected error").waitFor();
    expect(await push(emulator, token, lowQuota())).toBe(200);
  });

  it("says where malformed JSON ends, and which fields are unknown or of another type", async () => {
    await using opening = await open();
    const { page } = opening;
    expect(await push(emulator, token, '{"title": "T",\n "plans": [}')).toBe(400);
    expect(await push(emulator, token, { titel: "T", languageCode: 5 })).toBe(400);
    await rows(page).nth(1).click();
    await opened(page).getByText("must be JSON (line 2, column 12)").waitFor();
    await rows(page).nth(0).click();
    const marked = opened(page).locator(".json-line.marked");
    await marked.filter({ hasText: /"titel".*did you mean title/s }).waitFor();
    expect(await marked.filter({ hasText: /"languageCode": 5.*must be a string/s }).count()).toBe(1);
  });

  it("shows what a push sent, and leads to its subscriber and to the playground", async () => {
    await using opening = await open();
    const { page } = opening;
    await push(emulator, token, lowQuota());
    await rows(page).click();
    await opened(page).getByText(/left/).first().waitFor();
    const link = opened(page).getByRole("link", { name: "Subscriber" });
    expect(await link.getAttribute("href")).toBe("#/subscribers/65001/mobiledataplan/a%2Fb%2Bc%3D%3D");
    await opened(page).getByRole("button", { name: "Open in the playground" }).click();
    await expect.poll(() => new URL(page.url()).hash).toBe("#/playground");
  });

  it("shows only calls that match its filters, which a reload keeps", async () => {
    // Browsers report answers such as that to the invalid operator.
    await using opening = await open({ expected: /status of 400/ });
    const { page } = opening;
    await push(emulator, token, lowQuota());
    await push(emulator, token, {});
    await push(emulator, "wrong", {}, "/v1/operators/65002/planStatuses?userKey=%2B1415");
    await expect.poll(() => rows(page).count()).toBe(3);
    await page.getByLabel("Outcome").selectOption("Only errors");
    await expect.poll(() => rows(page).count()).toBe(2);
    await page.getByLabel("User key").fill("a/*");
    await expect.poll(() => rows(page).count()).toBe(1);
    await page.reload();
    await rows(page).getByText("FIELD_INVALID").waitFor();
    expect(await rows(page).count()).toBe(1);
    expect(await page.getByLabel("User key").inputValue()).toBe("a/*");
    await page.getByRole("button", { name: "Show all" }).click();
    await expect.poll(() => rows(page).count()).toBe(3);
    await page.getByLabel("Outcome").selectOption("CREDENTIALS_INVALID");
    await expect.poll(() => rows(page).count()).toBe(1);
    await page.getByLabel("Outcome").selectOption("All outcomes");
    await page.getByLabel("Method").selectOption("CreateUserPlanStatus");
    await expect.poll(() => rows(page).count()).toBe(2);
    await page.getByLabel("Protocol").selectOption("gRPC");
    await page.getByText("No call matches").waitFor();
    await page.getByRole("link", { name: "Show all calls" }).click();
    await page.getByLabel("Operator").fill("acme");
    await page.getByText("must be operators/{asn_id}").first().waitFor();
  });

  it("says once what is wrong with a filter, and accepts spaces around an operator", async () => {
    await using opening = await open({ fragment: "#/calls?operator=65x", expected: /status of 400/ });
    const { page } = opening;
    const problem = page.getByRole("alert").filter({ hasText: "The filter is invalid" });
    await problem.waitFor();
    const main = await page.locator("main").innerText();
    expect(main.split("must be operators/{asn_id}")).toHaveLength(2);
    const operator = page.getByRole("searchbox", { name: "Operator" });
    expect(await operator.getAttribute("aria-invalid")).toBe("true");

    await push(emulator, token, lowQuota());
    await operator.fill(" 65001 ");
    await rows(page).getByText(userKey).waitFor();
    expect(await problem.count()).toBe(0);
  });

  it("counts calls while it is paused, and shows them when it goes on", async () => {
    await using opening = await open();
    const { page } = opening;
    await push(emulator, token, {});
    await expect.poll(() => rows(page).count()).toBe(1);
    await page.getByRole("button", { name: "Pause" }).click();
    await flood(emulator, 37, "while-paused");
    await expect.poll(() => waitingButton(page).allInnerTexts()).toEqual(["37 new"]);
    expect(await rows(page).count()).toBe(1);
    await page.getByRole("button", { name: "Resume" }).click();
    await rows(page).getByText("/v1/while-paused").first().waitFor();
    expect(await page.getByRole("grid").getAttribute("aria-rowcount")).toBe("39");
  });

  it("goes from call to call by keyboard, and returns the focus to the list", async () => {
    await using opening = await open();
    const { page } = opening;
    await push(emulator, token, {});
    await push(emulator, token, lowQuota());
    await push(emulator, "wrong", {});
    await expect.poll(() => rows(page).count()).toBe(3);
    const reasonOfFocus = () => page.locator("tr.call:focus .outcome").allInnerTexts();
    await page.keyboard.press("j");
    await expect.poll(reasonOfFocus).toEqual(["401 CREDENTIALS_INVALID"]);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("End");
    await expect.poll(reasonOfFocus).toEqual(["400 FIELD_INVALID"]);
    await page.keyboard.press("Enter");
    await opened(page).getByRole("link", { name: "FIELD_INVALID" }).waitFor();
    await page.keyboard.press("k");
    await opened(page).getByRole("link", { name: "LOW_BALANCE_WARNING" }).waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => opened(page).count()).toBe(0);
    await expect.poll(reasonOfFocus).toEqual(["200 LOW_BALANCE_WARNING"]);
  });

  it("covers the list with an opened call on a narrow screen, where Back closes it", async () => {
    await using opening = await open({ viewport: { width: 400, height: 800 } });
    const { page } = opening;
    await push(emulator, token, {});
    await rows(page).click();
    await opened(page)
      .getByRole("heading", { name: /^Call \d/ })
      .waitFor();
    expect(await rows(page).isVisible()).toBe(false);
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("call-title");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400);
    await page.goBack();
    await rows(page).waitFor();
  });

  it("keeps few rows in the page for 10,000 calls, stays where it was scrolled to, and loads older calls", async () => {
    await using opening = await open();
    const { page } = opening;
    // The list begins with the newest 200 calls of those that are there before.
    await page.getByText("No calls yet").waitFor();
    await flood(emulator, 10_100, "flood");
    const rowCount = () => page.getByRole("grid").getAttribute("aria-rowcount");
    await expect.poll(rowCount).toBe("10001");
    expect(await rows(page).count()).toBeLessThan(60);
    // A style of its own makes a row ten times as slow to draw.
    expect(await page.locator("tr.call[style]").count()).toBe(0);
    await page.locator(".calls-box").evaluate((box) => box.scrollTo({ top: 160_000 }));
    await expect.poll(() => page.locator('tr.call[aria-rowindex="5012"]').count()).toBe(1);
    const before = await page.locator('tr.call[aria-rowindex="5012"]').getAttribute("data-number");
    await flood(emulator, 5, "more");
    await expect.poll(() => waitingButton(page).allInnerTexts()).toEqual(["5 new"]);
    expect(await page.locator('tr.call[aria-rowindex="5012"]').getAttribute("data-number")).toBe(before);
    await page.locator(".calls-box").evaluate((box) => box.scrollTo({ top: box.scrollHeight }));
    await page.getByRole("button", { name: "Load older calls" }).click();
    await expect.poll(rowCount).toBe("10101");
    expect(await rows(page).count()).toBeLessThan(60);
    await waitingButton(page).click();
    await rows(page).getByText("/v1/more").first().waitFor();
    expect(await rowCount()).toBe("10001");
  });
});

describe.skipIf(whySkipped)(`the page of calls, when the emulator stops${whySkipped}`, () => {
  it("goes on with the emulator that listens on the same port next", async () => {
    const browser = await startBrowser();
    const first = await startTestEmulator();
    await using opening = await openConsole(browser, first.url, { expected: /Failed to load|ERR_/ });
    const { page } = opening;
    await flood(first, 3, "before");
    await expect.poll(() => rows(page).count()).toBe(3);
    await first[Symbol.asyncDispose]();
    await page.getByText("Not connected").waitFor();
    expect(await rows(page).count()).toBe(3);
    {
      await using second = await startTestEmulator({ port: first.port });
      await flood(second, 4, "after");
      await page.getByText("the calls before are gone").waitFor();
      await flood(second, 1, "last");
      await rows(page).getByText("/v1/last").waitFor();
      expect(await rows(page).getByText("/v1/after").count()).toBe(4);
      expect(await rows(page).getByText("/v1/before").count()).toBe(0);
      await page.close();
    }
    await browser.close();
  });
});
