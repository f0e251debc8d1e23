import type { HandlerContext } from "@connectrpc/connect";
import { principalKey, requireOperator } from "../auth/principal.ts";

/**
 * Refuses a caller who may not act for the operator. A name that is none (`asn` undefined) passes: the contract's
 * rules refuse it, together with all else that is wrong.
 */
export function authorize(context: HandlerContext, asn: number | undefined): void {
  if (asn !== undefined) {
    requireOperator(context.values.get(principalKey), asn);
  }
}
