import { expect, it } from "vitest";
import { PlanServingService } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { pushScope, readScope, scopesOf } from "../../src/auth/scopes.ts";

it("uses the scope that Google documents for pushing", () => {
  expect(pushScope).toBe("https://www.googleapis.com/auth/dataplansharing");
});

it.each([
  [PlanStatusService, pushScope],
  [PlanGroupService, pushScope],
  [PlanServingService, readScope],
])("returns the scope that the contract lists for $typeName", (service, scope) => {
  expect(scopesOf(service)).toEqual([scope]);
});
