import { createRegistry } from "@bufbuild/protobuf";
import { file_mobiledataplansharing_serving_v1_plan_serving_service } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { file_mobiledataplansharing_v1_enums } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { file_mobiledataplansharing_v1_errors } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { file_mobiledataplansharing_v1_plans } from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { file_mobiledataplansharing_v1_resources } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";

/** The messages of the contract, which the details of errors may contain. */
export const contractTypes = createRegistry(
  file_mobiledataplansharing_v1_enums,
  file_mobiledataplansharing_v1_errors,
  file_mobiledataplansharing_v1_plans,
  file_mobiledataplansharing_v1_resources,
  file_mobiledataplansharing_serving_v1_plan_serving_service,
);
