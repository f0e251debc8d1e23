import { expect, it } from "vitest";
import { PlanServingService } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { pushScope, readScope, scopesOf } from "../../src/auth/scopes.ts";

it("the scope to push is the one that Google documents", () => {
  expect(pushScope).toBe("https://www.googleapis.com/auth/dataplansharing");
});

it.each([
  [PlanStatusService, pushScope],
  [PlanGroupService, pushScope],
  [PlanServingService, readScope],
])("$typeName wants one scope, by the contract", (service, scope) => {
  expect(scopesOf(service)).toEqual([scope]);
});
