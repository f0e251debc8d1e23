import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "#deps/google/rpc/code_pb.js";
import { Call_Protocol as Protocol } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import type { ListCallsRequestSchema } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { ErrorReason } from "../../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { operatorName } from "../../emulator/resource-names.ts";
import type { CallRow } from "./call-row.ts";

/** Which calls the list shows. Empty texts do not filter. Their names are those of ListCallsRequest. */
export type CallFilters = {
  /** Pattern in which `*` stands for any characters. */
  readonly userKey: string;
  /** ASN in decimal, also with `operators/` before it. */
  readonly operator: string;
  readonly clientId: string;
  readonly method: string;
  /** Name in the contract, such as `GRPC_WEB`. */
  readonly protocol: string;
  /** Name of a code, such as `OK`; `ERRORS` for every other one. */
  readonly code: string;
  readonly reason: string;
};

const filterNames = [
  "userKey",
  "operator",
  "clientId",
  "method",
  "protocol",
  "code",
  "reason",
] as const satisfies (keyof CallFilters)[];

/** Value of `code` for all calls that failed. */
export const onlyErrors = "ERRORS";

/** Reads the filters in the query of the fragment. Values that no call can have are left out. */
export function filtersOf(query: URLSearchParams): CallFilters {
  const known = (name: string, values: object) => {
    const value = query.get(name) ?? "";
    return Object.hasOwn(values, value) ? value : "";
  };
  return {
    userKey: query.get("userKey") ?? "",
    operator: query.get("operator") ?? "",
    clientId: query.get("clientId") ?? "",
    method: query.get("method") ?? "",
    protocol: known("protocol", Protocol),
    code: known("code", { ...Code, [onlyErrors]: 0 }),
    reason: known("reason", ErrorReason),
  };
}

/** Returns the filters as the query of a fragment has them. */
export function queryOf(filters: CallFilters): Record<string, string> {
  return Object.fromEntries(filterNames.map((name) => [name, filters[name]]).filter(([, value]) => value));
}

/** Whether any filter is set. */
export function hasFilters(filters: CallFilters): boolean {
  return filterNames.some((name) => filters[name] !== "");
}

/** The filters of ListCalls and WatchCalls. */
type RequestFilters = Pick<
  MessageInitShape<typeof ListCallsRequestSchema> & object,
  "userKey" | "operator" | "clientId" | "method" | "protocol" | "code" | "reason"
>;

/** Returns what the emulator filters by; `isShown` has the rest. */
export function requestFilters(filters: CallFilters): RequestFilters {
  const { userKey, clientId, method, protocol, code, reason } = filters;
  const operator = filters.operator.trim();
  return {
    userKey,
    operator: operatorName(operator),
    clientId,
    method,
    protocol: Protocol[protocol as keyof typeof Protocol] ?? Protocol.PROTOCOL_UNSPECIFIED,
    ...(code !== "" && code !== onlyErrors && { code: Code[code as keyof typeof Code] }),
    ...(reason !== "" && { reason: ErrorReason[reason as keyof typeof ErrorReason] }),
  };
}

/** Whether a row that the emulator sent is shown. Requests cannot ask for all codes but OK. */
export function isShown(filters: CallFilters, row: Pick<CallRow, "code">): boolean {
  return filters.code !== onlyErrors || row.code !== Code.OK;
}
