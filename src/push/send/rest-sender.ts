import { errors, Pool } from "undici";
import { normalizeError } from "../../client/normalize-error.ts";
import { encodeSegment, readErrorBody } from "../../transcoding/index.ts";
import type { PushRequest } from "../input/push-request.ts";
import { noAnswer, type Outcome, outcomeOfError } from "./outcome.ts";

/** Makes one attempt with an access token. Never rejects. */
export type SendWithToken = (request: PushRequest, token: string) => Promise<Outcome>;

type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Maximum size of an answer, in bytes. A stored status is slightly longer than the one that was sent. */
const maxAnswerSize = 8 * 1024 * 1024;

/** Error codes of a connection that the server has closed, perhaps before the request reached it. */
const closedCodes = ["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"];

const timeoutCodes = ["UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"];

/**
 * Creates the sender for REST. It uses bare HTTP, at a fraction of the cost of this project's client: the status is
 * sent as the JSON of the record, and the answer is only parsed if it is an error.
 */
export function createRestSender(baseUrl: string, timeoutMs: number) {
  const url = new URL(baseUrl);
  const pool = new Pool(url.origin, {
    allowH2: false,
    maxResponseSize: maxAnswerSize,
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  const prefix = url.pathname.replace(/\/+$/, "");
  let headersOf = { token: "", headers: [] as string[] };

  const sendWithToken: SendWithToken = async ({ body, message, userKey }, token) => {
    if (token !== headersOf.token) {
      headersOf = { token, headers: headersWith(token) };
    }
    const request = { path: prefix + pathOf(message, userKey), body, headers: headersOf.headers };
    const outcome = await attempt(request);
    // Tries again at once if the server had just closed the connection, which says nothing about the record.
    return outcome ?? (await attempt(request)) ?? noAnswer("the connection was reset");
  };

  /** Resolves with `undefined` if the connection was closed without an answer. */
  function attempt(request: { path: string; body: string | Uint8Array; headers: string[] }) {
    return new Promise<Outcome | undefined>((resolve) => {
      const beganAt = performance.now();
      let status = 0;
      let headers: AnswerHeaders = {};
      const chunks: Buffer[] = [];
      pool.dispatch(
        { ...request, method: "POST" },
        {
          // undici uses the presence of this method to detect the new handler interface.
          onRequestStart() {},
          onResponseStart(_, statusCode, received) {
            status = statusCode;
            headers = received;
          },
          onResponseData(controller, chunk) {
            chunks.push(chunk);
            // The timeouts of the pool apply to the headers and to the time between two chunks only.
            if (performance.now() - beganAt > timeoutMs) {
              controller.abort(new errors.BodyTimeoutError());
            }
          },
          onResponseEnd() {
            resolve(outcomeOfAnswer(status, headers, chunks));
          },
          onResponseError(_, error: NodeJS.ErrnoException) {
            const isClosed = status === 0 && closedCodes.includes(error.code ?? "");
            resolve(isClosed ? undefined : noAnswer(messageOf(error, timeoutMs)));
          },
        },
      );
    });
  }

  return {
    sendWithToken,
    close() {
      void pool.destroy(new Error("the push was stopped"));
    },
  };
}

function headersWith(token: string): string[] {
  return [
    ...["authorization", `Bearer ${token}`],
    ...["content-type", "application/json"],
    ...["accept", "application/json"],
  ];
}

function pathOf(message: PushRequest["message"], userKey: string): string {
  const user = encodeSegment(userKey);
  return "clientId" in message
    ? `/v1/${message.parent}/clients/${encodeSegment(message.clientId)}/users/${user}/planStatus`
    : `/v1/${message.parent}/planStatuses?userKey=${user}`;
}

function outcomeOfAnswer(status: number, headers: AnswerHeaders, chunks: readonly Buffer[]): Outcome {
  const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  if (status >= 200 && status < 300) {
    // The login page of a proxy has status 200 too.
    const isStatus = /^application\/json\b/i.test(String(headers["content-type"])) && body.includes('"name"');
    return isStatus
      ? { kind: "pushed" }
      : noAnswer(`HTTP ${status} without a plan status: the answer is not from this API`);
  }
  const all = new Headers();
  for (const name of ["retry-after", "www-authenticate"]) {
    const value = headers[name];
    if (typeof value === "string") {
      all.set(name, value);
    }
  }
  return outcomeOfError(normalizeError(readErrorBody(body.toString(), status, all)), status);
}

function messageOf(error: NodeJS.ErrnoException, timeoutMs: number): string {
  const { code = "" } = error;
  if (timeoutCodes.includes(code)) {
    return `no answer within ${timeoutMs / 1000} s`;
  }
  if (closedCodes.includes(code)) {
    return "the answer was cut off";
  }
  // A host with several addresses fails with an AggregateError, whose message is empty.
  const inner = (error as { errors?: unknown }).errors;
  const first: Error | undefined = Array.isArray(inner) ? inner[0] : undefined;
  return error.message || first?.message || code || "the connection failed";
}
