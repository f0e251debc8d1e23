import type { HandlerContext } from "@connectrpc/connect";
import { principalKey, requireOperator } from "../auth/principal.ts";
import { type CallSubject, type Names, subjectOf } from "../contract/call-subject.ts";
import type { Collection } from "../contract/resource-names.ts";

/**
 * Returns what a request names: an operator or, with a collection, one of its resources. Throws PERMISSION_DENIED if
 * the caller may not act for that operator. An invalid name passes with an undefined ASN, so that the rules of the
 * contract report it together with all other violations.
 */
export function authorizedSubject(
  request: Names,
  context: HandlerContext,
  collection?: Collection,
): CallSubject {
  const named = subjectOf(request, context);
  const subject = named.collection === collection ? named : { asn: undefined };
  if (subject.asn !== undefined) {
    requireOperator(context.values.get(principalKey), subject.asn);
  }
  return subject;
}
