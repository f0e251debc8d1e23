import type { DescMethod } from "@bufbuild/protobuf";
import type { CallMatcher } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { asnOfParent } from "../../contract/resource-names.ts";
import { contractServices } from "../../services/routes.ts";
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

/** The methods of the API: no other calls go wrong. */
export const contractMethods: readonly DescMethod[] = contractServices.flatMap(
  ({ methods }): readonly DescMethod[] => methods,
);

/** Returns the methods that a name stands for: that of a method, of a service, or both. The empty name is for all. */
export function methodsNamed(name: string): readonly DescMethod[] {
  return name === "" ? contractMethods : contractMethods.filter((method) => namesOf(method).includes(name));
}

/** Returns the names by which a matcher may name a method. */
export function namesOf({ name, parent }: DescMethod): readonly string[] {
  return [name, parent.typeName, `${parent.typeName}/${name}`];
}

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
