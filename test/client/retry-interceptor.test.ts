import {
  Code,
  ConnectError,
  createClient,
  createRouterTransport,
  type Interceptor,
} from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import {
  type Attempt,
  createPlanSharingClient,
  type Pacing,
  type PlanSharingClientOptions,
  type PlanSharingProtocol,
} from "../../src/client/index.ts";
import { createRetryInterceptor } from "../../src/client/retry-interceptor.ts";
import { createRetryPolicy, systemPacing } from "../../src/client/retry-policy.ts";
import { createSharedToken } from "../../src/client/token-source.ts";
import { apiError } from "../../src/contract/api-error.ts";
import { errorWith, type Reaction, startScriptedServer } from "../support/http/scripted-server.ts";
import { parent, protocols } from "../support/test-server.ts";

/** Creates a client of a scripted server. Its waits take no time, and its random numbers are the largest possible. */
async function prepare(
  protocol: PlanSharingProtocol,
  script: readonly Reaction[],
  options: Partial<PlanSharingClientOptions> = {},
) {
  const server = await startScriptedServer(protocol, script);
  const delays: number[] = [];
  const attempts: Attempt[] = [];
  let waited = 0;
  const pacing: Pacing = {
    now: () => Date.UTC(2026, 2, 1) + waited,
    random: () => 0.999_999_999,
    async sleep(ms) {
      delays.push(Math.round(ms));
      waited += ms;
    },
  };
  const client = createPlanSharingClient({
    endpoint: server.url,
    protocol,
    token: "secret",
    pacing,
    onAttempt: (attempt) => attempts.push(attempt),
    ...options,
  });
  return {
    call: (callOptions: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
      client.createPlanGroup({ parent, planGroupId: "k" }, callOptions),
    delays,
    attempts,
    requests: server.requests,
  };
}

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => expect.fail("the call succeeded"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

describe.each(protocols)("retries over %s", (protocol) => {
  it.each<[string, Reaction]>([
    ["UNAVAILABLE", errorWith(Code.Unavailable)],
    ["RESOURCE_EXHAUSTED", errorWith(Code.ResourceExhausted)],
    ["a connection that is reset", "reset"],
    ["a connection that breaks within the response", "cut"],
    ["a page with status 502", { page: 502 }],
    ["a page with status 503", { page: 503 }],
    ["a page with status 504", { page: 504 }],
    ["a page with status 429", { page: 429 }],
  ])("a call is retried after %s until it succeeds", async (_, reaction) => {
    const { call, delays, requests } = await prepare(protocol, [reaction, reaction, "answer"]);
    expect((await call()).$typeName).toBe("mobiledataplansharing.v1.PlanGroup");
    expect(requests).toHaveLength(3);
    expect(delays).toEqual([100, 200]);
  });

  it.each<[string, Reaction, number]>([
    ["RetryInfo", errorWith(Code.ResourceExhausted, 7_000), 7_100],
    ["RetryInfo with UNAVAILABLE", errorWith(Code.Unavailable, 1_500), 1_600],
    ["Retry-After in seconds", { page: 429, headers: { "retry-after": "3" } }, 3_100],
    [
      "Retry-After as a date",
      { page: 503, headers: { "retry-after": "Sun, 01 Mar 2026 00:00:09 GMT" } },
      9_100,
    ],
    [
      "Retry-After with a past date",
      { page: 503, headers: { "retry-after": "Sun, 01 Mar 2020 00:00:00 GMT" } },
      100,
    ],
    ["invalid Retry-After", { page: 503, headers: { "retry-after": "soon" } }, 100],
    ["Retry-After above maxRetryAfterMs", { page: 429, headers: { "retry-after": "3600" } }, 20_100],
  ])("a retry waits for the right time after %s", async (_, reaction, delay) => {
    const { call, delays } = await prepare(protocol, [reaction, "answer"], {
      retry: { maxRetryAfterMs: 20_000 },
    });
    await call();
    expect(delays).toEqual([delay]);
  });

  it("a call is attempted at most maxAttempts times and fails with the last error", async () => {
    const { call, delays, attempts, requests } = await prepare(protocol, [
      "reset",
      errorWith(Code.Unavailable),
    ]);
    const error = await errorOf(call());
    expect([Code[error.code], error.rawMessage]).toEqual(["Unavailable", "says the server"]);
    expect(requests).toHaveLength(5);
    expect(delays).toEqual([100, 200, 400, 800]);
    expect(
      attempts.map(({ attempt, delayMs, nextDelayMs }) => [
        attempt,
        Math.round(delayMs),
        nextDelayMs === undefined,
      ]),
    ).toEqual([
      [1, 0, false],
      [2, 100, false],
      [3, 200, false],
      [4, 400, false],
      [5, 800, true],
    ]);
    expect(attempts[4]?.error).toBe(error);
  });

  it("a retried request has the remaining time in its timeout header", async () => {
    const { call, requests } = await prepare(protocol, [
      { page: 503, headers: { "retry-after": "2" } },
      "answer",
    ]);
    await call({ timeoutMs: 8_000 });
    const header =
      { connect: "connect-timeout-ms", rest: "x-server-timeout" }[protocol as string] ?? "grpc-timeout";
    const sent = requests.map((headers) => headers[header]);
    const expected = {
      connect: ["8000", "5900"],
      rest: ["8", "5.9"],
    }[protocol as string] ?? ["8000m", "5900m"];
    expect(sent).toEqual(expected);
  });
});

describe.each(protocols)("no retries over %s", (protocol) => {
  it.each(
    Object.values(Code)
      .filter((code): code is Code => typeof code === "number")
      .filter((code) => ![Code.Unavailable, Code.ResourceExhausted, Code.Unauthenticated].includes(code))
      .map((code) => [Code[code], code] as const),
  )("a call is not retried after the API error %s", async (_, code) => {
    const { call, requests, attempts } = await prepare(protocol, [errorWith(code, 1_000), "answer"]);
    expect((await errorOf(call())).code).toBe(code);
    expect(requests).toHaveLength(1);
    expect(attempts).toMatchObject([
      { method: "CreatePlanGroup", attempt: 1, delayMs: 0, nextDelayMs: undefined },
    ]);
  });

  it("a call is not retried if its request is too large", async () => {
    const tooLarge = apiError(ErrorReason.REQUEST_TOO_LARGE, {
      message: "x",
      metadata: { maxBytes: "1" },
    });
    const { call, requests } = await prepare(protocol, [tooLarge, "answer"]);
    expect(Code[(await errorOf(call())).code]).toBe("ResourceExhausted");
    expect(requests).toHaveLength(1);
  });

  it.each([404, 500, 501])("a call is not retried after a page with status %d", async (page) => {
    const { call, requests } = await prepare(protocol, [{ page }, "answer"]);
    await errorOf(call());
    expect(requests).toHaveLength(1);
  });

  it("a call is not retried after the caller aborted it", async () => {
    const controller = new AbortController();
    const { call, requests, attempts } = await prepare(protocol, [errorWith(Code.Unavailable), "answer"], {
      onAttempt: () => controller.abort(),
    });
    expect(Code[(await errorOf(call({ signal: controller.signal }))).code]).toBe("Canceled");
    expect([requests.length, attempts.length]).toEqual([1, 0]);
  });

  it("a call is not retried if the caller aborts it during the wait", async () => {
    const controller = new AbortController();
    const { call, requests } = await prepare(protocol, [errorWith(Code.Unavailable, 20_000), "answer"], {
      pacing: {},
      onAttempt: () => setImmediate(() => controller.abort()),
    });
    expect(Code[(await errorOf(call({ signal: controller.signal }))).code]).toBe("Canceled");
    expect(requests).toHaveLength(1);
  });

  it("a call is not retried if its deadline would pass during the wait", async () => {
    const { call, requests, delays } = await prepare(protocol, [
      errorWith(Code.Unavailable, 5_000),
      "answer",
    ]);
    expect(Code[(await errorOf(call({ timeoutMs: 5_000 }))).code]).toBe("Unavailable");
    expect([requests.length, delays.length]).toEqual([1, 0]);
  });

  it("a call is not retried after its deadline", async () => {
    const { call, requests, attempts } = await prepare(protocol, ["silence"], { timeoutMs: 30 });
    expect(Code[(await errorOf(call())).code]).toBe("DeadlineExceeded");
    expect(requests.length).toBeLessThanOrEqual(1);
    expect(attempts.map(({ error }) => error && Code[error.code])).toEqual(["DeadlineExceeded"]);
  });

  it("a call with timeoutMs 0 has no timeout, whatever the client's timeout is", async () => {
    const { call, requests } = await prepare(protocol, ["answer"], { timeoutMs: 20 });
    await call({ timeoutMs: 0 });
    const names = Object.keys(requests[0] ?? {});
    expect(names.filter((name) => name.includes("timeout"))).toEqual([]);
  });

  it("a call is not retried with retry: false", async () => {
    const { call, requests } = await prepare(protocol, ["reset", "answer"], { retry: false });
    expect(Code[(await errorOf(call())).code]).toBe("Unavailable");
    expect(requests).toHaveLength(1);
  });
});

describe("a call", () => {
  it("a call over grpc is retried on another connection after GOAWAY", async () => {
    const { call, requests } = await prepare("grpc", ["goaway", "answer"]);
    await call();
    expect(requests).toHaveLength(2);
  });

  it("a call whose connection breaks because the caller aborts is one CANCELED attempt", async () => {
    const controller = new AbortController();
    const attempts: Attempt[] = [];
    const retries = createRetryInterceptor({
      token: createSharedToken("secret"),
      policy: createRetryPolicy({}, Math.random),
      pacing: systemPacing,
      onAttempt: (attempt) => attempts.push(attempt),
    });
    const breakConnection: Interceptor = () => async () => {
      controller.abort();
      throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    };
    const transport = createRouterTransport(() => {}, {
      transport: { interceptors: [retries, breakConnection] },
    });
    const call = createClient(PlanGroupService, transport).createPlanGroup({}, { signal: controller.signal });
    expect(Code[(await errorOf(call)).code]).toBe("Canceled");
    expect(attempts.map(({ error }) => error && Code[error.code])).toEqual(["Canceled"]);
  });

  it("a call that succeeds immediately is one attempt", async () => {
    const { call, attempts } = await prepare("rest", ["answer"]);
    await call();
    expect(attempts).toEqual([
      {
        method: "CreatePlanGroup",
        attempt: 1,
        delayMs: 0,
        durationMs: 0,
        error: undefined,
        nextDelayMs: undefined,
      },
    ]);
  });

  it("interceptors run once per call, however often it is retried", async () => {
    let calls = 0;
    const { call } = await prepare("connect", ["reset", "reset", "answer"], {
      interceptors: [
        (next) => (request) => {
          calls += 1;
          return next(request);
        },
      ],
    });
    await call();
    expect(calls).toBe(1);
  });

  it.each([
    { retry: { maxAttempts: 0 } },
    { retry: { maxAttempts: 1.5 } },
    { retry: { initialDelayMs: -1 } },
    { retry: { maxDelayMs: Number.NaN } },
    { retry: { maxRetryAfterMs: Number.POSITIVE_INFINITY } },
    { timeoutMs: 0 },
    { timeoutMs: 2 ** 31 },
  ])("createPlanSharingClient throws RangeError for %j", (options) => {
    expect(() => createPlanSharingClient({ endpoint: "production", token: "x", ...options })).toThrow(
      RangeError,
    );
  });
});
