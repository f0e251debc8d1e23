import { createContextKey } from "@connectrpc/connect";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../contract/api-error.ts";
import { parentOf } from "../contract/resource-names.ts";

/** Who is calling, after the access token was verified. */
export type Principal = {
  /** Name of the account. */
  readonly account: string;
  /** Operators that the account may act for. */
  readonly asns: ReadonlySet<number>;
  readonly scopes: ReadonlySet<string>;
};

/** Where the request gate leaves the caller for the services. */
export const principalKey = createContextKey<Principal | undefined>(undefined, { description: "caller" });

/** Throws PERMISSION_DENIED unless the caller may act for the operator, whether or not that operator exists. */
export function requireOperator(principal: Principal | undefined, asn: number): void {
  if (principal?.asns.has(asn) !== true) {
    throw apiError(ErrorReason.OPERATOR_NOT_LINKED, {
      message: `the account of this token is not linked to ${parentOf(asn)}`,
      metadata: { parent: parentOf(asn) },
    });
  }
}
