import { createContextKey } from "@connectrpc/connect";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../contract/api-error.ts";
import { parentOf } from "../contract/resource-names.ts";

/** The caller, taken from a verified access token. */
export type Principal = {
  /** Email of a service account, or the account claim of another issuer. */
  readonly account: string;
  /** Operators that the account may act for. */
  readonly asns: ReadonlySet<number>;
  readonly scopes: ReadonlySet<string>;
};

/** Context key of the caller. The request gate sets it, the services read it. */
export const principalKey = createContextKey<Principal | undefined>(undefined, { description: "caller" });

/** Throws PERMISSION_DENIED unless the caller may act for the operator. Operators that do not exist get the same error. */
export function requireOperator(principal: Principal | undefined, asn: number): void {
  if (principal?.asns.has(asn) !== true) {
    throw apiError(ErrorReason.OPERATOR_NOT_LINKED, {
      message: `the account of this token is not linked to ${parentOf(asn)}: use one that is`,
      metadata: { parent: parentOf(asn) },
    });
  }
}
