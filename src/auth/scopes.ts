import { type DescService, getOption } from "@bufbuild/protobuf";
import { oauth_scopes } from "#deps/google/api/client_pb.js";

/** Scope for pushing. This is the scope that Google documents for the API. */
export const pushScope = "https://www.googleapis.com/auth/dataplansharing";

/**
 * Scope for reading. Defined by this project, because Google does not publish a reading API. A URL, because generators
 * of Google's clients accept no other scopes.
 */
export const readScope = "https://mobile-data-plan-sharing.github.io/auth/serving.read";

/** Another name of the scope for reading. Tokens, accounts and claims may contain either. */
export const readScopeAlias = "mobiledataplansharing.serving.read";

/** Returns scopes by the names that the contract uses. */
export function scopeSet(scopes: Iterable<string>): ReadonlySet<string> {
  return new Set(Array.from(scopes, (scope) => (scope === readScopeAlias ? readScope : scope)));
}

/** Returns the scopes of a service. A caller needs one of them. */
export function scopesOf(service: DescService): readonly string[] {
  return getOption(service, oauth_scopes)
    .split(",")
    .map((scope) => scope.trim())
    .filter(Boolean);
}

/** What a token or a service account may do. */
export type Access = "push" | "read" | "both";

/** The scopes of each access. */
export const scopesOfAccess: Readonly<Record<Access, readonly string[]>> = {
  push: [pushScope],
  read: [readScope],
  both: [pushScope, readScope],
};
