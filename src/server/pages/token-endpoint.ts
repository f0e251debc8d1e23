import type { TokenError, TokenGrant } from "../../auth/token-grant.ts";
import type { HttpHandler, HttpRequest } from "../http-handler.ts";
import type { LogFailure } from "../unexpected-errors.ts";

/** Path of the token endpoint. */
export const tokenPath = "/token";

/** Largest request, in bytes: an assertion has about one kilobyte. */
const mostBytes = 16 * 1024;

/**
 * Creates the token endpoint (RFC 6749 3.2): a form by POST, an answer in JSON that nobody caches. Assertions are
 * never logged and never part of an answer.
 */
export function createTokenEndpoint(grant: TokenGrant, logFailure: LogFailure): HttpHandler {
  return (request, response) => {
    answer(request, grant)
      .catch((cause: unknown): Answer | undefined => {
        if (request.readableAborted) {
          return undefined;
        }
        logFailure(cause, "POST /token");
        return { status: 503, body: { error: "temporarily_unavailable", error_description: "try again" } };
      })
      .then((settled) => {
        if (settled === undefined) {
          // The client went away.
          return;
        }
        send(settled, request, response);
      });
  };
}

/** Refuses a request for a token because the server has too much to do. */
export const rejectTokenRequest: HttpHandler = (request, response) => {
  response.setHeader("retry-after", "1");
  send(
    { status: 503, body: { error: "temporarily_unavailable", error_description: "try again" } },
    request,
    response,
  );
};

function send({ status, body }: Answer, ...[request, response]: Parameters<HttpHandler>): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.setHeader("content-length", bytes.length);
  response.setHeader("cache-control", "no-store");
  if (status === 405) {
    response.setHeader("allow", "POST");
  }
  if ((status === 413 || status === 503) && request.httpVersionMajor === 1) {
    // What was not read of the body would be taken for the next request.
    response.setHeader("connection", "close");
  }
  response.end(request.method === "HEAD" ? "" : bytes);
}

type Answer = { readonly status: number; readonly body: object };

async function answer(request: HttpRequest, grant: TokenGrant): Promise<Answer> {
  if (request.method !== "POST") {
    return refused(405, "the token endpoint takes POST");
  }
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    return refused(400, "Content-Type must be application/x-www-form-urlencoded");
  }
  const text = await readText(request);
  if (text === undefined) {
    return refused(413, `the request has more than ${mostBytes} bytes`);
  }
  const result = await grant(new URLSearchParams(text));
  return { status: "error" in result ? 400 : 200, body: result };
}

function refused(status: number, description: string): Answer {
  return {
    status,
    body: { error: "invalid_request", error_description: description } satisfies TokenError,
  };
}

/** Returns the body, or undefined as soon as it is too long. */
async function readText(request: HttpRequest): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > mostBytes) {
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
