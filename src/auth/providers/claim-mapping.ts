import type {
  AccountLink,
  ClaimMapping,
} from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { asnOfParent } from "../../contract/resource-names.ts";
import type { Principal } from "../principal.ts";
import type { Refused } from "../verified-token.ts";

/** Tells from the claims of a token who is calling. */
export type ReadClaims = (claims: Readonly<Record<string, unknown>>) => Principal | Refused;

/** Creates the reading of claims that a configuration describes. */
export function createClaimReader(
  mapping: ClaimMapping | undefined,
  accounts: readonly AccountLink[],
): ReadClaims {
  const accountClaim = mapping?.account || "sub";
  const scopeClaim = mapping?.scope || "scope";
  const linked = new Map<string, number[]>();
  for (const { account, asns } of accounts) {
    linked.set(account, [...(linked.get(account) ?? []), ...asns]);
  }
  return (claims) => {
    const account = claims[accountClaim];
    if (typeof account !== "string" || account === "") {
      return { refused: `the access token names no account: ${accountClaim}` };
    }
    const named = mapping?.asns ? asnsOf(claims[mapping.asns]) : [];
    return {
      account,
      asns: new Set([...(linked.get(account) ?? []), ...named]),
      scopes: new Set(textsOf(claims[scopeClaim]).map((scope) => mapping?.scopes[scope] ?? scope)),
    };
  };
}

/** A list, or a text with blanks between its parts: issuers write scopes either way. */
function textsOf(claim: unknown): string[] {
  const all = typeof claim === "string" ? claim.split(" ") : Array.isArray(claim) ? claim : [];
  return all.filter((each) => typeof each === "string" && each !== "");
}

/** Numbers, or texts of the form that an ASN has in a resource name; what is neither is left out. */
function asnsOf(claim: unknown): number[] {
  const all = typeof claim === "number" ? [claim] : Array.isArray(claim) ? claim : textsOf(claim);
  return all.flatMap((each) =>
    typeof each === "number" || typeof each === "string" ? (asnOfParent(`operators/${each}`) ?? []) : [],
  );
}
