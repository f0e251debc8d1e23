import type { DescService } from "@bufbuild/protobuf";
import { scopesOf } from "../../../src/auth/scopes.ts";
import { scopePurposes } from "../describe/api.ts";
import type { JsonObject } from "../describe/json.ts";

const schemeName = "oauth2";

/**
 * The OAuth 2.0 scheme with all scopes of the services. OpenAPI has no flow for JWT bearer grants (RFC 7523), by
 * which service accounts get their tokens; client credentials is its kin: no user takes part.
 */
export function securitySchemes(services: readonly DescService[]): JsonObject {
  const scopes = scopePurposes(services);
  if (scopes.size === 0) {
    return {};
  }
  return {
    [schemeName]: {
      type: "oauth2",
      description:
        "Access token of a service account, by a JWT bearer grant (RFC 7523), in `Authorization: Bearer …`. " +
        "The token URL is the `token_uri` of the account's key file.",
      flows: {
        clientCredentials: {
          tokenUrl: "https://oauth2.googleapis.com/token",
          scopes: Object.fromEntries(scopes),
        },
      },
    },
  };
}

/** What a caller of the service needs: a token with any one of its scopes. */
export function securityOf(service: DescService): JsonObject[] | undefined {
  const scopes = scopesOf(service);
  return scopes.length > 0 ? scopes.map((scope) => ({ [schemeName]: [scope] })) : undefined;
}
