import type { ConnectRouter } from "@connectrpc/connect";
import { Health } from "#deps/grpc/health/v1/health_pb.js";
import { PlanServingService } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { createHealthService } from "./health-service.ts";
import { createPlanGroupService } from "./plan-group-service.ts";
import { createPlanServingService } from "./plan-serving-service.ts";
import { createPlanStatusService } from "./plan-status-service.ts";
import type { ServiceDeps } from "./service-deps.ts";

/** Returns the function that registers all services, for connect-node and for transcoding alike. */
export function createRoutes(deps: ServiceDeps): (router: ConnectRouter) => void {
  const planStatus = createPlanStatusService(deps);
  const planGroup = createPlanGroupService(deps);
  const planServing = createPlanServingService(deps);
  const services = [PlanStatusService, PlanGroupService, PlanServingService].map(({ typeName }) => typeName);
  const health = createHealthService({ ...deps, services });
  return (router) => {
    router.service(PlanStatusService, planStatus);
    router.service(PlanGroupService, planGroup);
    router.service(PlanServingService, planServing);
    router.service(Health, health);
  };
}
