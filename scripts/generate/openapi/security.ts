import type { DescService } from "@bufbuild/protobuf";
import { scopesOf } from "../../../src/auth/scopes.ts";
import { scopeDescriptions } from "../describe/api.ts";
import type { JsonObject } from "../describe/json.ts";

const schemeName = "oauth2";
// Of several schemes, generated clients apply the last by name, and some send the token of `oauth2` without `Bearer`.
const bearerName = "token";

/**
 * Returns the OAuth 2.0 scheme with all scopes of the services. OpenAPI has no flow for JWT bearer grants (RFC 7523),
 * which service accounts use. Client credentials is the closest flow: no user is involved.
 */
export function securitySchemes(services: readonly DescService[]): JsonObject {
  const scopes = scopeDescriptions(services);
  if (scopes.size === 0) {
    return {};
  }
  return {
    [schemeName]: {
      type: "oauth2",
      description:
        "Access token of a service account, obtained with a JWT bearer grant (RFC 7523) and sent as `Authorization: Bearer …`. " +
        "The token URL is the `token_uri` of the account's key file.",
      flows: {
        clientCredentials: {
          tokenUrl: "https://oauth2.googleapis.com/token",
          scopes: Object.fromEntries(scopes),
        },
      },
    },
    [bearerName]: {
      type: "http",
      scheme: "bearer",
      description: "The same access token, for tools that cannot obtain it themselves.",
    },
  };
}

/** Returns what a call of the service requires: a token with any one of its scopes, or nothing without scopes. */
export function securityOf(service: DescService): JsonObject[] {
  const scopes = scopesOf(service);
  return scopes.length > 0
    ? [...scopes.map((scope) => ({ [schemeName]: [scope] })), { [bearerName]: [...scopes] }]
    : [];
}
