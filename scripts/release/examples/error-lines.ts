import type { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";

const push = 'curl -sS "$MDPS_ENDPOINT/v1/operators/65001/planStatuses?userKey=491701234567"';
const read = 'curl -sS -H "Authorization: Bearer $READ_TOKEN" "$MDPS_ENDPOINT/v1/operators/65001';
const authorized = '-H "Authorization: Bearer $MDPS_TOKEN"';
const json = '-H "Content-Type: application/json"';

/** curl commands that fail, by the reason in the `google.rpc.ErrorInfo` of the error. */
export const errorLines: readonly (readonly [reason: keyof typeof ErrorReason, line: string])[] = [
  ["FIELD_INVALID", `${push} ${authorized} ${json} -d '{"plans": [{}]}'`],
  ["REQUEST_MALFORMED", `${push} ${authorized} ${json} -d '{"languageCode": 1}'`],
  ["CREDENTIALS_MISSING", `${push} ${json} -d '{}'`],
  ["CREDENTIALS_INVALID", `${push} -H "Authorization: Bearer nobody" ${json} -d '{}'`],
  ["SCOPE_INSUFFICIENT", `${push} -H "Authorization: Bearer $READ_TOKEN" ${json} -d '{}'`],
  ["OPERATOR_NOT_LINKED", `${push.replace("65001", "65002")} ${authorized} ${json} -d '{}'`],
  ["PLAN_STATUS_NOT_FOUND", `${read}/planStatuses/nobody"`],
  ["PLAN_GROUP_NOT_FOUND", `${read}/planGroups/nobody"`],
  ["ROUTE_NOT_FOUND", `${read}/nothing"`],
  ["METHOD_NOT_ALLOWED", `${push} -X DELETE ${authorized}`],
  ["CONTENT_TYPE_UNSUPPORTED", `${push} ${authorized} -H "Content-Type: text/xml" -d '<plans/>'`],
  ["RESPONSE_NOT_ACCEPTABLE", `${push} ${authorized} ${json} -H "Accept: text/html" -d '{}'`],
];
