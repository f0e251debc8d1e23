import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Code } from "#deps/google/rpc/code_pb.js";
import { BadRequestSchema, ErrorInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { StatusSchema } from "#deps/google/rpc/status_pb.js";
import { Call_Protocol } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { findChromium } from "../../interop/browser/find-chromium.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { freshKey, parent } from "../../support/test-server.ts";
import type { Call, Outcome, Seen } from "./page.ts";

const executablePath = findChromium();
const why = executablePath === undefined ? " (skipped: chromium is not installed)" : "";

/** Starts a site with an empty page. */
async function startSite(): Promise<{ site: Server; origin: string }> {
  const site = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>a page</title>");
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  return { site, origin: `http://127.0.0.1:${(site.address() as AddressInfo).port}` };
}

/** Runs a function of the page. */
function run<Result>(tab: Page, name: "callUnary" | "openStream", call: Call): Promise<Result> {
  return tab.evaluate<Result>(`${name}(${JSON.stringify(call)})`);
}

describe.skipIf(executablePath === undefined)(`grpc-web, the official client, in Chromium${why}`, () => {
  let emulator: TestEmulator;
  let token: string;
  let browser: Browser;
  let site: Server;
  /** Of another origin than the emulator. */
  let page: Page;
  let script: string;
  beforeAll(async () => {
    const started = await startSite();
    site = started.site;
    emulator = await startTestEmulator({ allowOrigins: [started.origin] });
    emulator.state.clock.freezeAt(testTime);
    token = await emulator.token();
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, "page.ts")],
      bundle: true,
      platform: "browser",
      format: "iife",
      write: false,
    });
    script = outputFiles[0]?.text ?? "";
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: ["--headless", "--no-sandbox", "--disable-gpu"],
    });
    page = await open(started.origin);
  });
  afterEach(() => emulator.state.faults.clear());
  afterAll(async () => {
    await browser?.close();
    site?.close();
    expect(emulator.failures).toEqual([]);
    await emulator[Symbol.asyncDispose]();
  });

  async function open(url: string): Promise<Page> {
    const opened = await browser.newPage();
    await opened.goto(url);
    await opened.evaluate(script);
    return opened;
  }

  const push = (format: Call["format"], userKey: string, init = {}, metadata = {}): Promise<Outcome> =>
    run(page, "callUnary", {
      url: emulator.url,
      format,
      service: "mobiledataplansharing.v1.PlanStatusService",
      method: "CreateUserPlanStatus",
      request: {
        parent,
        clientId: "youtube",
        userKey,
        planStatus: toJson(PlanStatusSchema, planStatus(init)),
      },
      metadata: { authorization: `Bearer ${token}`, ...metadata },
    });

  const seen = (tab: Page) => tab.evaluate<Seen>("seen");

  /** Returns the ended calls for a user in the journal, once there is one. */
  async function recorded(userKey: string) {
    const find = async () =>
      (await emulator.control("connect").listCalls({ pageSize: 1_000 })).calls.filter(
        (call) => call.userKey === userKey,
      );
    await expect.poll(find).not.toEqual([]);
    return find();
  }

  describe.each([
    ["text", "application/grpc-web-text"],
    ["binary", "application/grpc-web+proto"],
  ] as const)("in the format %s", (format, contentType) => {
    it(`a call in the format ${format} gets its message, status and metadata`, async () => {
      const userKey = freshKey();
      const outcome = await push(format, userKey);
      expect(outcome.error).toBeUndefined();
      expect(outcome.message).toMatchObject({
        name: `${parent}/planStatuses/${userKey}`,
      });
      expect(outcome.status).toEqual({ code: 0, details: "", metadata: {} });
      expect(Object.keys(outcome.metadata ?? {})).not.toContain("grpc-status");
      const calls = await recorded(userKey);
      expect(calls).toMatchObject([{ protocol: Call_Protocol.GRPC_WEB, code: Code.OK }]);
      expect(calls[0]?.headers).toContainEqual(
        expect.objectContaining({ name: "content-type", value: contentType }),
      );
      expect(JSON.parse(calls[0]?.requestJson ?? "")).toMatchObject({ userKey });
    });

    it(`an error in the format ${format} has its code, message and details`, async () => {
      const { error } = await push(format, freshKey(), { languageCode: "ü" });
      expect(error).toMatchObject({
        code: Code.INVALID_ARGUMENT,
        message: expect.stringContaining("languageCode"),
      });
      const details = Buffer.from(error?.metadata["grpc-status-details-bin"] ?? "", "base64");
      const status = fromBinary(StatusSchema, details);
      expect(status).toMatchObject({ code: error?.code, message: error?.message });
      const unpacked = status.details.map(
        (any) => anyUnpack(any, ErrorInfoSchema) ?? anyUnpack(any, BadRequestSchema),
      );
      expect(unpacked).toMatchObject([
        { reason: "FIELD_INVALID" },
        { fieldViolations: [{ field: "planStatus.languageCode" }] },
      ]);
    });

    it(`a call in the format ${format} ends with its deadline, also on the server`, async () => {
      await emulator.control("connect").createFault({ fault: { delay: { seconds: 600n } } });
      const userKey = freshKey();
      const { error } = await push(format, userKey, {}, { deadline: String(Date.now() + 100) });
      expect(error?.code).toBe(Code.DEADLINE_EXCEEDED);
      expect(await recorded(userKey)).toMatchObject([
        { code: Code.DEADLINE_EXCEEDED, reason: "DEADLINE_PASSED" },
      ]);
    });

    it(`a call in the format ${format} that is cancelled ends on the server`, async () => {
      const control = emulator.control("connect");
      await control.createFault({ fault: { delay: { seconds: 600n } } });
      const userKey = freshKey();
      const outcome = push(format, userKey);
      await expect.poll(() => control.listFaults({})).toMatchObject({ faults: [{ affectedCalls: 1n }] });
      await page.evaluate("cancelCall()");
      expect((await outcome).error?.code).toBe(Code.CANCELLED);
      expect(await recorded(userKey)).toMatchObject([{ code: Code.CANCELLED }]);
    });

    it(`a stream in the format ${format} ends with its error`, async () => {
      await run(page, "openStream", {
        url: emulator.url,
        format,
        service: "grpc.health.v1.Health",
        method: "Watch",
        request: {},
        // A timeout that is invalid for the server.
        metadata: { "x-server-timeout": "soon" },
      });
      await expect
        .poll(() => seen(page))
        .toMatchObject({
          messages: [],
          error: { code: Code.INVALID_ARGUMENT },
          hasEnded: true,
        });
    });
  });

  it("a page of another origin reads the messages of a stream in text while it runs, and cancels it", async () => {
    await run(page, "openStream", {
      url: emulator.url,
      format: "text",
      service: "grpc.health.v1.Health",
      method: "Watch",
      request: {},
    });
    await expect.poll(() => seen(page)).toEqual({ messages: [{ status: "SERVING" }], hasEnded: false });
    await page.evaluate("cancelCall()");
    expect(await seen(page)).toEqual({ messages: [{ status: "SERVING" }], hasEnded: false });
  });

  it("a page of the emulator watches calls in text", async () => {
    const tab = await open(emulator.url);
    await run(tab, "openStream", {
      url: emulator.url,
      format: "text",
      service: "mobiledataplansharing.emulator.v1.EmulatorService",
      method: "WatchCalls",
      // Those that have ended, too.
      request: { afterCall: "calls/0" },
    });
    const keys = [freshKey(), freshKey(), freshKey()];
    for (const userKey of keys) {
      await push("text", userKey);
      await expect
        .poll(async () => (await seen(tab)).messages)
        .toContainEqual({ call: expect.objectContaining({ userKey, protocol: "GRPC_WEB" }) });
    }
    expect((await seen(tab)).error).toBeUndefined();
    await tab.close();
  });
});
