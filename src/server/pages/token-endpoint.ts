import { ConnectError } from "@connectrpc/connect";
import type { TokenError, TokenGrant } from "../../auth/token-grant.ts";
import { codeOfHttpStatus } from "../../transcoding/index.ts";
import type { HttpHandler, HttpRequest } from "../http-handler.ts";
import { factsOf, settleOutcome } from "../telemetry/call-facts.ts";
import type { LogFailure } from "../telemetry/request-log.ts";

/** Path of the token endpoint. */
export const tokenPath = "/token";

/** Largest request, in bytes: an assertion has about 1,000. */
const maxBytes = 16 * 1024;

/**
 * Creates the handler of the token endpoint (RFC 6749 3.2): it takes a form by POST and answers with JSON that must not
 * be cached. Assertions are never logged and never part of a response.
 */
export function createTokenEndpoint(grant: TokenGrant, logFailure: LogFailure): HttpHandler {
  return async function answerTokenRequest(request, response) {
    let found: Answer | undefined = unavailable;
    try {
      found = await answer(request, grant);
    } catch (cause) {
      logFailure(cause, "POST /token");
    }
    if (found !== undefined) {
      send(found, request, response);
    }
  };
}

/** Notes the error of an answer, whose code is that of its HTTP status. */
function settleError({ status, body }: Answer, request: HttpRequest): void {
  const { error, error_description } = body as TokenError;
  const message = `${error}: ${error_description}`;
  settleOutcome(factsOf(request), { error: new ConnectError(message, codeOfHttpStatus(status)) });
}

/** Rejects a token request because the server is overloaded. */
export const rejectTokenRequest: HttpHandler = (request, response) => {
  send({ ...unavailable, retryAfterMs: 1_000 }, request, response);
};

function send(answer: Answer, ...[request, response]: Parameters<HttpHandler>): void {
  const { status, body, retryAfterMs } = answer;
  if (status >= 400) {
    settleError(answer, request);
  }
  const bytes = Buffer.from(JSON.stringify(body));
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.setHeader("content-length", bytes.length);
  response.setHeader("cache-control", "no-store");
  if (status === 405) {
    response.setHeader("allow", "POST");
  }
  if (retryAfterMs !== undefined) {
    response.setHeader("retry-after", Math.ceil(retryAfterMs / 1_000));
  }
  response.end(request.method === "HEAD" ? "" : bytes);
}

type Answer = { readonly status: number; readonly body: object; readonly retryAfterMs?: number };

const unavailable: Answer = {
  status: 503,
  body: { error: "temporarily_unavailable", error_description: "retry later" },
};

/** Returns undefined if the client has disconnected. */
async function answer(request: HttpRequest, grant: TokenGrant): Promise<Answer | undefined> {
  if (request.method !== "POST") {
    return invalidRequest(405, "use POST");
  }
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    return invalidRequest(400, "Content-Type must be application/x-www-form-urlencoded");
  }
  // By the header if it tells: a client that expects 100 (Continue) need not send the body.
  const isTooLarge = Number(request.headers["content-length"]) > maxBytes;
  const text = isTooLarge ? undefined : await readText(request);
  if (text === null) {
    return undefined;
  }
  if (text === undefined) {
    return invalidRequest(413, `the request must not be larger than ${maxBytes} bytes`);
  }
  const result = await grant(new URLSearchParams(text));
  if ("rateExceeded" in result) {
    const { rateExceeded, retryAfterMs } = result;
    // RFC 6749 5.2 has no code for this; RFC 8628 3.5 adds one.
    return { status: 429, body: { error: "slow_down", error_description: rateExceeded }, retryAfterMs };
  }
  return { status: "error" in result ? 400 : 200, body: result };
}

function invalidRequest(status: number, description: string): Answer {
  return {
    status,
    body: { error: "invalid_request", error_description: description } satisfies TokenError,
  };
}

/** Returns the body; undefined as soon as it is too large, null if the client disconnects. */
async function readText(request: HttpRequest): Promise<string | undefined | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) {
        return undefined;
      }
      chunks.push(chunk);
    }
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString();
}
