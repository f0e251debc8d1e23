import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PlanGroupSchema, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { PlanSharingClient } from "../../src/client/index.ts";
import { findExample } from "../../src/examples/index.ts";
import { startTestEmulator, type TestEmulator } from "../support/emulator/test-emulator.ts";
import { parent } from "../support/test-server.ts";
import { openConsole, startBrowser, whySkipped } from "./open-console.ts";

const now = new Date("2026-12-01T09:00:00Z");
const userKey = "+14155550100";

/** Returns the place of a subscriber. */
function placeOf(key = userKey, client = "-"): string {
  return `#/subscribers/65001/${client}/${encodeURIComponent(key)}`;
}

/** Returns an example that was read at the time of the emulator. */
function bodyOf(name: string, fields: JsonObject = {}): JsonObject {
  return { ...findExample(name)?.body(now), ...fields };
}

describe.skipIf(whySkipped)(`the page of subscribers${whySkipped}`, () => {
  let browser: Browser;
  let emulator: TestEmulator;
  let api: PlanSharingClient;
  beforeAll(async () => {
    [browser, emulator] = await Promise.all([startBrowser(), startTestEmulator()]);
  });
  beforeEach(async () => {
    await control().reset({});
    emulator.state.clock.freezeAt(now.getTime());
    api = emulator.client("connect", await emulator.token());
  });
  afterAll(() => Promise.all([browser.close(), emulator[Symbol.asyncDispose]()]));

  const control = () => emulator.control("connect");

  async function push(body: JsonObject, key = userKey, clientId = ""): Promise<void> {
    const planStatus = fromJson(PlanStatusSchema, body);
    await (clientId === ""
      ? api.createPlanStatus({ parent, userKey: key, planStatus })
      : api.createUserPlanStatus({ parent, clientId, userKey: key, planStatus }));
  }

  const open = (fragment: string) => openConsole(browser, emulator.url, { fragment });

  /** Goes to another place without loading the page again. */
  async function goTo(page: Page, fragment: string): Promise<void> {
    await page.evaluate((hash) => location.assign(hash), fragment);
  }

  const drawingIn = (page: Page) => page.getByRole("region", { name: "Drawing" });
  const headingIn = (page: Page, name: string) =>
    page.getByRole("heading", { level: 1, name, exact: true }).waitFor();

  it("draws six statuses with their plans, modules, balances and account", async () => {
    const statuses: Readonly<Record<string, JsonObject>> = {
      prepaid: bodyOf("prepaid"),
      "low-balance": bodyOf("low-quota"),
      unlimited: bodyOf("unlimited"),
      expired: bodyOf("expired"),
      incompatible: bodyOf("inactive", {
        languageCode: "ku-Arab",
        title: "پاکێجی ئینتەرنێت",
        uiCompatibility: "UI_INCOMPATIBLE",
      }),
      postpaid: bodyOf("postpaid", { accountInfo: bodyOf("top-up").accountInfo ?? {} }),
    };
    for (const [name, body] of Object.entries(statuses)) {
      await push(body, name);
    }
    await using opened = await open("#/subscribers");
    const { page } = opened;
    // What is drawn depends on the time.
    await page.getByRole("link", { name: "Clock frozen" }).waitFor();
    for (const name of Object.keys(statuses)) {
      await goTo(page, placeOf(name));
      await headingIn(page, name);
      const drawing = await drawingIn(page).ariaSnapshot();
      await expect(`${drawing}\n`).toMatchFileSnapshot(`drawings/${name}.yaml`);
    }
  });

  it("sets the texts of the operator in their language and direction", async () => {
    await push(bodyOf("prepaid", { languageCode: "ku_Arab" }));
    await push(bodyOf("prepaid", { languageCode: "ar-Latn" }), userKey, "youtube");
    await using opened = await open(placeOf());
    const { page } = opened;
    const directions: (string | null)[] = [];
    for (const client of ["-", "youtube"]) {
      await goTo(page, placeOf(userKey, client));
      const drawing = page.locator(`article[lang="${client === "-" ? "ku-Arab" : "ar-Latn"}"]`);
      directions.push(await drawing.getAttribute("dir"));
    }
    expect(directions).toEqual(["rtl", "ltr"]);
  });

  it("keeps the order of words in a text of another direction than its language", async () => {
    await push(bodyOf("prepaid", { languageCode: "ar", title: "2 GB for everything" }));
    await using opened = await open(placeOf());
    const heading = drawingIn(opened.page).getByRole("heading", { name: "2 GB for everything" });
    const [number, word] = await heading.evaluate((element) => {
      const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode() as Text;
      return [0, 5].map((start) => {
        const range = document.createRange();
        range.setStart(text, start);
        range.setEnd(text, start + 1);
        return range.getBoundingClientRect().left;
      });
    });
    expect(number).toBeLessThan(word ?? 0);
  });

  it("says that a status has expired when the clock advances, and keeps what it was", async () => {
    await push(bodyOf("prepaid"));
    await using opened = await open(placeOf());
    const { page } = opened;
    await page.getByRole("status").getByText("stored", { exact: true }).waitFor();
    await control().advanceClock({ duration: { seconds: 86_400n } });
    const expired = page.getByText("Expired at 2026-12-02 09:00:00 UTC; it is not stored any more");
    await expired.waitFor();
    expect(await drawingIn(page).getByRole("heading", { name: "Music" }).count()).toBe(1);
    expect(await page.getByRole("button", { name: "Delete" }).count()).toBe(0);
    // From the journal, which a new page has to read.
    await page.reload();
    await expired.waitFor();
    await drawingIn(page).getByRole("heading", { name: "Music" }).waitFor();
    // Set back, the record is there again.
    emulator.state.clock.freezeAt(now.getTime());
    await page.getByRole("button", { name: "Delete" }).waitFor();
  });

  it("shows a push of another process at once, and leaves focus and scroll position where they are", async () => {
    await push(bodyOf("prepaid"));
    await using opened = await open(placeOf());
    const { page } = opened;
    const pushes = page.getByRole("region", { name: "Pushes" }).getByRole("listitem");
    await pushes.first().waitFor();
    const link = page.getByRole("link", { name: "All calls of this key" });
    await link.focus();
    await page.evaluate(() => scrollTo(0, 150));
    await push(bodyOf("prepaid", { title: "From outside" }));
    await drawingIn(page).getByRole("heading", { name: "From outside" }).waitFor();
    await pushes.nth(1).waitFor();
    const scrolled = await page.evaluate(() => [scrollY, document.activeElement?.textContent]);
    expect(scrolled).toEqual([150, "All calls of this key"]);
  });

  it("has a status for each client, one for all others, and the plan group", async () => {
    await push(bodyOf("prepaid"));
    await push(bodyOf("unlimited"), userKey, "youtube");
    const planGroup = fromJson(PlanGroupSchema, bodyOf("plan-group"));
    await api.createPlanGroup({ parent, planGroupId: userKey, planGroup });
    await using opened = await open(placeOf());
    const { page } = opened;
    const records = page.getByRole("navigation", { name: "Statuses and groups" }).getByRole("link");
    const titles: string[] = [];
    for (const [name, title] of [
      ["every client", "ACME Plan 199"],
      ["youtube", "ACME Max"],
      ["plan group", "Your data plan"],
    ] as const) {
      await records.getByText(name).click();
      await drawingIn(page).getByRole("heading", { level: 2, name: title }).waitFor();
      titles.push(title);
    }
    expect(await records.allTextContents()).toEqual(["every client", "youtube", "plan group"]);
    await goTo(page, placeOf(userKey, "mobiledataplan"));
    await page.getByText("No status is stored for mobiledataplan").waitFor();
    await page.getByRole("link", { name: "the status for every client" }).click();
    await drawingIn(page).getByRole("heading", { level: 2, name: "ACME Plan 199" }).waitFor();
  });

  it("lists pushes with their outcome and notifications as cards, each with a link to its call", async () => {
    await push(bodyOf("pay-as-you-go"));
    await push(bodyOf("prepaid", { languageCode: "?" })).catch(() => {});
    await using opened = await open(placeOf());
    const { page } = opened;
    // Times are shown relative to it.
    await page.getByRole("link", { name: "Clock frozen" }).waitFor();
    const pushes = page.getByRole("region", { name: "Pushes" });
    await pushes.getByText("FIELD_INVALID").waitFor();
    expect(await pushes.getByRole("listitem").allInnerTexts()).toEqual([
      expect.stringMatching(/^Call \d+\s+FIELD_INVALID\s+every client\s+now\s+.*languageCode/),
      expect.stringMatching(
        /^Call \d+\s+accepted\s+every client\s+now\s+notified: out of data, pay as you go$/,
      ),
    ]);
    const cards = page.getByRole("region", { name: "Notifications" });
    expect(await cards.getByRole("heading", { level: 3 }).allTextContents()).toEqual([
      "Pay as you go",
      "Out of data",
    ]);
    await cards.getByRole("link").first().click();
    await page.waitForURL(/#\/calls\/\d+$/);
  });

  it("deletes a record, and hands what it was over to the playground", async () => {
    await push(bodyOf("minimal", { title: "For the playground" }));
    await using opened = await open(placeOf());
    const { page } = opened;
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByText("It is not stored any more: it was deleted, or the emulator was reset.").waitFor();
    expect((await control().listRecords({})).records).toEqual([]);
    // The focus is on what can be done next.
    await page.locator("button:focus", { hasText: "Open in the playground" }).press("Enter");
    await page.waitForURL(/#\/playground$/);
    await page.locator("main", { hasText: "For the playground" }).waitFor();
  });

  it("registers and unregisters the device of a key while registration is enforced", async () => {
    await using opened = await open(placeOf());
    const { page } = opened;
    await page.getByText("is not enforced: every push may notify").waitFor();
    await control().updateRegistration({ registration: { enforced: true } });
    await page.getByRole("button", { name: "Register device" }).click();
    await page.getByText("A device has registered this key").waitFor();
    await push(bodyOf("low-quota"));
    const { devices } = await control().listDevices({ parent });
    expect(devices.map((device) => device.userKey)).toEqual([userKey]);
    await page.getByRole("button", { name: "Unregister device" }).click();
    await page.getByText("No device has registered this key").waitFor();
    expect((await control().listDevices({ parent })).devices).toEqual([]);
  });

  it("finds keys by a part, by a pattern and by client, and keeps the search in the address", async () => {
    await push(bodyOf("prepaid"), "+14155550100");
    await push(bodyOf("prepaid"), "+14155550199", "youtube");
    await push(bodyOf("prepaid"), "a/b+c==");
    await push(bodyOf("prepaid", { languageCode: "?" }), "never-stored").catch(() => {});
    await using opened = await open("#/subscribers");
    const { page } = opened;
    const found = () => page.locator("table tbody tr a").allTextContents();
    await expect.poll(found).toHaveLength(3);
    const options = page.locator("datalist option");
    await expect
      .poll(() => options.evaluateAll((all) => all.map((one) => one.getAttribute("value"))))
      .toEqual(["never-stored", "a/b+c==", "+14155550199", "+14155550100"]);
    const search = page.getByLabel("User key");
    await search.fill("b+c");
    await expect.poll(found).toEqual(["a/b+c=="]);
    await search.fill("+1415*0");
    await expect.poll(found).toEqual(["+14155550100"]);
    await search.fill("+1415*");
    await expect.poll(found).toHaveLength(2);
    await page.getByRole("combobox", { name: "Client" }).selectOption("youtube");
    await expect.poll(found).toEqual(["+14155550199"]);
    await page.reload();
    await expect.poll(found).toEqual(["+14155550199"]);
    await search.fill("nobody");
    await page.getByText("No stored record matches").waitFor();
    await page.getByRole("textbox", { name: "Operator" }).fill("0");
    await page.getByText("must be an ASN, such as 65001").waitFor();
    await page.getByRole("textbox", { name: "Operator" }).fill("");
    await page.getByRole("link", { name: "Show all records" }).click();
    await expect.poll(found).toHaveLength(3);
    await page.getByRole("link", { name: "never-stored" }).click();
    await page.getByText("No status is stored for this key").waitFor();
  });

  it("opens subscribers with any key from the list, and again after a reload", async () => {
    const keys = ["a/b+c==", "%2F", "/", "..", "a*\\b", "#?&=", "🙂", "k".repeat(4096), "*".repeat(4096)];
    for (const key of keys) {
      await push(bodyOf("minimal", { title: "Found" }), key);
    }
    await using opened = await open("#/subscribers");
    const { page } = opened;
    const opens: (string | null)[] = [];
    for (const key of keys) {
      await page.getByRole("link", { name: key, exact: true }).click();
      await drawingIn(page).getByRole("heading", { name: "Found" }).waitFor();
      opens.push(await page.locator("h1").textContent());
      if (opens.length === keys.length) {
        await page.reload();
        await drawingIn(page).getByRole("heading", { name: "Found" }).waitFor();
      }
      await goTo(page, "#/subscribers");
    }
    expect(opens).toEqual(keys);
  });
});
