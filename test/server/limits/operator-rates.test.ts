import { durationMs } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import {
  createLease,
  createLeasedRates,
  createOperatorRates,
} from "../../../src/server/limits/operator-rates.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

const unlimited = { operatorRate: undefined, operatorRates: new Map() };

/** The rate of operators on the shared server: no test lasts until the next call is free. */
const perSecond = 1 / 3600;
const burst = 2;

let server: TestServer;
beforeAll(async () => {
  const operatorRates = new Map([[64999, { perSecond, burst: 1 }]]);
  server = await startTestServer({ limits: { operatorRate: { perSecond, burst }, operatorRates } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

let operators = 65_000;
/** Returns an operator that no other test uses, with a token for it. */
async function freshOperator(asn = ++operators) {
  return { parent: `operators/${asn}`, token: await server.makeToken({ asns: [asn] }) };
}

describe("the rate of an operator", () => {
  it.each(protocols)("rejects a call above it over %s, with the time to wait", async (protocol) => {
    const { parent, token } = await freshOperator();
    const client = server.client(protocol, token);
    const push = () => client.createPlanGroup({ parent, planGroupId: "g" });
    await push();
    await push();
    const error: ConnectError = await push().then(
      () => expect.fail("was served"),
      (raised) => raised,
    );
    const rejection = await apiErrorOf(Promise.reject(error));
    expect(rejection).toMatchObject({
      code: "ResourceExhausted",
      reason: "OPERATOR_RATE_EXCEEDED",
      metadata: { parent, callsPerSecond: String(perSecond) },
      message: `operator ${operators} may make ${perSecond} calls per second; retry after the delay in RetryInfo and send more slowly`,
    });
    const [info] = error.findDetails(RetryInfoSchema);
    const waitMs = info?.retryDelay ? durationMs(info.retryDelay) : Number.NaN;
    // Nearly an hour, and up to a second of jitter.
    expect(waitMs).toBeGreaterThan(3_500_000);
    expect(waitMs).toBeLessThanOrEqual(3_601_000);
    expect(rejection.headers.get("retry-after")).toBe(String(Math.ceil(waitMs / 1000)));
  });

  it("spreads the retries of callers that are rejected together", async () => {
    const { parent, token } = await freshOperator();
    const client = server.client("rest", token);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, () => client.createPlanGroup({ parent, planGroupId: "g" })),
    );
    const waits = outcomes.flatMap((outcome) =>
      outcome.status === "rejected"
        ? [(outcome.reason as ConnectError).findDetails(RetryInfoSchema)[0]?.retryDelay?.nanos]
        : [],
    );
    expect(waits).toHaveLength(10);
    expect(new Set(waits).size).toBeGreaterThan(5);
  });

  it("counts the calls of one operator by every method and protocol, and not those of another", async () => {
    const { parent, token } = await freshOperator();
    const other = await freshOperator();
    await server.client("grpc", token).createPlanGroup({ parent, planGroupId: "g" });
    await server.client("rest", token).getPlanGroup({ name: `${parent}/planGroups/g` });
    const third = server.client("connect", token).createPlanGroup({ parent, planGroupId: "g" });
    expect((await apiErrorOf(third)).reason).toBe("OPERATOR_RATE_EXCEEDED");
    const group = await server
      .client("rest", other.token)
      .createPlanGroup({ parent: other.parent, planGroupId: "g" });
    expect(group.name).toBe(`${other.parent}/planGroups/g`);
  });

  it("is the one in operatorRates for an operator that has an entry there", async () => {
    const { parent, token } = await freshOperator(64999);
    const push = () => server.client("rest", token).createPlanGroup({ parent, planGroupId: "g" });
    await push();
    expect((await apiErrorOf(push())).reason).toBe("OPERATOR_RATE_EXCEEDED");
  });

  it("is not consumed by callers that may not act for the operator", async () => {
    const { parent, token } = await freshOperator();
    const { token: foreign } = await freshOperator();
    for (const protocol of protocols) {
      const call = server.client(protocol, foreign).createPlanGroup({ parent, planGroupId: "g" });
      expect((await apiErrorOf(call)).reason).toBe("OPERATOR_NOT_LINKED");
    }
    await server.client("rest", token).createPlanGroup({ parent, planGroupId: "g" });
    await server.client("rest", token).createPlanGroup({ parent, planGroupId: "g" });
  });

  it("does not limit health checks", async () => {
    for (let call = 0; call < 5; call++) {
      const answer = await fetch(`${server.url}/grpc.health.v1.Health/Check`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      });
      expect(await answer.json()).toEqual({ status: "SERVING" });
    }
  });
});

describe("a lease of calls", () => {
  it("is unlimited without a rate", () => {
    expect(createOperatorRates(unlimited).take(1)).toBe(0);
    expect(createLease(unlimited)(1, 1_000)).toEqual({ taken: 1_000, waitMs: 0 });
  });

  it("takes from the bucket of its operator at the time of the clock", () => {
    let nowMs = 0;
    const lease = createLease({ ...unlimited, operatorRate: { perSecond: 10, burst: 5 } }, () => nowMs);
    expect(lease(1, 9)).toEqual({ taken: 5, waitMs: 0 });
    expect(lease(1, 9)).toEqual({ taken: 0, waitMs: 100 });
    expect(lease(2, 9)).toEqual({ taken: 5, waitMs: 0 });
    nowMs = 100;
    expect(lease(1, 9)).toEqual({ taken: 1, waitMs: 0 });
  });

  it("stays exhausted for an operator while 25,000 others come and go", () => {
    let nowMs = 0;
    const slow = new Map([[1, { perSecond: 1 / 3600, burst: 1 }]]);
    const limits = { operatorRate: { perSecond: 1, burst: 1 }, operatorRates: slow };
    const lease = createLease(limits, () => nowMs);
    expect(lease(1, 1).taken).toBe(1);
    const refilled: number[] = [];
    for (let asn = 2; asn <= 25_000; asn++) {
      nowMs += 1;
      refilled.push(lease(asn, 1).taken);
    }
    expect(new Set(refilled)).toEqual(new Set([1]));
    expect(lease(1, 1).taken).toBe(0);
  });
});

describe("the rates of one of several processes", () => {
  const limits = { ...unlimited, operatorRate: { perSecond: 100, burst: 30 } };

  /** Rates on a lease that always gives what it is asked for, with the amounts that were asked for. */
  function leasedRates(rate = limits) {
    const clock = { nowMs: 0 };
    const asked: number[] = [];
    const rates = createLeasedRates(
      rate,
      async (_, most) => {
        asked.push(most);
        return { taken: most, waitMs: 0 };
      },
      () => clock.nowMs,
    );
    return { rates, clock, asked };
  }

  it("are one rate for all processes together", async () => {
    const rate = { ...unlimited, operatorRate: { perSecond: 1, burst: 30 } };
    const lease = createLease(rate, () => 0);
    const share = () =>
      createLeasedRates(
        rate,
        async (asn, most) => lease(asn, most),
        () => 0,
      );
    const processes = [share(), share()];
    const waits = await Promise.all(Array.from({ length: 40 }, (_, call) => processes[call % 2]?.take(1)));
    expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(30);
    expect(waits.filter((waitMs) => waitMs === 1_000)).toHaveLength(10);
  });

  it("ask for nothing without a rate", () => {
    const { rates, asked } = leasedRates(unlimited as never);
    expect(rates.take(1)).toBe(0);
    expect(rates.rateOf(1)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it("ask for the calls of 100 ms at a time, and for no more until these are used", async () => {
    const { rates, asked } = leasedRates();
    expect(await rates.take(1)).toBe(0);
    for (let call = 2; call <= 10; call++) {
      expect(rates.take(1)).toBe(0);
    }
    expect(asked).toEqual([10]);
    expect(await rates.take(1)).toBe(0);
    expect(asked).toEqual([10, 10]);
  });

  it.each([
    ["at least one call", { perSecond: 0.1, burst: 5 }, 1],
    ["at most the burst", { perSecond: 1_000, burst: 3 }, 3],
  ])("ask for %s", async (_, operatorRate, most) => {
    const { rates, asked } = leasedRates({ ...unlimited, operatorRate });
    await rates.take(1);
    expect(asked).toEqual([most]);
  });

  it("let a lease expire after 100 ms", async () => {
    const { rates, clock, asked } = leasedRates();
    await rates.take(1);
    clock.nowMs = 99;
    expect(rates.take(1)).toBe(0);
    clock.nowMs = 100;
    expect(await rates.take(1)).toBe(0);
    expect(asked).toEqual([10, 10]);
  });

  it("ask once for all calls that wait at the same time", async () => {
    const { rates, asked } = leasedRates();
    const waits = await Promise.all(Array.from({ length: 10 }, () => rates.take(1)));
    expect(waits).toEqual(Array.from({ length: 10 }, () => 0));
    expect(asked).toEqual([10]);
  });

  it("keep a lease for each operator", async () => {
    const { rates, asked } = leasedRates();
    await rates.take(1);
    await rates.take(2);
    expect(asked).toEqual([10, 10]);
  });
});
