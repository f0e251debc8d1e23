import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../../contract/api-error.ts";
import { type CallOptions, sendWhole } from "../../transcoding/index.ts";
import { answerRequestError } from "../connections/error-answer.ts";
import type { HttpRequest, HttpResponse } from "../http-handler.ts";
import { acceptedTypes, isGrpc } from "./content-type.ts";

/** Has only characters that `grpc-message` does not escape. */
const unknownMethodText = "unknown method: names of services and methods are case-sensitive";

/** Answers requests that no protocol can serve. */
export type Unserved = ReturnType<typeof createUnserved>;

/** Creates the answers. `responseHeaders` are those that every response has. */
export function createUnserved(
  onError: CallOptions["onError"],
  responseHeaders: ((request: HttpRequest) => Readonly<Record<string, string>>) | undefined,
) {
  function addHeaders(request: HttpRequest, response: HttpResponse): void {
    for (const [name, value] of Object.entries(responseHeaders?.(request) ?? {})) {
      response.setHeader(name, value);
    }
  }

  /** Answers with a text: of what protocol an error would have to be is unknown. */
  function refuse(status: 405 | 415, message: string, request: HttpRequest, response: HttpResponse): void {
    addHeaders(request, response);
    const reason = status === 405 ? ErrorReason.METHOD_NOT_ALLOWED : ErrorReason.CONTENT_TYPE_UNSUPPORTED;
    onError?.(apiError(reason, { message }), request, undefined);
    sendWhole(response, status, ["content-type", "text/plain; charset=utf-8"], message);
  }

  return {
    /** A method that does not exist. gRPC clients may take a plain 404 for a broken stream. */
    unknownMethod(request: HttpRequest, response: HttpResponse): void {
      addHeaders(request, response);
      const contentType = request.headers["content-type"] ?? "";
      if (isGrpc(contentType)) {
        onError?.(new ConnectError(unknownMethodText, Code.Unimplemented), request, undefined);
        response.setHeader("content-type", contentType);
        response.setHeader("grpc-status", Code.Unimplemented);
        response.setHeader("grpc-message", unknownMethodText);
      } else {
        response.statusCode = 404;
      }
      response.end();
    },

    /** A target with characters that no URL has, or no host (RFC 9112 3.2). */
    unknownTarget(request: HttpRequest, response: HttpResponse): void {
      addHeaders(request, response);
      const message = "the target must be a valid URL, and its host must be known: send the header Host";
      answerRequestError(request, response, { status: 400, message });
    },

    httpMethod(allowed: readonly string[], request: HttpRequest, response: HttpResponse): void {
      const allow = allowed.join(", ");
      response.setHeader("allow", allow);
      refuse(405, `this path allows ${allow}, not ${request.method}`, request, response);
    },

    /** A POST without a content type of the method, or a GET without an encoding. */
    contentType(isStream: boolean, request: HttpRequest, response: HttpResponse): void {
      const message =
        request.method === "GET"
          ? "the query parameter encoding must be json or proto"
          : `the content type must be one of ${acceptedTypes(isStream)}`;
      refuse(415, message, request, response);
    },
  };
}
