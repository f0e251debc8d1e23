import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { PlanServingService } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { principalKey } from "../../src/auth/principal.ts";
import { createContractRules } from "../../src/plans/contract-rules.ts";
import { createRoutes } from "../../src/services/routes.ts";
import { type PlanStore, StoreUnavailable } from "../../src/store/plan-store.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { planStatus } from "../support/plan-statuses.ts";
import { createTestClock } from "../support/test-clock.ts";
import { parent } from "../support/test-server.ts";

/** Returns a call of every method, of services whose store always fails. */
function callsWith(failure: Error) {
  const store: PlanStore = {
    put: () => Promise.reject(failure),
    get: () => Promise.reject(failure),
    scan: () => expect.fail("services do not scan"),
    health: () => Promise.reject(failure),
    close: () => Promise.resolve(),
  };
  const stopping = new AbortController().signal;
  const deps = {
    store,
    clock: createTestClock(),
    clockSkewMs: 0,
    rules: createContractRules(),
    ready: async () => undefined,
    stopping,
  };
  const transport = createRouterTransport(createRoutes(deps), {
    router: {
      requestGate: (context) => {
        const asns = new Set([65001]);
        context.values.set(principalKey, { account: "test", asns, scopes: new Set<string>() });
      },
    },
  });
  const statuses = createClient(PlanStatusService, transport);
  const groups = createClient(PlanGroupService, transport);
  const serving = createClient(PlanServingService, transport);
  const user = { parent, clientId: "youtube", userKey: "k" };
  return [
    () => statuses.createUserPlanStatus({ ...user, planStatus: planStatus() }),
    () => statuses.createPlanStatus({ parent, userKey: "k", planStatus: planStatus() }),
    () => groups.createPlanGroup({ parent, planGroupId: "k" }),
    () => serving.getUserPlanStatus(user),
    () => serving.getPlanStatus({ name: `${parent}/planStatuses/k` }),
    () => serving.getPlanGroup({ name: `${parent}/planGroups/k` }),
  ];
}

describe("an unavailable store", () => {
  it.each(callsWith(new StoreUnavailable("the disk is full: /var/lib/mdps")))(
    "an unavailable store makes a call UNAVAILABLE with RetryInfo and without the cause (method %#)",
    async (call) => {
      const apiError = await apiErrorOf(call());
      expect(apiError).toMatchObject({ code: "Unavailable", reason: "STORE_UNAVAILABLE" });
      expect(apiError.message).not.toContain("/var/lib");
      const error = await call().catch((reason: unknown) => ConnectError.from(reason));
      expect((error as ConnectError).findDetails(RetryInfoSchema)).toMatchObject([
        { retryDelay: { seconds: 1n, nanos: 0 } },
      ]);
    },
  );
});

describe("an unexpected error of a store", () => {
  it.each(callsWith(new RangeError("secret")))(
    "an unexpected error of a store stays an internal error without its message (method %#)",
    async (call) => {
      const error = ConnectError.from(await call().catch((reason: unknown) => reason));
      expect([Code.Internal, Code.Unknown]).toContain(error.code);
      expect(error.message).not.toContain("secret");
    },
  );
});
