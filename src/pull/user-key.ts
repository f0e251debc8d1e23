import { create } from "@bufbuild/protobuf";
import { CreateUserPlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { sharedContractRules } from "../plans/contract-rules.ts";
import { isOwnLimit } from "../plans/own-limits.ts";
import { explainLimit } from "../push/input/leniency.ts";
import { error, type Problem, warning } from "./finding.ts";
import { unsendableSegment } from "./target-url.ts";

/** Returns why a text cannot be the user key of pulls and pushes. Limits of this project are warnings. */
export function userKeyProblems(userKey: string, field: string): Problem[] {
  const unsendable = unsendableSegment(userKey);
  if (unsendable !== undefined) {
    return [error(field, unsendable)];
  }
  const request = create(CreateUserPlanStatusRequestSchema, { userKey });
  return sharedContractRules()(CreateUserPlanStatusRequestSchema, request)
    .filter((violation) => violation.field === "userKey")
    .map((violation) =>
      (isOwnLimit(violation) ? warning : error)(field, explainLimit(violation).description),
    );
}
