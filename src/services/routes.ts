import type { ConnectRouter } from "@connectrpc/connect";
import { PlanServingService } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { createPlanGroupService } from "./plan-group-service.ts";
import { createPlanServingService } from "./plan-serving-service.ts";
import { createPlanStatusService } from "./plan-status-service.ts";
import type { ServiceDeps } from "./service-deps.ts";

/** Returns the function that registers all services, for connect-node and for transcoding alike. */
export function createRoutes(deps: ServiceDeps): (router: ConnectRouter) => void {
  const planStatus = createPlanStatusService(deps);
  const planGroup = createPlanGroupService(deps);
  const planServing = createPlanServingService(deps);
  return (router) => {
    router.service(PlanStatusService, planStatus);
    router.service(PlanGroupService, planGroup);
    router.service(PlanServingService, planServing);
  };
}
