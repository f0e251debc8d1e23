import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Code } from "@connectrpc/connect";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clock_Mode as Mode } from "../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { findExample } from "../../src/examples/index.ts";
import { startTestEmulator, type TestEmulator } from "../support/emulator/test-emulator.ts";
import { parent } from "../support/test-server.ts";
import { type ConsoleOptions, openConsole, startBrowser, whySkipped } from "./open-console.ts";

describe.skipIf(whySkipped)(`the page of controls${whySkipped}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  /** Opens the page of a new emulator. */
  async function openControls(options: ConsoleOptions = {}) {
    const emulator = await startTestEmulator();
    // The browser reports each answer that is an error.
    const expected = /status of 400/;
    const opened = await openConsole(browser, emulator.url, { fragment: "#/controls", expected, ...options });
    await opened.page.getByRole("link", { name: "Live" }).waitFor();
    const section = (name: string) => opened.page.getByRole("region", { name, exact: true });
    return {
      ...opened,
      emulator,
      control: emulator.control("connect"),
      section,
      press: (name: string, button: string) =>
        section(name).getByRole("button", { name: button, exact: true }).click(),
      says: (name: string, text: string) =>
        section(name).getByRole("status").filter({ hasText: text }).waitFor(),
      async [Symbol.asyncDispose]() {
        try {
          await opened[Symbol.asyncDispose]();
        } finally {
          await emulator[Symbol.asyncDispose]();
        }
      },
    };
  }

  it("keeps what a section shows inside its frame, without overlaps", async () => {
    await using opened = await openControls();
    const faults: string[] = await opened.page.locator("main section.card").evaluateAll((sections) =>
      sections.flatMap((section) => {
        const name = section.querySelector("h2")?.textContent ?? "";
        const shown = [...section.children]
          .map((child) => child.getBoundingClientRect())
          .filter(({ height }) => height > 0);
        const edges = [...shown, { top: section.getBoundingClientRect().bottom - 12 }];
        return shown.flatMap(({ bottom }, index) => {
          const gap = (edges[index + 1]?.top ?? 0) - bottom;
          return gap < -1 ? [`${name}: part ${index + 1} is ${-gap} px too low`] : [];
        });
      }),
    );
    expect(faults).toEqual([]);
  });

  it("freezes, advances, sets and runs the clock, and returns to real time", async () => {
    await using opened = await openControls();
    const { control, section, press, says } = opened;
    const clock = section("Clock");
    const time = async () =>
      new Date(Number((await control.getClock({})).time?.seconds) * 1000).toISOString();

    await clock.getByLabel("Time, as text").fill("2026-12-24 18:00:00+01:00");
    await clock.getByText("2026-12-24 17:00:00 UTC").waitFor();
    expect(await clock.getByLabel("Date and time").inputValue()).toBe("2026-12-24T17:00");
    await press("Clock", "Set and freeze");
    await says("Clock", "Set to 2026-12-24 17:00:00 UTC. The clock stands still.");
    expect(await control.getClock({})).toMatchObject({ mode: Mode.FROZEN });
    for (const step of ["1 minute", "1 hour", "1 day", "7 days", "30 days"]) {
      await press("Clock", step);
      await says("Clock", `Advanced by ${step.split(" ")[0]} ${step[2]}`);
    }
    await clock.getByLabel("Other duration").fill("36h");
    await press("Clock", "Advance");
    await says("Clock", "Advanced by 1 d 12 h.");
    expect(await time()).toBe("2027-02-02T06:01:00.000Z");
    // The second click does not wait for the first one.
    await section("Clock").getByRole("button", { name: "1 day" }).dblclick();
    await expect.poll(time).toBe("2027-02-04T06:01:00.000Z");
    await clock.getByRole("timer").getByText("2027-02-04 06:01:00 UTC").waitFor();

    await clock.getByLabel("Date and time").fill("2030-01-01T00:00:00");
    await press("Clock", "Set and run");
    await says("Clock", "The clock runs.");
    expect(await control.getClock({})).toMatchObject({ mode: Mode.SHIFTED });
    expect(await time()).toMatch(/^2030-01-01T00:00:/);
    await press("Clock", "Freeze");
    await says("Clock", "The clock stands still.");
    await press("Clock", "Run");
    await says("Clock", "The clock runs on.");
    expect(await control.getClock({})).toMatchObject({ mode: Mode.SHIFTED });
    await press("Clock", "Back to real time");
    await says("Clock", "The clock is that of the machine again.");
    expect(await control.getClock({})).toMatchObject({ mode: Mode.REAL });
  });

  it("says at the field why the clock was not changed, and keeps it", async () => {
    await using opened = await openControls();
    const { control, section, press } = opened;
    const error = (label: string) => errorAt(section("Clock"), label);
    await section("Clock").getByLabel("Other duration").fill("soon");
    await press("Clock", "Advance");
    await expect.poll(() => error("Other duration")).toContain("must be a duration such as 36h");
    await section("Clock").getByLabel("Other duration").fill("9000w 300000000000s");
    await press("Clock", "Advance");
    await expect
      .poll(() => error("Other duration"))
      .toContain("the clock cannot pass the end of the year 9999");
    await section("Clock").getByLabel("Time, as text").fill("2026-02-29");
    await press("Clock", "Set and run");
    await expect.poll(() => error("Time, as text")).toContain("must be a time such as");
    await section("Clock").getByLabel("Time, as text").fill("1969-12-31");
    await press("Clock", "Set and freeze");
    await expect.poll(() => error("Time, as text")).toContain("must be from 1970-01-01T00:00:00Z");
    expect((await control.getClock({})).mode).toBe(Mode.REAL);
  });

  it("injects an error by a preset, which a push gets, and shows how often it was affected", async () => {
    await using opened = await openControls();
    const { emulator, page, press, says } = opened;
    await press("Injected errors", "Next push overloaded");
    await says("Injected errors", "Injected faults/1: Next push overloaded.");
    const row = page.getByRole("row").filter({ hasText: "faults/1" });
    expect(await row.innerText()).toMatch(
      /server overloaded\s*retry after 2 s\s*PlanStatusService\s*the next call/,
    );
    await press("Injected errors", "10 % unavailable");
    await says("Injected errors", "Injected faults/2");
    expect(await push(emulator)).toMatchObject({ status: 503, retryAfter: "2", reason: "SERVER_OVERLOADED" });
    expect((await push(emulator)).status).toBe(200);
    // It had one call to go. The page notices by itself.
    await row.waitFor({ state: "hidden" });
    await press("Injected errors", "Delete faults/2");
    await says("Injected errors", "Deleted faults/2.");
    expect((await opened.control.listFaults({})).faults).toEqual([]);
    // The button that had the focus is gone.
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Injected errors");
  });

  it("injects what the form describes, and shows the same request as JSON", async () => {
    await using opened = await openControls();
    const { emulator, section, press, says, page, control } = opened;
    await press("Injected errors", "Another error…");
    const form = page.getByRole("form", { name: "New injected error" });
    await form.getByLabel("Method").selectOption("CreatePlanGroup");
    expect(await form.getByLabel("Client").isDisabled()).toBe(true);
    await form.getByLabel("Method").selectOption("CreateUserPlanStatus");
    await form.getByLabel("Operator").fill("65001");
    await form.getByLabel("Client").selectOption("mobiledataplan");
    await form.getByLabel("User key or group id").fill("4917*");
    await form.getByLabel("Effect").selectOption("Error without a reason");
    await form.getByLabel("Code").selectOption("RESOURCE_EXHAUSTED");
    await form.getByLabel("Message").fill("it's enough");
    await form.getByLabel("Retry after").fill("1.5s");
    await form.getByLabel("Of the matching calls").selectOption("Every n-th");
    await form.getByLabel("n", { exact: true }).fill("2");
    await form.getByText("The request as JSON").click();
    const json = JSON.parse(await form.getByRole("region", { name: "Request as JSON" }).innerText());
    const line = await form.getByRole("region", { name: "Request with curl" }).innerText();
    await form.getByRole("button", { name: "Inject", exact: true }).click();
    await form.getByRole("status").filter({ hasText: "Injected faults/1." }).waitFor();
    const { faults } = (await emulator.rest("GET", "faults")).body as { faults: object[] };
    expect(faults).toEqual([{ ...json, name: "faults/1" }]);
    expect(JSON.parse(await shell(line))).toEqual({ ...json, name: "faults/2" });

    expect((await push(emulator)).status).toBe(200);
    expect(await push(emulator)).toEqual({
      status: 429,
      retryAfter: "2",
      reason: undefined,
      message: "it's enough",
    });
    expect((await control.listFaults({})).faults[0]).toMatchObject({ matchedCalls: 2n, affectedCalls: 1n });
    await section("Injected errors")
      .getByRole("row")
      .filter({ hasText: "faults/1" })
      .getByText("1", { exact: true })
      .waitFor();
    await press("Injected errors", "Delete all");
    await says("Injected errors", "Deleted 2 errors.");
    expect((await control.listFaults({})).faults).toEqual([]);
  });

  it("shows what is wrong with an error at its fields, those of the emulator too", async () => {
    await using opened = await openControls();
    const { press, page, control } = opened;
    await press("Injected errors", "Another error…");
    const form = page.getByRole("form", { name: "New injected error" });
    const inject = () => form.getByRole("button", { name: "Inject", exact: true }).click();
    await form.getByLabel("Method").selectOption("CreateUserPlanStatus");
    await form.getByLabel("Number of calls").fill("none");
    await form.getByLabel("Delay before it").fill("1 fortnight");
    await inject();
    await expect
      .poll(() => errorAt(form, "Number of calls"))
      .toBe("must be a whole number from 1 to 2147483647");
    await expect.poll(() => errorAt(form, "Delay before it")).toContain("must be a duration such as");
    // The first field with an error has the focus.
    await expect.poll(() => focusedLabel(page)).toBe("Delay before it");
    await form.getByLabel("Number of calls").fill("3");
    await form.getByLabel("Delay before it").fill("11m");
    await form.getByLabel("Operator").fill("0");
    await form.getByLabel("User key or group id").fill("a b");
    await inject();
    await expect.poll(() => errorAt(form, "Delay before it")).toBe("must be from 0s to 600s");
    await expect.poll(() => errorAt(form, "Operator")).toContain("must be operators/{asn_id}");
    await expect
      .poll(() => errorAt(form, "User key or group id"))
      .toContain("must match a key that is valid");
    expect((await control.listFaults({})).faults).toEqual([]);
    await expect.poll(() => focusedLabel(page)).toBe("Operator");
  });

  it("works by keyboard: an error is chosen, injected, copied and deleted", async () => {
    await using opened = await openControls();
    const { page, control } = opened;
    await page.getByRole("button", { name: "Another error…" }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => focusedLabel(page)).toBe("Method");
    await chooseByKey(page, "CreateUserPlanStatus");
    // Operator, client, key and effect.
    for (let count = 0; count < 4; count++) {
      await page.keyboard.press("Tab");
    }
    await expect.poll(() => focusedLabel(page)).toBe("Effect");
    await chooseByKey(page, "cut");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.type("2s");
    await page.keyboard.press("Enter");
    await expect
      .poll(async () => (await control.listFaults({})).faults)
      .toMatchObject([
        { match: { method: "CreateUserPlanStatus" }, delay: { seconds: 2n }, effect: { case: "cut" } },
      ]);
    await page.getByRole("button", { name: "Copy faults/1 into the form" }).focus();
    await page.keyboard.press("Space");
    await expect.poll(() => focusedLabel(page)).toBe("Method");
    await page.getByRole("button", { name: "Delete faults/1" }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(async () => (await control.listFaults({})).faults).toEqual([]);
    await page.getByRole("button", { name: "Close" }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Another error…");
  });

  it("enforces registration, and registers and unregisters devices of an operator", async () => {
    await using opened = await openControls();
    const { emulator, control, section, press, says } = opened;
    const devices = section("Registered devices");
    await devices.getByRole("checkbox").check();
    await says("Registered devices", "Registration is enforced.");
    expect(await push(emulator)).toMatchObject({ status: 404, reason: "DEVICE_NOT_REGISTERED" });
    await devices.getByLabel("User key").fill("a b");
    await press("Registered devices", "Register");
    await expect.poll(() => errorAt(devices, "User key")).not.toBe("");
    await devices.getByLabel("User key").fill("491700000001");
    await press("Registered devices", "Register");
    await says("Registered devices", "Registered 491700000001.");
    await devices.getByRole("row").filter({ hasText: "491700000001" }).waitFor();
    expect((await push(emulator)).status).toBe(200);
    // Of another program, and of another operator.
    await control.createDevice({ parent, device: { userKey: "k/%" } });
    await control.createDevice({ parent: "operators/65002", device: { userKey: "other" } });
    await devices.getByRole("row").filter({ hasText: "k/%" }).waitFor();
    await press("Registered devices", "Unregister k/%");
    await says("Registered devices", "Unregistered k/%.");
    await devices.getByLabel("Operator").fill("65002");
    await devices.getByRole("row").filter({ hasText: "other" }).waitFor();
    await devices.getByLabel("Operator").fill("0");
    await expect.poll(() => errorAt(devices, "Operator")).toContain("must");
    expect((await control.listDevices({ parent })).devices.map(({ userKey }) => userKey)).toEqual([
      "491700000001",
    ]);
  });

  it("loads a built-in scenario, and one from a file whose errors lead to their lines", async () => {
    await using opened = await openControls();
    const { control, section, press, says, page } = opened;
    await press("Scenarios", "Load subscribers");
    await says("Scenarios", "Loaded subscribers: 15 records stored.");
    expect((await control.listRecords({})).records).toHaveLength(15);
    const file = section("Scenario from a file");
    const choose = (text: string) =>
      file
        .getByLabel("File")
        .setInputFiles({ name: "users.yaml", mimeType: "text/yaml", buffer: Buffer.from(text) });
    const text =
      'clock: {mode: FROZEN}\nrecords:\n  - userKey: "1"\n    clientID: x\n    example: prepayed\n';
    await choose(text);
    await press("Scenario from a file", "Load the text");
    const alert = file.getByRole("alert").filter({ hasText: "nothing was loaded" });
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(
      /users\.yaml:5:\d+\s+records\[0\]\.example must be one of .*did you mean/,
    );
    await alert.getByRole("button", { name: /users\.yaml:5/ }).click();
    const selected = () =>
      page.evaluate(() => {
        const area = document.activeElement as HTMLTextAreaElement;
        return area.value?.slice(area.selectionStart, area.selectionEnd);
      });
    await expect.poll(selected).toBe("    example: prepayed");
    expect((await control.getClock({})).mode).toBe(Mode.REAL);
    await choose(text.replace("clientID: x", "clientId: youtube").replace("prepayed", "prepaid"));
    await press("Scenario from a file", "Load the text");
    await says("Scenario from a file", "Loaded users.yaml: 1 record stored.");
    expect((await control.listRecords({})).records).toHaveLength(16);
    expect((await control.getClock({})).mode).toBe(Mode.FROZEN);
  });

  it("resets only what was confirmed in a dialog, and clears calls without one", async () => {
    await using opened = await openControls();
    const { emulator, control, press, says, page } = opened;
    await push(emulator);
    await press("Emulator", "Clear calls");
    await says("Emulator", "The calls and notifications are cleared.");
    expect((await control.listCalls({})).calls).toEqual([]);
    const dialog = page.getByRole("dialog", { name: "Reset the emulator?" });
    for (const cancel of ["Escape", "Enter"]) {
      await press("Emulator", "Reset…");
      await dialog.waitFor();
      await page.keyboard.press(cancel);
      await dialog.waitFor({ state: "hidden" });
    }
    expect((await control.listRecords({})).records).toHaveLength(1);
    await press("Emulator", "Reset…");
    await dialog.getByRole("button", { name: "Reset", exact: true }).click();
    await says("Emulator", "The emulator is as after its start.");
    expect((await control.listRecords({})).records).toEqual([]);
  });

  it("creates a token with the lines that use it, and does not store it", async () => {
    await using opened = await openControls();
    const { section, press, says, page, control, emulator } = opened;
    await control.advanceClock({ duration: { seconds: 864_000n } });
    await page.getByRole("link", { name: /^Clock shifted/ }).waitFor();
    const tokens = section("Tokens");
    await tokens.getByLabel("Operators").fill("65001, nobody");
    await tokens.getByLabel("Lifetime").fill("367d");
    await press("Tokens", "Create a token");
    await expect.poll(() => errorAt(tokens, "Lifetime")).toContain("at most 366 days");
    await expect.poll(() => errorAt(tokens, "Operators")).not.toBe("");
    await tokens.getByLabel("Operators").fill("65001, 65002");
    await tokens.getByLabel("Lifetime").fill("10m");
    await press("Tokens", "Create a token");
    await says("Tokens", "The token is below.");
    const text = (name: string) => tokens.getByRole("region", { name, exact: true }).innerText();
    const token = await text("Access token");
    const pushed = JSON.parse(await shell(await text("Push with this token")));
    expect(JSON.parse(await shell(await text("Read with this token")))).toEqual(pushed);
    expect(pushed.name).toBe("operators/65001/planStatuses/491700000001");
    const other = await emulator
      .client("rest", token)
      .getPlanStatus({ name: "operators/65002/planStatuses/1" })
      .catch((error) => error.code);
    expect(other).toBe(Code.NotFound);
    const kept = await page.evaluate(() =>
      JSON.stringify([
        { ...localStorage },
        { ...sessionStorage },
        document.cookie,
        location.href,
        history.state,
      ]),
    );
    expect(kept).not.toContain(token.slice(0, 20));
  });
});

/** Pushes an example that notifies, with a token of its own. */
async function push(emulator: TestEmulator) {
  const url = `${emulator.url}/v1/${parent}/clients/mobiledataplan/users/491700000001/planStatus`;
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${await emulator.token()}`, "content-type": "application/json" },
    body: JSON.stringify(findExample("low-quota")?.body(new Date())),
  });
  const { error } = (await response.json()) as {
    error?: { message: string; details: { reason?: string }[] };
  };
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after") ?? undefined,
    reason: error?.details.find(({ reason }) => reason !== undefined)?.reason,
    message: error?.message,
  };
}

