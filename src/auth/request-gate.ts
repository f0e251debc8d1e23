import type { DescService } from "@bufbuild/protobuf";
import type { ConnectError, HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../contract/api-error.ts";
import { knownSubject } from "../contract/call-subject.ts";
import { principalKey, requireOperator } from "./principal.ts";
import { scopesOf } from "./scopes.ts";
import type { VerifyToken } from "./token-verifier.ts";

const realm = 'Bearer realm="mobile-data-plan-sharing"';

/** Decides whether a call goes on before its body is read; refuses by throwing. */
export type RequestGate = (context: HandlerContext) => Promise<void>;

export type RequestGateOptions = {
  verifyToken: VerifyToken;
  /** Whether anybody who can connect may call a service. */
  isOpen: (service: DescService) => boolean;
};

/**
 * Creates the gate that every call on every protocol passes, but those of open services: a bearer token that verifies,
 * one of the scopes that the contract names for the service and, where the URL tells it, the operator. Leaves the
 * caller in the context.
 */
export function createRequestGate({ verifyToken, isOpen }: RequestGateOptions): RequestGate {
  const scopes = new Map<DescService, readonly string[]>();
  return async (context) => {
    if (isOpen(context.service)) {
      return;
    }
    refuseTokenInQuery(context.url);
    const token = bearerToken(context.requestHeader.get("authorization"));
    const principal = await verifyToken(token);
    if ("refused" in principal) {
      throw invalidToken(principal.refused);
    }
    const { service } = context;
    const wanted = scopes.get(service) ?? scopesOf(service);
    scopes.set(service, wanted);
    if (!wanted.some((scope) => principal.scopes.has(scope))) {
      const scope = wanted.join(" ");
      throw apiError(ErrorReason.SCOPE_INSUFFICIENT, {
        message: `the access token lacks the scope ${scope}`,
        metadata: { scope },
        headers: { "www-authenticate": `${realm}, error="insufficient_scope", scope="${scope}"` },
      });
    }
    const asn = knownSubject(context)?.asn;
    if (asn !== undefined) {
      requireOperator(principal, asn);
    }
    context.values.set(principalKey, principal);
  };
}

/**
 * Throws if the query has a token (RFC 6750 2.3), whatever the header says: what reads URLs, logs and caches them,
 * would have it too.
 */
function refuseTokenInQuery(url: string): void {
  const mark = url.indexOf("?");
  if (mark === -1) {
    return;
  }
  const query = new URLSearchParams(url.slice(mark));
  for (const name of ["access_token", "oauth_token"]) {
    if (query.has(name)) {
      throw malformed(`${name} is not accepted in the query: send the header Authorization: Bearer <token>`);
    }
  }
}

/** Returns the token of an Authorization header (RFC 6750 2.1). Throws UNAUTHENTICATED, or for two INVALID_ARGUMENT. */
function bearerToken(header: string | null): string {
  if (header === null) {
    // RFC 6750 3.1: no error code where no credentials were sent.
    throw apiError(ErrorReason.CREDENTIALS_MISSING, {
      message: "an access token is required: send the header Authorization: Bearer <token>",
      headers: { "www-authenticate": realm },
    });
  }
  // Two headers come joined by a comma and a blank (RFC 9110 5.3); behind the comma of an empty one there is nothing.
  if (header.includes(", ") || header.endsWith(",")) {
    throw malformed("the Authorization header must be there once");
  }
  const token = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header)?.[1];
  if (token === undefined) {
    throw invalidToken("the Authorization header must be: Bearer <token>");
  }
  return token;
}

function malformed(description: string): ConnectError {
  return apiError(ErrorReason.CREDENTIALS_MALFORMED, {
    message: description,
    headers: challenge("invalid_request", description),
  });
}

function invalidToken(description: string): ConnectError {
  return apiError(ErrorReason.CREDENTIALS_INVALID, {
    message: description,
    headers: challenge("invalid_token", description),
  });
}

/** RFC 6750 3: characters that a description must not have may come from the names of claims. */
function challenge(error: string, description: string): Readonly<Record<string, string>> {
  const text = description.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "?");
  return { "www-authenticate": `${realm}, error="${error}", error_description="${text}"` };
}
