import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { ConnectError, HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../contract/api-error.ts";
import { knownSubject } from "../contract/call-subject.ts";
import { type Principal, principalKey, requireOperator } from "./principal.ts";
import { type RequestHead, requestHeadKey } from "./request-head.ts";
import { scopesOf } from "./scopes.ts";
import { createConnectionTokens, type SentToken, sentToken } from "./sent-token.ts";
import type { VerifyToken } from "./token-verifier.ts";
import type { Rejected } from "./verified-token.ts";

const realm = 'Bearer realm="mobile-data-plan-sharing"';

/** Checks the credentials of a call before its body is read. Throws the error of the call, or rejects with it. */
export type RequestGate = (context: HandlerContext) => void | Promise<void>;

type RequestGateOptions = {
  verifyToken: VerifyToken;
  /** Returns whether a method needs no access token. */
  isOpen: (method: DescMethod) => boolean;
};

/**
 * Creates the check of every call on every protocol, except calls of open methods. It requires a valid bearer token,
 * one of the scopes that the contract lists for the service and, if the URL names an operator, a link to it. Stores the
 * caller in the context (`principalKey`).
 */
export function createRequestGate({ verifyToken, isOpen }: RequestGateOptions): RequestGate {
  const scopes = new Map<DescService, readonly string[]>();
  const tokens = createConnectionTokens();

  function admit(principal: Principal | Rejected, context: HandlerContext): void {
    if ("rejected" in principal) {
      throw invalidToken(principal.rejected);
    }
    const { service } = context;
    const accepted = scopes.get(service) ?? scopesOf(service);
    scopes.set(service, accepted);
    if (!accepted.some((scope) => principal.scopes.has(scope))) {
      const scope = accepted.join(" ");
      throw apiError(ErrorReason.SCOPE_INSUFFICIENT, {
        message: `the access token lacks the scope ${scope}: request a token with it`,
        metadata: { scope },
        headers: challengeOf(ErrorReason.SCOPE_INSUFFICIENT, { scope }),
      });
    }
    const asn = knownSubject(context)?.asn;
    if (asn !== undefined) {
      requireOperator(principal, asn);
    }
    context.values.set(principalKey, principal);
  }

  /** Admits a caller whose token is not among those kept for the connection. */
  async function admitNew(token: SentToken, head: RequestHead, context: HandlerContext): Promise<void> {
    const principal = await verifyToken(token);
    if (!("rejected" in principal)) {
      tokens.add(head, token);
    }
    admit(principal, context);
  }

  return function checkCredentials(context) {
    if (isOpen(context.method)) {
      return undefined;
    }
    const head = context.values.get(requestHeadKey) ?? headOf(context);
    rejectTokenInQuery(head.target);
    const known = tokens.get(head);
    if (known === undefined) {
      return admitNew(bearerToken(head), head, context);
    }
    const principal = verifyToken(known);
    return principal instanceof Promise
      ? principal.then((verified) => admit(verified, context))
      : admit(principal, context);
  };
}

function headOf({ requestHeader, url }: HandlerContext): RequestHead {
  return { authorization: requestHeader.get("authorization") ?? undefined, target: url };
}

/** Throws if the query contains a token (RFC 6750 2.3), because URLs end up in logs and caches. */
function rejectTokenInQuery(target: string): void {
  const mark = target.indexOf("?");
  if (mark === -1) {
    return;
  }
  const query = new URLSearchParams(target.slice(mark));
  for (const name of ["access_token", "oauth_token"]) {
    if (query.has(name)) {
      throw malformed(`${name} is not accepted in the query: send the header Authorization: Bearer <token>`);
    }
  }
}

/** Returns the token of an Authorization header (RFC 6750 2.1). Throws UNAUTHENTICATED, or INVALID_ARGUMENT for two headers. */
function bearerToken({ authorization: header, httpVersion }: RequestHead): SentToken {
  if (header === undefined) {
    // RFC 9113 8.2.1: Node drops headers over HTTP/2 whose value begins or ends with white space.
    const hint = httpVersion === "2.0" ? ", without white space before or after it" : "";
    throw credentialsError(
      ErrorReason.CREDENTIALS_MISSING,
      `an access token is required: send the header Authorization: Bearer <token>${hint}`,
    );
  }
  // Node joins two headers by a comma and a space (RFC 9110 5.3). After an empty second one the text ends with a comma.
  if (header.includes(", ") || header.endsWith(",")) {
    throw malformed("the Authorization header must be sent once");
  }
  const token = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header)?.[1];
  if (token === undefined) {
    throw invalidToken("the Authorization header must be: Bearer <token>");
  }
  return sentToken(token);
}

const malformed = (message: string) => credentialsError(ErrorReason.CREDENTIALS_MALFORMED, message);

const invalidToken = (message: string) => credentialsError(ErrorReason.CREDENTIALS_INVALID, message);

function credentialsError(reason: ErrorReason, message: string): ConnectError {
  return apiError(reason, { message, headers: challengeOf(reason, { message }) });
}

/** Returns the header WWW-Authenticate of an error (RFC 6750 3); no header for reasons without a challenge. */
export function challengeOf(
  reason: ErrorReason,
  { message = "", scope = "" }: { message?: string; scope?: string },
): Record<string, string> {
  // RFC 6750 3 limits the characters of a description, and names of claims may contain others.
  const text = message.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "?");
  switch (reason) {
    case ErrorReason.CREDENTIALS_MISSING:
      // RFC 6750 3.1: no error code if the request has no credentials.
      return { "www-authenticate": realm };
    case ErrorReason.CREDENTIALS_INVALID:
      return { "www-authenticate": `${realm}, error="invalid_token", error_description="${text}"` };
    case ErrorReason.CREDENTIALS_MALFORMED:
      return { "www-authenticate": `${realm}, error="invalid_request", error_description="${text}"` };
    case ErrorReason.SCOPE_INSUFFICIENT:
      return { "www-authenticate": `${realm}, error="insufficient_scope", scope="${scope}"` };
    default:
      return {};
  }
}
