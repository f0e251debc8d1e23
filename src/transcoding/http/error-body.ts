import { create, type JsonObject, type Registry } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { type FieldViolation, limitViolations, summarizeViolations } from "../../contract/field-violation.ts";
import { parseJson } from "../json/parse.ts";
import { type ErrorDetail, JsonDetailsError, readDetail, typeUrlOf, writeDetail } from "./error-details.ts";
import { codeOfHttpStatus, codeOfStatusName, statusNameOf } from "./status.ts";
import { typesWith } from "./types.ts";

export type ErrorBodyOptions = {
  /** HTTP status of the response, which the body contains as well. */
  httpStatus: number;
  /** Domain of the ErrorInfo that is added to errors without one; undefined to add none. */
  domain: string | undefined;
  /**
   * Path of the request field that is the body, such as `planStatus`. It is removed from the paths of violations, because
   * the caller did not write it.
   */
  bodyPath?: string | undefined;
  /** Types of details besides google/rpc/error_details.proto and the well-known types. */
  registry?: Registry | undefined;
};

/**
 * Writes Google's JSON form of an error (AIP-193):
 * `{"error":{"code":400,"message":"…","status":"INVALID_ARGUMENT","details":[…]}}`, by default with an ErrorInfo. Details that
 * have no JSON form, such as bytes of an unknown type, are left out: JSON parsers of Google's clients for Go and Java
 * reject an Any of any other form, and with it the whole error.
 */
export function writeErrorBody(error: ConnectError, options: ErrorBodyOptions): string {
  const status = statusNameOf[error.code];
  const registry = typesWith(options.registry);
  const infoType = typeUrlOf(ErrorInfoSchema.typeName);
  const details = error.details.flatMap((detail) => detailJson(detail, registry, options.bodyPath));
  if (options.domain !== undefined && !details.some((detail) => detail["@type"] === infoType)) {
    details.unshift({
      "@type": infoType,
      reason: status,
      domain: options.domain,
    });
  }
  const message = pathInBody(error.rawMessage, options.bodyPath).toWellFormed();
  return JSON.stringify({
    error: { code: options.httpStatus, message, status, ...(details.length > 0 && { details }) },
  });
}

/** Returns the path of a violation as it is in an answer over REST: without that of the field that is the body. */
export function pathInBody(path: string, bodyPath: string | undefined): string {
  if (bodyPath === undefined || !path.startsWith(bodyPath)) {
    return path;
  }
  const rest = path.slice(bodyPath.length);
  return rest.startsWith(".") ? rest.slice(1) : rest.startsWith("[") ? rest : path;
}

function detailJson(detail: ErrorDetail, registry: Registry, bodyPath: string | undefined): JsonObject[] {
  const json = writeDetail(detail, registry);
  if (json?.["@type"] === typeUrlOf(BadRequestSchema.typeName)) {
    return [withRelativePaths(json, bodyPath)];
  }
  return json === undefined ? [] : [json];
}

function withRelativePaths(json: JsonObject, bodyPath: string | undefined): JsonObject {
  const { fieldViolations } = json as BadRequestJson;
  if (!Array.isArray(fieldViolations)) {
    return json;
  }
  const violations = fieldViolations.map((each) => ({
    ...each,
    field: pathInBody(each.field ?? "", bodyPath),
  }));
  return { ...json, fieldViolations: violations };
}

type BadRequestJson = { fieldViolations?: { field?: string }[] };

/** Returns the delay of the error's RetryInfo in whole seconds, rounded up; undefined if it has none. */
export function retryAfterSeconds(error: ConnectError): number | undefined {
  const [info] = error.findDetails(RetryInfoSchema);
  const delay = info?.retryDelay;
  return delay === undefined ? undefined : Math.max(0, Number(delay.seconds) + Math.ceil(delay.nanos / 1e9));
}

/**
 * Reads the body of an error response as a ConnectError. The code is that of the status name in the body, else of the
 * HTTP status in the body, else of the response. Ignores bodies of other forms, such as the HTML page of a proxy.
 *
 * `registry` has types of details besides google/rpc/error_details.proto and the well-known types. A detail of another
 * type, or that does not parse, keeps its type, and its JSON as `debug`; `findDetails` finds it by its schema.
 *
 * ```ts
 * const error = readErrorBody(body, 429, headers, createRegistry(file_acme_quota_v1));
 * const [quota] = error.findDetails(QuotaSchema);
 * ```
 */
export function readErrorBody(
  body: string,
  httpStatus: number,
  headers: Headers,
  registry?: Registry,
): ConnectError {
  const error = errorObject(body, JSON.parse);
  const named = typeof error?.status === "string" ? codeOfStatusName(error.status) : undefined;
  const written = isErrorStatus(error?.code) ? error.code : httpStatus;
  const code = named ?? codeOfHttpStatus(written);
  const message = typeof error?.message === "string" ? error.message : `HTTP ${httpStatus}`;
  const result = new JsonDetailsError(message, code, headers);
  // A handler that relays the error must not send the headers of the other server, such as its Content-Length.
  result.isWireError = true;
  if (Array.isArray(error?.details)) {
    const types = typesWith(registry);
    const exact = errorObject(body, exactJsonOf)?.details as readonly unknown[];
    result.details = error.details.flatMap((detail, index) => readDetail(detail, exact[index], types) ?? []);
  }
  return result;
}

function isErrorStatus(code: unknown): code is number {
  return typeof code === "number" && Number.isInteger(code) && code >= 400 && code < 600;
}

function exactJsonOf(text: string): unknown {
  const parsed = parseJson(text);
  return "json" in parsed ? parsed.json : undefined;
}

function errorObject(body: string, parse: (text: string) => unknown): JsonObject | undefined {
  try {
    const json = parse(body) as { error?: JsonObject } | null;
    return typeof json?.error === "object" && json.error !== null ? json.error : undefined;
  } catch {
    return undefined;
  }
}

/** `ErrorInfo.reason` of errors that this library raises. */
export type TranscodingReason =
  | "REQUEST_MALFORMED"
  | "FIELD_INVALID"
  | "ROUTE_NOT_FOUND"
  | "METHOD_NOT_ALLOWED"
  | "REQUEST_TOO_LARGE"
  | "CONTENT_TYPE_UNSUPPORTED"
  | "RESPONSE_NOT_ACCEPTABLE"
  | "DEADLINE_PASSED"
  | "SERVER_FAILURE";

/** Creates an error with an ErrorInfo. */
export function transcodingError(
  code: Code,
  message: string,
  info: { reason: TranscodingReason; domain: string; metadata?: Readonly<Record<string, string>> },
): ConnectError {
  const error = new ConnectError(message, code);
  error.details.push({ desc: ErrorInfoSchema, value: create(ErrorInfoSchema, info) });
  return error;
}

/** Creates the error of a request that is rejected when it is read: INVALID_ARGUMENT with its violations. */
export function malformedRequest(
  domain: string,
  violations: readonly FieldViolation[],
  reason: TranscodingReason = "REQUEST_MALFORMED",
): ConnectError {
  const message = summarizeViolations(violations, reason === "FIELD_INVALID" ? ": " : " ").trimStart();
  const error = transcodingError(Code.InvalidArgument, message, { reason, domain });
  const value = create(BadRequestSchema, { fieldViolations: limitViolations(violations) });
  error.details.push({ desc: BadRequestSchema, value });
  return error;
}
