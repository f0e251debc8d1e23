import { create } from "@bufbuild/protobuf";
import {
  GetPlanGroupRequestSchema,
  GetPlanStatusRequestSchema,
  GetUserPlanStatusRequestSchema,
} from "../../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { CreatePlanGroupRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import {
  CreatePlanStatusRequestSchema,
  CreateUserPlanStatusRequestSchema,
} from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { type ContractRules, createContractRules } from "../../plans/contract-rules.ts";

/** Returns the rules of the contract, compiled for every request, so that no caller waits for it. */
export function createWarmRules(): ContractRules {
  const rules = createContractRules();
  for (const desc of [
    CreateUserPlanStatusRequestSchema,
    CreatePlanStatusRequestSchema,
    CreatePlanGroupRequestSchema,
    GetUserPlanStatusRequestSchema,
    GetPlanStatusRequestSchema,
    GetPlanGroupRequestSchema,
  ]) {
    rules(desc, create(desc));
  }
  return rules;
}
