import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { ServiceAccount } from "../../../gen/mobiledataplansharing/config/v1/service_accounts_pb.ts";

/** Returns a service account as in the output of `mdps service-account list --json`. */
export function accountRow({ email, asns, scopes, keys, createTime, revokeTime }: ServiceAccount) {
  return {
    email,
    operators: asns,
    scopes,
    keys: keys.map(({ keyId }) => keyId),
    created: createTime && timestampDate(createTime).toISOString(),
    revoked: revokeTime && timestampDate(revokeTime).toISOString(),
  };
}

/** Formats a service account for a terminal. */
export function accountText({
  email,
  operators,
  scopes,
  keys,
  revoked,
}: ReturnType<typeof accountRow>): string {
  return [
    `${email}${revoked === undefined ? "" : `  revoked ${revoked}`}`,
    `  operators  ${operators.join(", ") || "none"}`,
    `  scopes     ${scopes.join(" ")}`,
    `  keys       ${keys.join(", ") || "none"}`,
  ].join("\n");
}
