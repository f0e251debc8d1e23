import type { DescEnum } from "@bufbuild/protobuf";
import { CodeSchema } from "#deps/google/rpc/code_pb.js";
import { Call_ProtocolSchema } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import type { ListCallsRequest } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { ErrorReasonSchema } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { filteredMethods, filteredOperator } from "../call-names.ts";
import { parseKeyPattern } from "../key-pattern.ts";
import { protocolNumbers } from "./call-message.ts";
import type { RecordedCall } from "./recorded-call.ts";

/** The filters of a request. */
export type CallFilters = Pick<
  ListCallsRequest,
  "method" | "operator" | "clientId" | "userKey" | "protocol" | "code" | "reason"
>;

type SubjectFilters = Pick<CallFilters, "operator" | "clientId" | "userKey">;
type Subject = Pick<RecordedCall, "asn" | "clientId" | "userKey">;

/** Returns the check of operator, client and key. Adds the violations of filters that nothing can match. */
export function subjectFilter(
  { operator, clientId, userKey }: SubjectFilters,
  violations: FieldViolation[],
): (subject: Subject) => boolean {
  const asn = filteredOperator(operator, violations);
  const pattern = userKey === "" ? undefined : parseKeyPattern(userKey);
  return (subject) =>
    (asn === undefined || subject.asn === asn) &&
    (clientId === "" || subject.clientId === clientId) &&
    (pattern === undefined || pattern.matches(subject.userKey));
}

/** Returns the check of a call. Adds the violations of filters that no call can match. */
export function callFilter(
  filters: CallFilters,
  violations: FieldViolation[],
): (call: RecordedCall) => boolean {
  const methods = filteredMethods(filters.method, violations);
  const isOfSubject = subjectFilter(filters, violations);
  requireDefined(Call_ProtocolSchema, filters.protocol, "protocol", violations);
  requireDefined(CodeSchema, filters.code ?? 0, "code", violations);
  const reason = requireDefined(ErrorReasonSchema, filters.reason, "reason", violations);
  const { protocol, code } = filters;
  return (call) =>
    (methods === undefined || (call.method !== undefined && methods.has(call.method))) &&
    (protocol === 0 || (call.protocol !== undefined && protocolNumbers[call.protocol] === protocol)) &&
    (code === undefined || call.code === code) &&
    (filters.reason === 0 || call.reason === reason) &&
    isOfSubject(call);
}

/** Returns the name of a value; adds a violation if it has none. Only binary requests can have such a value. */
function requireDefined(
  desc: DescEnum,
  value: number,
  field: string,
  violations: FieldViolation[],
): string | undefined {
  const name = desc.value[value]?.name;
  if (name === undefined) {
    violations.push({ field, description: "value must be one of the defined enum values" });
  }
  return name;
}

/** Returns the filters as page tokens have them. */
export function filterValues(filters: Partial<CallFilters>): readonly unknown[] {
  const { method, operator, clientId, userKey, protocol, code, reason } = filters;
  return [method, operator, clientId, userKey, protocol, code ?? null, reason];
}
