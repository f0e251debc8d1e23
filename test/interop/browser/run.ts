/** Runs the page in headless Chromium, which prints a line of JSON for each case. Argument: the script of the page. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium } from "playwright-core";
import { findChromium } from "./find-chromium.ts";
import { pageOrigin, strangerOrigin } from "./origin.ts";

const script = readFileSync(process.argv[2] ?? "");
const endpoint = variable("MDPS_ENDPOINT");
const { cases } = JSON.parse(readFileSync(variable("MDPS_VECTORS"), "utf8"));
const tokens = JSON.parse(variable("MDPS_TOKENS"));

const site = createServer((request, response) => {
  const isScript = request.url === "/page.js";
  response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
  response.end(isScript ? script : `<!doctype html><script type="module" src="/page.js"></script>`);
});
await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
const browser = await launch((site.address() as AddressInfo).port);
try {
  const page = await open(browser, pageOrigin);
  if (!(await page.evaluate((url) => canCall(url), endpoint))) {
    throw new Error(
      `${endpoint} does not allow pages of ${pageOrigin}: start it with --allow-origin ${pageOrigin}`,
    );
  }
  const stranger = await open(browser, strangerOrigin);
  if (await stranger.evaluate((url) => canCall(url), endpoint)) {
    throw new Error(`a page of ${strangerOrigin} can read answers: the server must allow ${pageOrigin} only`);
  }
  await page.evaluate((input) => runCases(input), { endpoint, cases, tokens });
} finally {
  await browser.close();
  site.close();
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`the environment variable ${name} is not set`);
  }
  return value;
}

/** Starts Chromium, with both origins mapped to the port. */
function launch(port: number): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new Error("chromium is not installed");
  }
  return chromium.launch({
    executablePath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--host-resolver-rules=MAP *.example 127.0.0.1:${port}`,
    ],
  });
}

async function open(browser: Browser, origin: string) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.exposeFunction("printLine", (line: string) => console.log(line));
  await page.goto(origin);
  await page.waitForFunction(() => "runCases" in globalThis);
  return page;
}
