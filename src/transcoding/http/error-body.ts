import {
  create,
  createRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  isMessage,
  type JsonObject,
  type JsonValue,
  type Message,
  toJson,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  file_google_rpc_error_details,
  RetryInfoSchema,
} from "#deps/google/rpc/error_details_pb.js";
import { type FieldViolation, limitViolations, summarizeViolations } from "../../contract/field-violation.ts";
import { codeOfHttpStatus, codeOfStatusName, statusNameOf } from "./status.ts";

/** The types of error details (google/rpc/error_details.proto). */
const detailTypes = createRegistry(file_google_rpc_error_details);

const typePrefix = "type.googleapis.com/";

export type ErrorBodyOptions = {
  /** HTTP status of the response, which the body contains as well. */
  httpStatus: number;
  /** Domain of the ErrorInfo that is added to errors without one. */
  domain: string;
  /**
   * Path of the request field that is the body, such as `planStatus`. It is removed from the paths of violations, because
   * the caller did not write it.
   */
  bodyPath?: string | undefined;
};

/**
 * Writes Google's JSON form of an error (AIP-193):
 * `{"error":{"code":400,"message":"…","status":"INVALID_ARGUMENT","details":[…]}}`, always with an ErrorInfo.
 */
export function writeErrorBody(error: ConnectError, options: ErrorBodyOptions): string {
  const status = statusNameOf[error.code];
  const details = error.details.flatMap((detail) => detailJson(detail, options.bodyPath));
  if (!details.some((detail) => detail["@type"] === typePrefix + ErrorInfoSchema.typeName)) {
    details.unshift({
      "@type": typePrefix + ErrorInfoSchema.typeName,
      reason: status,
      domain: options.domain,
    });
  }
  const message = relative(error.rawMessage, options.bodyPath);
  return JSON.stringify({ error: { code: options.httpStatus, message, status, details } });
}

function relative(path: string, bodyPath: string | undefined): string {
  if (bodyPath === undefined || !path.startsWith(bodyPath)) {
    return path;
  }
  const rest = path.slice(bodyPath.length);
  return rest.startsWith(".") ? rest.slice(1) : rest.startsWith("[") ? rest : path;
}

function detailJson(detail: ConnectError["details"][number], bodyPath: string | undefined): JsonObject[] {
  try {
    const found = openDetail(detail);
    if (found === undefined) {
      return [];
    }
    const [desc, message] = found;
    const json = toJson(desc, message, { registry: detailTypes }) as JsonObject;
    if (desc.typeName === BadRequestSchema.typeName) {
      for (const violation of (json as BadRequestJson).fieldViolations ?? []) {
        violation.field = relative(violation.field ?? "", bodyPath);
      }
    }
    return [{ "@type": typePrefix + desc.typeName, ...json }];
  } catch {
    // A detail that cannot be written must not prevent the error itself from being sent.
    return [];
  }
}

type BadRequestJson = { fieldViolations?: { field?: string }[] };

/** A detail is a message, the fields of a message, or bytes if the error came from another server. */
function openDetail(detail: ConnectError["details"][number]): [DescMessage, Message] | undefined {
  if ("desc" in detail) {
    const { desc, value } = detail;
    return [desc, isMessage(value, desc) ? value : create(desc, value)];
  }
  const desc = detailTypes.getMessage(detail.type);
  return desc && [desc, fromBinary(desc, detail.value)];
}

/** Returns the delay of the error's RetryInfo in whole seconds, rounded up; undefined if it has none. */
export function retryAfterSeconds(error: ConnectError): number | undefined {
  const [info] = error.findDetails(RetryInfoSchema);
  const delay = info?.retryDelay;
  return delay === undefined ? undefined : Math.max(0, Number(delay.seconds) + Math.ceil(delay.nanos / 1e9));
}

/**
 * Reads the body of an error response as a ConnectError. The code is that of the status name in the body, else of the
 * HTTP status in the body, else of the response. Ignores bodies of other forms (such as the HTML page of a proxy) and
 * details of unknown types.
 */
export function readErrorBody(body: string, httpStatus: number, headers: Headers): ConnectError {
  const error = errorObject(body);
  const named = typeof error?.status === "string" ? codeOfStatusName(error.status) : undefined;
  const written = isErrorStatus(error?.code) ? error.code : httpStatus;
  const code = named ?? codeOfHttpStatus(written);
  const message = typeof error?.message === "string" ? error.message : `HTTP ${httpStatus}`;
  const result = new ConnectError(message, code, headers);
  if (Array.isArray(error?.details)) {
    for (const detail of error.details) {
      readDetail(detail, result);
    }
  }
  return result;
}

function isErrorStatus(code: unknown): code is number {
  return typeof code === "number" && Number.isInteger(code) && code >= 400 && code < 600;
}

function errorObject(body: string): JsonObject | undefined {
  try {
    const json = JSON.parse(body) as { error?: JsonObject } | null;
    return typeof json?.error === "object" && json.error !== null ? json.error : undefined;
  } catch {
    return undefined;
  }
}

function readDetail(detail: JsonValue, error: ConnectError): void {
  if (typeof detail !== "object" || detail === null || Array.isArray(detail)) {
    return;
  }
  const { "@type": url, ...json } = detail;
  const desc =
    typeof url === "string" ? detailTypes.getMessage(url.slice(url.lastIndexOf("/") + 1)) : undefined;
  if (desc === undefined) {
    return;
  }
  try {
    const value = fromJson(desc, json, { registry: detailTypes, ignoreUnknownFields: true });
    error.details.push({ desc, value: value as never });
  } catch {
    // A detail that does not parse is ignored; the error itself is valid.
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
