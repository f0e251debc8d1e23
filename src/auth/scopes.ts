import { type DescService, getOption } from "@bufbuild/protobuf";
import { oauth_scopes } from "#deps/google/api/client_pb.js";

/** Scope for pushing. This is the scope that Google documents for the API. */
export const pushScope = "https://www.googleapis.com/auth/dataplansharing";

/** Scope for reading. Defined by this project, because Google does not publish a reading API. */
export const readScope = "mobiledataplansharing.serving.read";

/** Returns the scopes of a service. A caller needs one of them. */
export function scopesOf(service: DescService): readonly string[] {
  return getOption(service, oauth_scopes)
    .split(",")
    .map((scope) => scope.trim())
    .filter(Boolean);
}