/** The error that is shown at a field of a part of the page; empty if there is none. */
function errorAt(part: Locator, label: string): Promise<string> {
  return part.getByLabel(label, { exact: true }).evaluate((control) => {
    const ids = control.getAttribute("aria-describedby")?.split(" ") ?? [];
    const error = document.getElementById(ids.find((id) => id.endsWith("-error")) ?? "");
    return control.ariaInvalid === "true" ? (error?.textContent ?? "") : "";
  });
}

/** Goes down the options of the select that has the focus. Typing would depend on the time between two keys. */
async function chooseByKey(page: Page, value: string): Promise<void> {
  const chosen = () => page.evaluate(() => (document.activeElement as HTMLSelectElement).value);
  const count = await page.evaluate(() => (document.activeElement as HTMLSelectElement).options.length);
  for (let presses = 0; presses < count && (await chosen()) !== value; presses++) {
    await page.keyboard.press("ArrowDown");
  }
  expect(await chosen()).toBe(value);
}

/** The label of the control that has the focus. */
function focusedLabel(page: Page): Promise<string | undefined> {
  return page.evaluate(
    () => (document.activeElement as HTMLInputElement).labels?.[0]?.textContent ?? undefined,
  );
}

/** Runs a line of the page as a person would, and returns what it prints. */
async function shell(line: string): Promise<string> {
  return (await promisify(execFile)("sh", ["-c", line])).stdout;
}
