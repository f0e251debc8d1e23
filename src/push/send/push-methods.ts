import { PlanGroupService } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { asnOfParent, resourceName } from "../../contract/resource-names.ts";
import { encodeSegment } from "../../transcoding/index.ts";
import type { PushRequest } from "../input/push-request.ts";

/** The RPC of each method. Its output is the type of the answer. */
export const pushMethods = {
  createUserPlanStatus: PlanStatusService.method.createUserPlanStatus,
  createPlanStatus: PlanStatusService.method.createPlanStatus,
  createPlanGroup: PlanGroupService.method.createPlanGroup,
} as const satisfies Record<PushRequest["method"], unknown>;

/** Returns the path of a request over REST, as its `google.api.http` option says. */
export function restPathOf({ method, parent, clientId, userKey }: PushRequest): string {
  switch (method) {
    case "createUserPlanStatus":
      return `/v1/${parent}/clients/${encodeSegment(clientId)}/users/${encodeSegment(userKey)}/planStatus`;
    case "createPlanStatus":
      return `/v1/${parent}/planStatuses?userKey=${encodeSegment(userKey)}`;
    case "createPlanGroup":
      return `/v1/${parent}/planGroups`;
  }
}

/** Returns the `name` of the resource that a request stores, which the answer has. */
export function storedNameOf({ method, parent, userKey }: PushRequest): string {
  const collection = method === "createPlanGroup" ? "planGroups" : "planStatuses";
  return resourceName(asnOfParent(parent) ?? 0, collection, userKey);
}
