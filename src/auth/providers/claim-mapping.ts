import type {
  AccountLink,
  ClaimMapping,
} from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { asnOfParent } from "../../contract/resource-names.ts";
import type { Principal } from "../principal.ts";
import { scopeSet } from "../scopes.ts";
import type { Rejected } from "../verified-token.ts";
import { invalidClaim } from "./jwt-errors.ts";

/** Returns the caller that the claims of a token describe. */
type ReadClaims = (claims: Readonly<Record<string, unknown>>) => Principal | Rejected;

type ClaimReaderOptions = {
  claims?: ClaimMapping | undefined;
  accounts: readonly AccountLink[];
  /** Audiences of which a token must have one. Empty: any. */
  audiences: readonly string[];
};

/** Creates the reader of claims for the issuer of a configuration. It rejects tokens for other audiences. */
export function createClaimReader(options: ClaimReaderOptions): ReadClaims {
  const { claims: mapping, accounts, audiences } = options;
  const audienceClaim = mapping?.audience || "aud";
  const accountClaim = mapping?.account || "sub";
  const scopeClaim = mapping?.scope || "scope";
  const linked = new Map<string, number[]>();
  for (const { account, asns } of accounts) {
    linked.set(account, [...(linked.get(account) ?? []), ...asns]);
  }
  return function readClaims(claims) {
    const intended = [claims[audienceClaim]].flat();
    if (audiences.length > 0 && !intended.some((each) => audiences.includes(each as string))) {
      return { rejected: invalidClaim(audienceClaim) };
    }
    const account = claims[accountClaim];
    if (typeof account !== "string" || account === "") {
      return { rejected: invalidClaim(accountClaim) };
    }
    const operators = mapping?.asns ? asnsOf(claims[mapping.asns]) : [];
    return {
      account,
      asns: new Set([...(linked.get(account) ?? []), ...operators]),
      scopes: scopeSet(stringsOf(claims[scopeClaim]).map((scope) => mapping?.scopes[scope] ?? scope)),
    };
  };
}

/** Reads a list of strings or a string with spaces: issuers write scopes either way. */
function stringsOf(claim: unknown): string[] {
  const all = typeof claim === "string" ? claim.split(" ") : Array.isArray(claim) ? claim : [];
  return all.filter((each) => typeof each === "string" && each !== "");
}

/** Reads numbers and strings in the form that an ASN has in a resource name. Skips everything else. */
function asnsOf(claim: unknown): number[] {
  const all = typeof claim === "number" ? [claim] : Array.isArray(claim) ? claim : stringsOf(claim);
  return all.flatMap((each) =>
    typeof each === "number" || typeof each === "string" ? (asnOfParent(`operators/${each}`) ?? []) : [],
  );
}
