import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EmulatorService } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { findChromium } from "../../interop/browser/find-chromium.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";

const executablePath = findChromium();
const reason = executablePath === undefined ? " (skipped: chromium is not installed)" : "";

/** What a page tries. Text, because the types of browsers are not those of these tests. Returns what it could see. */
const attack = `async ({ url, service }) => {
  const seen = [];
  const control = url + "/emulator/v1";
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ duration: "86400s" });
  const attempt = async (name, target, init) => {
    const outcome = await fetch(target, init).then(
      (response) => response.type + " " + response.status,
      () => "failed",
    );
    seen.push(name + ": " + outcome);
  };
  await attempt("GET", control + "/clock");
  await attempt("simple POST", control + "/clock:advance", { method: "POST", body });
  await attempt("POST of JSON", control + "/clock:advance", { method: "POST", headers, body });
  await attempt("PATCH", control + "/clock", { method: "PATCH", headers, body: '{"mode": "FROZEN"}' });
  await attempt("no-cors POST", control + "/clock:advance", { method: "POST", mode: "no-cors", body });
  await attempt("no-cors GET", control + "/clock", { mode: "no-cors" });
  await attempt("Connect", url + "/" + service + "/Reset", { method: "POST", headers, body: "{}" });
  await attempt("Connect GET", url + "/" + service + "/GetClock?connect=v1&encoding=json&message=%7B%7D");
  await attempt("gRPC-Web", url + "/" + service + "/Reset", {
    method: "POST",
    headers: { "content-type": "application/grpc-web+proto" },
    body: new Uint8Array(5),
  });
  navigator.sendBeacon(control + "/clock:advance", body);
  await new Promise((resolve) => {
    const source = new EventSource(control + "/calls:watch");
    source.onerror = resolve;
    source.onopen = () => {
      seen.push("EventSource: open");
      resolve();
    };
  });
  await new Promise((resolve) => {
    const image = new Image();
    image.onload = image.onerror = resolve;
    image.src = control + "/clock";
  });
  await new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.name = "answer";
    document.body.append(frame);
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: control + ":reset", target: "answer", enctype: "text/plain" });
    const field = document.createElement("input");
    Object.assign(field, { name: '{"x":"', value: '"}' });
    form.append(field);
    document.body.append(form);
    frame.onload = resolve;
    form.submit();
  });
  return seen;
}`;

/** How a page tries to get files of the console. Returns what it could see of each. */
const takeConsole = `async ({ url, script, style }) => {
  const seen = [];
  const attempt = (name, target, init) =>
    fetch(target, init).then(
      async (response) => seen.push(name + ": " + response.type + " " + (await response.text()).length),
      () => seen.push(name + ": failed"),
    );
  const load = (name, tag, properties) =>
    new Promise((resolve) => {
      const element = document.createElement(tag);
      const ended = (event) => resolve(seen.push(name + ": " + event.type));
      Object.assign(element, { ...properties, onload: ended, onerror: ended });
      document.body.append(element);
    });
  await attempt("fetch", url);
  await attempt("fetch of a script", script);
  await attempt("no-cors fetch", url, { mode: "no-cors" });
  await attempt("no-cors fetch of a script", script, { mode: "no-cors" });
  await load("script", "script", { src: script });
  await load("module", "script", { src: script, type: "module" });
  await load("style", "link", { rel: "stylesheet", href: style });
  await load("preload", "link", { rel: "preload", as: "script", href: script });
  await load("modulepreload", "link", { rel: "modulepreload", href: script });
  await load("image", "img", { src: url });
  const frame = document.createElement("iframe");
  frame.name = "frame";
  await new Promise((resolve) => {
    Object.assign(frame, { src: url, onload: resolve });
    document.body.append(frame);
  });
  await new Promise((resolve) => {
    const form = document.createElement("form");
    Object.assign(form, { action: url, target: "frame" });
    document.body.append(form);
    frame.onload = resolve;
    form.submit();
  });
  return seen;
}`;

