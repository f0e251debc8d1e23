import { type DescService, getOption, hasOption } from "@bufbuild/protobuf";
import { oauth_scopes } from "#deps/google/api/client_pb.js";

/** Lets an account push. Google's documented scope of the API. */
export const pushScope = "https://www.googleapis.com/auth/dataplansharing";

/** Lets an account read. A scope of this project, for Google publishes no reading side. */
export const readScope = "mobiledataplansharing.serving.read";

/** Returns the scopes of which the contract wants one for the methods of a service. */
export function scopesOf(service: DescService): readonly string[] {
  return hasOption(service, oauth_scopes)
    ? getOption(service, oauth_scopes)
        .split(",")
        .map((scope) => scope.trim())
    : [];
}
