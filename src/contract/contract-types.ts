import { createRegistry } from "@bufbuild/protobuf";
import { codecs_mobiledataplansharing_serving_v1_plan_serving_service } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_codec.ts";
import { file_mobiledataplansharing_serving_v1_plan_serving_service } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { file_mobiledataplansharing_v1_enums } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { codecs_mobiledataplansharing_v1_errors } from "../../gen/mobiledataplansharing/v1/errors_codec.ts";
import { file_mobiledataplansharing_v1_errors } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { codecs_mobiledataplansharing_v1_plan_group_service } from "../../gen/mobiledataplansharing/v1/plan_group_service_codec.ts";
import { codecs_mobiledataplansharing_v1_plan_status_service } from "../../gen/mobiledataplansharing/v1/plan_status_service_codec.ts";
import { codecs_mobiledataplansharing_v1_plans } from "../../gen/mobiledataplansharing/v1/plans_codec.ts";
import { file_mobiledataplansharing_v1_plans } from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { codecs_mobiledataplansharing_v1_resources } from "../../gen/mobiledataplansharing/v1/resources_codec.ts";
import { file_mobiledataplansharing_v1_resources } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createCodecs } from "../codec/index.ts";

/** The messages of the contract, which the details of errors may contain. */
export const contractTypes = createRegistry(
  file_mobiledataplansharing_v1_enums,
  file_mobiledataplansharing_v1_errors,
  file_mobiledataplansharing_v1_plans,
  file_mobiledataplansharing_v1_resources,
  file_mobiledataplansharing_serving_v1_plan_serving_service,
);

/** The codecs of these messages and of the requests that carry them. */
export const contractCodecs = createCodecs(
  codecs_mobiledataplansharing_v1_errors,
  codecs_mobiledataplansharing_v1_plans,
  codecs_mobiledataplansharing_v1_resources,
  codecs_mobiledataplansharing_v1_plan_status_service,
  codecs_mobiledataplansharing_v1_plan_group_service,
  codecs_mobiledataplansharing_serving_v1_plan_serving_service,
);
