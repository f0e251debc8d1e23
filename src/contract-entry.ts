/**
 * The entry `…/contract`: the messages, enums, services and rules of the contract, for browsers and every other runtime. It
 * imports no module of Node and nothing of the server.
 */

export {
  type GetPlanGroupRequest,
  GetPlanGroupRequestSchema,
  type GetPlanStatusRequest,
  GetPlanStatusRequestSchema,
  type GetUserPlanStatusRequest,
  GetUserPlanStatusRequestSchema,
  PlanServingService,
} from "../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
export {
  AccountBalanceStatus,
  AccountBalanceStatusSchema,
  BalanceLevel,
  BalanceLevelSchema,
  NotificationType,
  NotificationTypeSchema,
  OverUsagePolicy,
  OverUsagePolicySchema,
  PlanCategory,
  PlanCategorySchema,
  PlanModuleTrafficCategory,
  PlanModuleTrafficCategorySchema,
  PlanState,
  PlanStateSchema,
  RefreshPeriod,
  RefreshPeriodSchema,
  UiCompatibility,
  UiCompatibilitySchema,
} from "../gen/mobiledataplansharing/v1/enums_pb.ts";
export {
  ErrorReason,
  ErrorReasonSchema,
  type ErrorReasonSpec,
  ErrorReasonSpecSchema,
  reason_spec,
} from "../gen/mobiledataplansharing/v1/errors_pb.ts";
export {
  type CreatePlanGroupRequest,
  CreatePlanGroupRequestSchema,
  PlanGroupService,
} from "../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
export {
  type CreatePlanStatusRequest,
  CreatePlanStatusRequestSchema,
  type CreateUserPlanStatusRequest,
  CreateUserPlanStatusRequestSchema,
  PlanStatusService,
} from "../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
export {
  type AccountInfo,
  AccountInfoSchema,
  type ByteQuota,
  ByteQuotaSchema,
  type Plan,
  type PlanInfoPerClient,
  PlanInfoPerClientSchema,
  type PlanModule,
  PlanModuleSchema,
  PlanSchema,
  type RateLimitedStreaming,
  RateLimitedStreamingSchema,
  type TimeQuota,
  TimeQuotaSchema,
  type YouTube,
  YouTubeSchema,
} from "../gen/mobiledataplansharing/v1/plans_pb.ts";
export {
  type PlanGroup,
  PlanGroupSchema,
  type PlanStatus,
  PlanStatusSchema,
} from "../gen/mobiledataplansharing/v1/resources_pb.ts";
export * from "./client/without-node.ts";
export { errorDomain } from "./contract/api-error.ts";
export {
  asnOfParent,
  type Collection,
  clientIds,
  parentOf,
  parseResourceName,
  resourceName,
} from "./contract/resource-names.ts";
