import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/contract/clock.ts";
import { findChromium } from "../../interop/browser/find-chromium.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { installNpmPackages } from "./generators.ts";

const executablePath = findChromium();
const condition = executablePath === undefined ? " (skipped: chromium is not installed)" : "";

/** The page of the documentation of Swagger UI, with the document of a server. */
const pageFor = (document: string) => `<!doctype html>
  <link rel="stylesheet" href="swagger-ui.css">
  <div id="ui"></div>
  <script src="swagger-ui-bundle.js"></script>
  <script>SwaggerUIBundle({ url: ${JSON.stringify(document)}, dom_id: "#ui", defaultModelsExpandDepth: -1 });</script>`;

describe.skipIf(executablePath === undefined)(`Swagger UI${condition}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "mdps-swagger-ui-"));
  const types: Readonly<Record<string, string>> = { js: "text/javascript; charset=utf-8", css: "text/css" };
  let files = "";
  let api: TestServer;
  const site = createServer((request, response) => {
    const name = request.url?.slice(1) ?? "";
    if (/^swagger-ui[\w-]*\.(js|css)$/.test(name)) {
      const type = types[name.split(".").at(-1) ?? ""] ?? "";
      response.setHeader("content-type", type).end(readFileSync(join(files, name)));
    } else {
      response.setHeader("content-type", "text/html").end(pageFor(`${api.url}/openapi.json`));
    }
  });
  let origin = "";
  let browser: Browser;

  beforeAll(async () => {
    cpSync(new URL("programs/typescript", import.meta.url), folder, { recursive: true });
    await installNpmPackages(folder);
    files = join(folder, "node_modules/swagger-ui-dist");
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    // The page has another origin than the server, as documentation mostly has.
    api = await startTestServer({ clock: { ...systemClock, set() {} }, allowOrigins: [origin] });
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: ["--headless", "--no-sandbox", "--disable-gpu"],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await api?.[Symbol.asyncDispose]();
    site.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(origin);
    await page.locator(".opblock").first().waitFor();
    return page;
  }

  /** Sends the example of an operation as it is, and returns the status that the page shows. */
  async function execute(operation: Locator): Promise<string> {
    await operation.locator(".opblock-summary-control").click();
    await operation.getByRole("button", { name: "Try it out" }).click();
    await operation.getByRole("button", { name: "Execute" }).click();
    const status = operation.locator(".live-responses-table tbody .response-col_status");
    await status.first().waitFor();
    const shown = (await status.first().innerText()).trim();
    // The page becomes slow with many open operations.
    await operation.locator(".opblock-summary-control").click();
    return shown;
  }

  it("every example of /openapi.json is accepted as Swagger UI sends it, with a token, from a page of an allowed origin", async () => {
    const page = await open();
    await page.locator(".auth-wrapper .authorize").first().click();
    const bearer = page.locator(".auth-container", { hasText: "http, Bearer" });
    await bearer.getByRole("textbox").fill(api.token);
    await bearer.getByRole("button", { name: "Apply credentials" }).click();
    await page.getByRole("button", { name: "Close" }).first().click();

    const statuses: string[] = [];
    // Pushes first, because reads return what they store.
    for (const method of ["POST", "GET"]) {
      const summary = page.locator(".opblock-summary-method", { hasText: method });
      for (const operation of await page.locator(".opblock", { has: summary }).all()) {
        const path = await operation.locator("[data-path]").first().getAttribute("data-path");
        statuses.push(`${method} ${path} ${await execute(operation)}`);
      }
    }
    const { paths } = JSON.parse(await (await fetch(`${api.url}/openapi.json`)).text()) as {
      paths: Record<string, object>;
    };
    const expected = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path} 200`),
    );
    expect(statuses.toSorted()).toEqual(expected.toSorted());
    await page.close();
  }, 300_000);

  it("Swagger UI shows that a push without a token is rejected", async () => {
    const page = await open();
    const push = page.locator(".opblock-post").first();
    expect(await execute(push)).toBe("401");
    await page.close();
  });
});