describe.skipIf(executablePath === undefined)(`a page in a browser${reason}`, () => {
  let emulator: TestEmulator;
  let site: Server;
  let browser: Browser;
  let page: Page;
  let sitePort: number;
  beforeAll(async () => {
    // Even with every origin allowed to call the API.
    emulator = await startTestEmulator({ allowOrigins: ["*"], anyToken: true });
    site = createServer((_, response) => {
      response.setHeader("content-type", "text/html");
      response.end("<!doctype html><title>a page</title><body></body>");
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    sitePort = (site.address() as AddressInfo).port;
    browser = await chromium.launch({
      ...(executablePath !== undefined && { executablePath }),
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        // A name that points to this machine, as after DNS rebinding.
        "--host-resolver-rules=MAP *.example 127.0.0.1",
      ],
    });
    page = await browser.newPage();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    site?.close();
    expect(emulator.failures).toEqual([]);
    await emulator[Symbol.asyncDispose]();
  });

  const attackFrom = (url: string) =>
    page.evaluate<string[]>(`(${attack})(${JSON.stringify({ url, service: EmulatorService.typeName })})`);

  /** What a page could have changed: the clock, and a fault that a reset would have deleted. */
  async function stateOf() {
    const get = async (path: string) => {
      const response = await fetch(`${emulator.url}/emulator/v1/${path}`);
      return (await response.json()) as { mode?: string; faults?: object[] };
    };
    return { mode: (await get("clock")).mode, faults: (await get("faults")).faults?.length };
  }

  it("of another origin neither changes the emulator nor reads from it, in any way", async () => {
    const fault = { error: { reason: "SERVER_OVERLOADED" }, match: { userKey: "none" } };
    const created = await fetch(`${emulator.url}/emulator/v1/faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fault),
    });
    expect(created.status).toBe(200);
    const before = await stateOf();
    expect(before).toEqual({ mode: "REAL", faults: 1 });
    for (const origin of [`http://127.0.0.1:${sitePort}`, `http://evil.example:${sitePort}`]) {
      await page.goto(origin);
      const seen = await attackFrom(emulator.url);
      expect(seen, origin).toEqual([
        "GET: failed",
        "simple POST: failed",
        "POST of JSON: failed",
        "PATCH: failed",
        "no-cors POST: opaque 0",
        "no-cors GET: opaque 0",
        "Connect: failed",
        "Connect GET: failed",
        "gRPC-Web: failed",
      ]);
      expect(await stateOf(), origin).toEqual(before);
    }
  });

  it("cannot pretend to be the emulator with a name that points to this machine", async () => {
    const before = await stateOf();
    const url = `http://rebound.example:${emulator.port}`;
    await page.goto(`${url}/openapi.json`);
    const seen = await attackFrom(url);
    // gRPC-Web has its errors in the body.
    const refused = /^gRPC-Web: basic 200$|: (failed|opaque 0|basic (403|404|415))$/;
    expect(seen.filter((line) => !refused.test(line))).toEqual([]);
    expect(seen).toContain("GET: basic 403");
    expect(await stateOf()).toEqual(before);
  });

  it("of another origin gets nothing of the console, in any way, and cannot hold what it opens", async () => {
    const html = await (await fetch(emulator.url)).text();
    const [script = "", style = ""] = [/src="([^"]+)"/, /href="(\/[^"]+)"/].map(
      (pattern) => `${emulator.url}${pattern.exec(html)?.[1]}`,
    );
    expect([(await fetch(script)).status, (await fetch(style)).status]).toEqual([200, 200]);
    for (const origin of [`http://127.0.0.1:${sitePort}`, `http://evil.example:${sitePort}`]) {
      await page.goto(origin);
      const input = JSON.stringify({ url: `${emulator.url}/`, script, style });
      const seen = await page.evaluate<string[]>(`(${takeConsole})(${input})`);
      expect(seen, origin).toEqual([
        "fetch: failed",
        "fetch of a script: failed",
        "no-cors fetch: failed",
        "no-cors fetch of a script: failed",
        ...["script", "module", "style", "preload", "modulepreload", "image"].map((name) => `${name}: error`),
      ]);
      const framed = await Promise.all(page.frames().map((frame) => frame.content()));
      expect(framed).toHaveLength(2);
      expect(framed.filter((content) => content.includes('id="console"'))).toEqual([]);

      const popup = page.waitForEvent("popup");
      await page.evaluate(`globalThis.opened = window.open(${JSON.stringify(emulator.url)}); undefined`);
      const opened = await popup;
      await opened.waitForSelector("#console > *");
      expect(await opened.evaluate("opener")).toBeNull();
      expect(await page.evaluate("opened.closed")).toBe(true);
      await opened.close();

      const posted = page.waitForEvent("popup");
      await page.evaluate(`{
        const form = document.createElement("form");
        Object.assign(form, { method: "post", action: ${JSON.stringify(emulator.url)}, target: "_blank" });
        document.body.append(form);
        form.submit();
      }`);
      const answer = await posted;
      await answer.waitForLoadState();
      expect(await answer.locator("body").innerText()).toMatch(
        /^The console was not sent: pages of another origin /,
      );
      await answer.close();
    }
  });

  it("gets nothing of the console at a name that points to this machine", async () => {
    const answer = await page.goto(`http://rebound.example:${emulator.port}/`);
    expect(answer?.status()).toBe(403);
    expect(await answer?.text()).toMatch(
      /^The console was not sent: the Host of the request is "rebound\.example:/,
    );
  });

  it("of another origin can still call the API, which listen.allowOrigins allows", async () => {
    await page.goto(`http://evil.example:${sitePort}`);
    const status = await page.evaluate(
      (url) => fetch(url).then((response) => response.status),
      `${emulator.url}/v1/operators/65001/clients/mobiledataplan/users/k/planStatus`,
    );
    expect(status).toBe(404);
  });
});
