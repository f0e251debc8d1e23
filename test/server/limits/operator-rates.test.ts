import { durationMs } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import {
  createLease,
  createLeasedRates,
  createOperatorRates,
} from "../../../src/server/limits/operator-rates.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { freshKey, parent, protocols, startTestServer } from "../../support/test-server.ts";

const none = { operatorRate: undefined, operatorRates: new Map() };
const oneAnHour = { perSecond: 1 / 3600, burst: 2 };

describe("the rate of an operator", () => {
  it.each(protocols)("refuses what is over it over %s, and says when to come back", async (protocol) => {
    await using server = await startTestServer({ limits: { operatorRate: { perSecond: 0.5, burst: 2 } } });
    const client = server.client(protocol);
    const push = () => client.createPlanStatus({ parent, userKey: freshKey(), planStatus: planStatus() });
    await push();
    await push();
    const error: ConnectError = await push().then(
      () => expect.fail("was served"),
      (raised) => raised,
    );
    const refusal = await apiErrorOf(Promise.reject(error));
    expect(refusal).toMatchObject({
      code: "ResourceExhausted",
      reason: "OPERATOR_RATE_EXCEEDED",
      metadata: { parent, callsPerSecond: "0.5" },
      message:
        "operator 65001 may make 0.5 calls per second; retry after the delay in RetryInfo and send more slowly",
    });
    const [info] = error.findDetails(RetryInfoSchema);
    const waitMs = info?.retryDelay ? durationMs(info.retryDelay) : Number.NaN;
    // Until the next token there are nearly two seconds; jitter adds up to one.
    expect(waitMs).toBeGreaterThan(500);
    expect(waitMs).toBeLessThanOrEqual(3_000);
    expect(refusal.headers.get("retry-after")).toBe(String(Math.ceil(waitMs / 1000)));
  });

  it("spreads the repetitions of those who are refused together", async () => {
    await using server = await startTestServer({ limits: { operatorRate: { perSecond: 0.001, burst: 1 } } });
    const client = server.client("rest");
    await client.createPlanGroup({ parent, planGroupId: "g" });
    const waits = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const error = await client
          .createPlanGroup({ parent, planGroupId: "g" })
          .catch((raised) => raised as ConnectError);
        return (error as ConnectError).findDetails(RetryInfoSchema)[0]?.retryDelay?.nanos;
      }),
    );
    expect(new Set(waits).size).toBeGreaterThan(5);
  });

  it("is each operator's own, whichever method and protocol it calls by", async () => {
    await using server = await startTestServer({ limits: { operatorRate: oneAnHour } });
    await server.client("grpc").createPlanGroup({ parent, planGroupId: "g" });
    await server.client("rest").getPlanGroup({ name: `${parent}/planGroups/g` });
    expect(
      (await apiErrorOf(server.client("connect").createPlanGroup({ parent, planGroupId: "g" }))).reason,
    ).toBe("OPERATOR_RATE_EXCEEDED");
    await server.client("rest").createPlanGroup({ parent: "operators/65002", planGroupId: "g" });
  });

  it("may be another one for one operator", async () => {
    const operatorRates = new Map([[65002, { perSecond: 1 / 3600, burst: 1 }]]);
    await using server = await startTestServer({ limits: { operatorRates } });
    const push = (operator: string) =>
      server.client("rest").createPlanGroup({ parent: operator, planGroupId: "g" });
    await push("operators/65002");
    expect((await apiErrorOf(push("operators/65002"))).reason).toBe("OPERATOR_RATE_EXCEEDED");
    await push(parent);
    await push(parent);
  });

  it("cannot be used up by those who may not act for it", async () => {
    await using server = await startTestServer({
      limits: { operatorRate: { perSecond: 1 / 3600, burst: 1 } },
    });
    const token = await server.makeToken({ asns: [65002] });
    for (const protocol of protocols) {
      const foreign = server.client(protocol, token).createPlanGroup({ parent, planGroupId: "g" });
      expect((await apiErrorOf(foreign)).reason).toBe("OPERATOR_NOT_LINKED");
    }
    await server.client("rest").createPlanGroup({ parent, planGroupId: "g" });
  });

  it("does not hold up health", async () => {
    await using server = await startTestServer({ limits: { operatorRate: oneAnHour } });
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

describe("the lease of calls", () => {
  it("gives a burst at once, then as many as the time brings, and never more than the burst", () => {
    let nowMs = 0;
    const lease = createLease({ ...none, operatorRate: { perSecond: 10, burst: 5 } }, () => nowMs);
    expect(lease(1, 3)).toEqual({ taken: 3, waitMs: 0 });
    expect(lease(1, 3)).toEqual({ taken: 2, waitMs: 0 });
    expect(lease(1, 3)).toEqual({ taken: 0, waitMs: 100 });
    nowMs = 250;
    expect(lease(1, 3)).toEqual({ taken: 2, waitMs: 0 });
    expect(lease(1, 1)).toEqual({ taken: 0, waitMs: 50 });
    nowMs = 1e9;
    expect(lease(1, 100)).toEqual({ taken: 5, waitMs: 0 });
  });

  it("is not fooled by a clock that is set back", () => {
    let nowMs = 1_000;
    const lease = createLease({ ...none, operatorRate: { perSecond: 1, burst: 1 } }, () => nowMs);
    expect(lease(1, 1).taken).toBe(1);
    nowMs = 0;
    expect(lease(1, 1).taken).toBe(0);
    nowMs = 1_000;
    expect(lease(1, 1).taken).toBe(1);
  });

  it("has no bound where none is set", () => {
    expect(createOperatorRates(none).take(1)).toBe(0);
    expect(createLease(none)(1, 1_000)).toEqual({ taken: 1_000, waitMs: 0 });
  });

  it("keeps one rate for several processes, and asks once for all who wait", async () => {
    const limits = { ...none, operatorRate: { perSecond: 1, burst: 30 } };
    let asked = 0;
    const lease = createLease(limits, () => 0);
    const share = () =>
      createLeasedRates(limits, async (asn, most) => {
        asked += 1;
        return lease(asn, most);
      });
    const processes = [share(), share()];
    const waits = await Promise.all(Array.from({ length: 40 }, (_, call) => processes[call % 2]?.take(1)));
    expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(30);
    expect(waits.filter((waitMs) => waitMs === 1_000)).toHaveLength(10);
    expect(asked).toBeLessThanOrEqual(42);
  });

  it("forgets operators that have all their calls again", () => {
    let nowMs = 0;
    const lease = createLease({ ...none, operatorRate: { perSecond: 1, burst: 1 } }, () => nowMs);
    for (let asn = 1; asn <= 25_000; asn++) {
      nowMs += 1;
      expect(lease(asn, 1).taken).toBe(1);
    }
    expect(lease(25_000, 1).taken).toBe(0);
  });
});
