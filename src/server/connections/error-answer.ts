import { STATUS_CODES } from "node:http";
import type { ConnectError } from "@connectrpc/connect";
import { errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError, errorDomain } from "../../contract/api-error.ts";
import { writeErrorBody } from "../../transcoding/index.ts";
import type { HttpRequest, HttpResponse } from "../http-handler.ts";
import type { RequestError } from "./request-error.ts";

const reasons: Readonly<Record<number, ErrorReason>> = {
  400: ErrorReason.REQUEST_MALFORMED,
  405: ErrorReason.METHOD_NOT_ALLOWED,
  408: ErrorReason.DEADLINE_PASSED,
  413: ErrorReason.REQUEST_TOO_LARGE,
  431: ErrorReason.REQUEST_TOO_LARGE,
};

/** Answers a request that is not routed with an error in the form of its protocol. */
export function answerRequestError(
  request: HttpRequest,
  response: HttpResponse,
  requestError: RequestError,
): void {
  const error = errorOf(requestError);
  const contentType = request.headers["content-type"] ?? "";
  if (contentType.startsWith("application/grpc")) {
    // Without a body: gRPC and gRPC-Web clients read the status in the header.
    response.setHeader("content-type", contentType);
    const status = new Headers();
    setTrailerStatus(status, error);
    status.forEach((value, name) => {
      response.setHeader(name, value);
    });
    response.end();
    return;
  }
  const body = isRpc(request)
    ? errorToJsonBytes(error, undefined)
    : Buffer.from(jsonOf(error, requestError.status));
  response.statusCode = requestError.status;
  response.setHeader("content-type", isRpc(request) ? "application/json" : jsonType);
  response.setHeader("content-length", body.length);
  response.end(request.method === "HEAD" ? "" : body);
}

/** Returns the HTTP/1.1 response to bytes of which no request was read, so that nothing tells their protocol. */
export function requestErrorText(requestError: RequestError): string {
  const { status } = requestError;
  const body = jsonOf(errorOf(requestError), status);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    `Content-Type: ${jsonType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
}

const jsonType = "application/json; charset=utf-8";

function jsonOf(error: ConnectError, httpStatus: number): string {
  return writeErrorBody(error, { httpStatus, domain: errorDomain });
}

function errorOf({ status, message, maxBytes }: RequestError): ConnectError {
  return apiError(reasons[status] ?? ErrorReason.REQUEST_UNSUPPORTED, {
    message,
    ...(maxBytes !== undefined && { metadata: { maxBytes: String(maxBytes) } }),
    ...(status === 400 && { violations: [{ field: "header", description: message }] }),
  });
}

/** Whether the path is that of an RPC, `/package.Service/Method`. */
function isRpc({ url = "" }: HttpRequest): boolean {
  return /^\/\w+\.[\w.]+\//.test(url);
}
