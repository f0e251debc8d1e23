import { once } from "node:events";
import { connect } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findExample } from "../../src/examples/index.ts";
import { startTestEmulator, type TestEmulator } from "../support/emulator/test-emulator.ts";
import { openConsole, settled, startBrowser, whySkipped } from "./open-console.ts";

/** Markup that would run a script if a page took text for markup. */
const markup = `"'><img/src=x/onerror=alert(1)><svg/onload=alert(2)></textarea></style></script>`;

/** Shows what follows in the other direction, up to the end of the paragraph. */
const override = "\u202e";

const longKey = `<b>${"k".repeat(4_090)}</b>`.slice(0, 4_096);

const parent = "operators/65001";

/** Lets the emulator hold texts that want to be more than text, wherever a caller can put some. */
async function fill(emulator: TestEmulator): Promise<void> {
  const token = await emulator.token();
  const push = (
    userKey: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
  ) =>
    fetch(
      `${emulator.url}/v1/${parent}/clients/mobiledataplan/users/${encodeURIComponent(userKey)}/planStatus`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
        body,
      },
    );
  const text = `${markup}javascript:alert(3)${override}`;
  const status = JSON.stringify({
    ...findExample("prepaid")?.body(new Date()),
    ...findExample("low-quota")?.body(new Date()),
    title: text,
  }).replaceAll(
    /"(planName|description|moduleName)":"[^"]*"/g,
    (_, name) => `"${name}":${JSON.stringify(text)}`,
  );
  const answers = [
    await push(markup, status),
    await push(longKey, status),
    await push("javascript:alert(4)", status),
    await push("constructor", status),
    await push(`hidden${override}key`, status),
    await push("u", `{"${markup}": 1, "title": "${text}"`, {
      "user-agent": markup,
      "x-goog-api-client": markup,
    }),
    await push("u", "\u0003\u001b[201~<script>alert(5)</script>"),
    await push("u", new Uint8Array([0xff, 0x3c, 0x73])),
    await push("u", status.replace('"en-US"', JSON.stringify(markup))),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 400, 400, 400, 400, 400]);
  const socket = connect(emulator.port, "127.0.0.1");
  socket.end(
    `GET /v1/${markup}?<script>alert(6)</script> HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
  );
  socket.resume();
  await once(socket, "close");
  const control = emulator.control("connect");
  await control.createDevice({ parent, device: { userKey: markup } });
  await control.createFault({
    fault: {
      match: { userKey: "none<script>alert(7)</script>" },
      effect: { case: "error", value: { reason: 4, message: text } },
    },
  });
}

/** Places that somebody could let a person open, besides the real ones. */
const strangePlaces = [
  `#/calls?userKey=${encodeURIComponent(markup)}&operator=${encodeURIComponent(markup)}`,
  `#/calls/${encodeURIComponent(markup)}`,
  "#/calls/__proto__",
  "#/calls/%E0%A4%A",
  `#/subscribers?search=${encodeURIComponent(markup)}`,
  `#/subscribers/${encodeURIComponent(markup)}/constructor/%2E%2E`,
  `#/controls/${encodeURIComponent(markup)}?reset=1&reason=SERVER_OVERLOADED`,
  `#/playground?push=1&text=${encodeURIComponent(markup)}`,
  `#/reference/${encodeURIComponent(markup)}`,
  "#/controls/errors?reason=constructor&method=__proto__",
  "#/reference/__proto__.constructor",
  "#/reference/constructor",
  "#javascript:alert(8)",
  `#/${"x/".repeat(20_000)}`,
];

/** What a page of the console could look like if a text had become more than text. Runs in the browser. */
const inspect = `(() => {
  const isolating = /isolate|plaintext/;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const leaking = [];
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    let element = node.parentElement;
    while (element && !isolating.test(getComputedStyle(element).unicodeBidi)) {
      element = element.parentElement;
    }
    if (node.data.includes("\\u202e") && element === null) {
      leaking.push(node.parentElement.outerHTML.slice(0, 200));
    }
  }
  const links = [...document.querySelectorAll("a[href]")].map((link) => link.href);
  return {
    images: document.querySelectorAll("img, iframe, object, embed").length,
    scripts: document.querySelectorAll("script, svg script").length,
    handlers: document.querySelectorAll("[onload], [onerror], [onclick]").length,
    links: links.filter((href) => !href.startsWith(location.origin + "/") && !/^https:\\/\\/[a-z.]+\\//.test(href)),
    leaking,
  };
})()`;

const harmless = { images: 0, scripts: 1, handlers: 0, links: [], leaking: [] };

describe.skipIf(whySkipped)(`texts of others in the console${whySkipped}`, () => {
  let browser: Browser;
  let emulator: TestEmulator;
  beforeAll(async () => {
    browser = await startBrowser();
    emulator = await startTestEmulator();
    await fill(emulator);
  });
  afterAll(async () => {
    expect(emulator.failures).toEqual([]);
    await browser.close();
    await emulator[Symbol.asyncDispose]();
  });

  it("stay texts on every page and at every place, and no place does anything but show", async () => {
    await using opened = await openConsole(browser, emulator.url, {
      // What a strange place asks for is invalid, and the browser reports each answer that is an error.
      expected: /^console: Failed to load resource: the server responded with a status of 40[04]/,
    });
    const { page, problems } = opened;
    const called = new Set<string>();
    page.on("request", (request) => {
      if (request.method() !== "GET") {
        called.add(new URL(request.url()).pathname.split("/").at(-1) ?? "");
      }
    });
    page.on("dialog", (dialog) => {
      (problems as string[]).push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    const { calls } = await emulator.control("connect").listCalls({});
    const { records } = await emulator.control("connect").listRecords({});
    const places = [
      "#/calls",
      ...calls.map(({ name }) => `#/calls/${name.split("/").at(-1)}`),
      "#/subscribers",
      ...records.map(({ userKey }) => `#/subscribers/65001/mobiledataplan/${encodeURIComponent(userKey)}`),
      "#/playground",
      "#/controls",
      ...strangePlaces,
    ];
    const seen: Record<string, unknown> = {};
    let shown = 0;
    for (const place of places) {
      await page.evaluate(`location.hash = ${JSON.stringify(place)}; undefined`);
      await settled(page);
      seen[place.slice(0, 60)] = await page.evaluate(inspect);
      shown += (await page.locator("main").innerText()).includes(markup) ? 1 : 0;
    }
    expect(seen).toEqual(Object.fromEntries(Object.keys(seen).map((place) => [place, harmless])));
    expect([...called].filter((method) => !/^(Get|List|Watch|Search)/.test(method))).toEqual([]);
    expect(called.size).toBeGreaterThan(3);
    await page.goto(`${emulator.url}/#/calls`);
    await page.getByText("hidden\\u202ekey").first().waitFor();
    // As it was written, on most pages.
    expect(shown).toBeGreaterThan(10);
  });
});
