import type { DescMethod } from "@bufbuild/protobuf";
import type { CallMatcher } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { asnOfParent } from "../../contract/resource-names.ts";
import { methodsNamed } from "../call-names.ts";
import { parseKeyPattern } from "../key-pattern.ts";

/** What a fault chooses calls by. */
export type MatchedCall = {
  readonly method: DescMethod;
  /** Undefined if the request names no valid operator. */
  readonly asn: number | undefined;
  readonly clientId: string | undefined;
  /** User key or plan group id. */
  readonly userKey: string | undefined;
};

/** Compiles a valid matcher. Undefined matches every call. */
export function compileMatcher(matcher: CallMatcher | undefined): (call: MatchedCall) => boolean {
  if (matcher === undefined) {
    return () => true;
  }
  const { method, operator, clientId, userKey } = matcher;
  const methods = new Set(methodsNamed(method));
  const asn = asnOfParent(operator);
  const pattern = userKey === "" ? undefined : parseKeyPattern(userKey);
  return (call) =>
    methods.has(call.method) &&
    (operator === "" || call.asn === asn) &&
    (clientId === "" || call.clientId === clientId) &&
    (pattern === undefined || pattern.matches(call.userKey ?? ""));
}
