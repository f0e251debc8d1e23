import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import { file_google_rpc_error_details } from "#deps/google/rpc/error_details_pb.js";
import { Health } from "#deps/grpc/health/v1/health_pb.js";
import { PlanServingService } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { file_mobiledataplansharing_v1_errors } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import type { ServiceDependencies } from "./dependencies.ts";
import { createHealthService, type HealthOptions } from "./health-service.ts";
import { createPlanGroupService } from "./plan-group-service.ts";
import { createPlanServingService } from "./plan-serving-service.ts";
import { createPlanStatusService } from "./plan-status-service.ts";
import { createReflectionRoutes } from "./reflection/service.ts";

export const contractServices = [PlanStatusService, PlanGroupService, PlanServingService] as const;

type RoutesOptions = ServiceDependencies &
  Pick<HealthOptions, "ready"> & {
    /** Whether to serve gRPC reflection. Defaults to true. */
    reflection?: boolean;
    /** Services besides those of the contract. Defaults to none. */
    extraServices?:
      | readonly { service: DescService; implementation: Partial<ServiceImpl<DescService>> }[]
      | undefined;
  };

/** Returns the function that registers all services, for connect-node and for transcoding. */
export function createRoutes(deps: RoutesOptions): (router: ConnectRouter) => void {
  const { extraServices = [] } = deps;
  const planStatus = createPlanStatusService(deps);
  const planGroup = createPlanGroupService(deps);
  const planServing = createPlanServingService(deps);
  const health = createHealthService({ ...deps, services: contractServices.map(({ typeName }) => typeName) });
  const reflection = createReflectionRoutes({
    services: [...contractServices, ...extraServices.map(({ service }) => service), Health],
    // The types of error details: no service imports them, but tools that show errors look them up.
    files: [file_mobiledataplansharing_v1_errors, file_google_rpc_error_details],
    stopping: deps.stopping,
  });
  return (router) => {
    router.service(PlanStatusService, planStatus);
    router.service(PlanGroupService, planGroup);
    router.service(PlanServingService, planServing);
    for (const { service, implementation } of extraServices) {
      router.service(service, implementation);
    }
    // Unknown fields take far more memory than bytes, and anyone can send them.
    router.service(Health, health, { binaryOptions: { readUnknownFields: false } });
    if (deps.reflection !== false) {
      reflection(router);
    }
  };
}
