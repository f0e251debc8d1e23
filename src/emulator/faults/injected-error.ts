import type { Message } from "@bufbuild/protobuf";
import { durationFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import type { InjectedError } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { challengeOf } from "../../auth/request-gate.ts";
import { scopesOf } from "../../auth/scopes.ts";
import { apiError, errorDomain, requestedError, specificationOf } from "../../contract/api-error.ts";
import type { Clock } from "../../contract/clock.ts";
import { formatInstant, instantOf } from "../../contract/instant.ts";
import { parentOf } from "../../contract/resource-names.ts";
import { CallError } from "../../transcoding/index.ts";
import { durationMsOf } from "../duration-ms.ts";

/** The call that fails. */
export type FailingCall = {
  readonly request: Message;
  readonly context: HandlerContext;
  /** Undefined if the request names no valid operator. */
  readonly asn: number | undefined;
  readonly clock: Clock;
};

/** Reasons whose errors have google.rpc.RetryInfo: servers always say when to retry. */
const retryable: ReadonlySet<ErrorReason> = new Set([
  ErrorReason.STORE_UNAVAILABLE,
  ErrorReason.CREDENTIALS_UNVERIFIABLE,
  ErrorReason.OPERATOR_RATE_EXCEEDED,
  ErrorReason.SERVER_OVERLOADED,
  ErrorReason.WATCHES_EXHAUSTED,
]);

const defaultRetryAfterMs = 1_000;

/** Reasons whose errors have google.rpc.BadRequest. */
const violated: ReadonlySet<ErrorReason> = new Set([
  ErrorReason.FIELD_INVALID,
  ErrorReason.REQUEST_MALFORMED,
]);

/** HTTP statuses of errors over REST, where they do not follow from the code. */
const restStatuses: ReadonlyMap<ErrorReason, number> = new Map([
  [ErrorReason.METHOD_NOT_ALLOWED, 405],
  [ErrorReason.RESPONSE_NOT_ACCEPTABLE, 406],
  [ErrorReason.REQUEST_TOO_LARGE, 413],
  [ErrorReason.CONTENT_TYPE_UNSUPPORTED, 415],
]);

/** Returns what a method throws so that its call fails with an injected error, as if the server had meant it. */
export function injectedError(fault: string, init: InjectedError, call: FailingCall): Error {
  const { reason } = init;
  const message = init.message || `injected by the emulator (${fault})`;
  const asked = init.retryDelay && Math.ceil(durationMsOf(init.retryDelay));
  const retryAfterMs = asked ?? (retryable.has(reason) ? defaultRetryAfterMs : undefined);
  const isPlain = specificationOf(reason) === undefined;
  const error = requestedError(
    isPlain
      ? plainError(init.code as number as Code, message, retryAfterMs)
      : apiError(reason, {
          message,
          metadata: metadataOf(reason, call),
          headers: headersOf(reason, message, call),
          ...(retryAfterMs !== undefined && { retryAfterMs }),
          ...(violated.has(reason) && { violations: [{ field: "request", description: message }] }),
        }),
  );
  const httpStatus = restStatuses.get(reason);
  return new CallError(error, {
    domain: isPlain ? undefined : errorDomain,
    ...(httpStatus !== undefined && { httpStatus }),
  });
}

/** Returns an error without a reason. */
function plainError(code: Code, message: string, retryAfterMs: number | undefined): ConnectError {
  const headers =
    code === Code.Unauthenticated ? challengeOf(ErrorReason.CREDENTIALS_INVALID, { message }) : {};
  const error = new ConnectError(message, code, headers);
  if (retryAfterMs !== undefined) {
    error.metadata.set("retry-after", String(Math.ceil(retryAfterMs / 1_000)));
    error.details.push({ desc: RetryInfoSchema, value: { retryDelay: durationFromMs(retryAfterMs) } });
  }
  return error;
}

function headersOf(reason: ErrorReason, message: string, { context }: FailingCall): Record<string, string> {
  return reason === ErrorReason.METHOD_NOT_ALLOWED
    ? { allow: context.requestMethod }
    : challengeOf(reason, { message, scope: scopesOf(context.service).join(" ") });
}

/** Returns the values of the metadata that the contract names for a reason. */
function metadataOf(reason: ErrorReason, call: FailingCall): Record<string, string> {
  const keys = specificationOf(reason)?.metadata ?? [];
  return Object.fromEntries(keys.map((key) => [key, metadataValues[key]?.(call) ?? ""]));
}

type Pushed = Message & {
  parent?: string;
  name?: string;
  planStatus?: { updateTime?: Timestamp };
  planGroup?: { lastUpdatedTime?: Timestamp };
};

/** Values of metadata, by key. What is stored is a second newer than what was pushed. */
const metadataValues: Readonly<Record<string, (call: FailingCall) => string>> = {
  scope: ({ context }) => scopesOf(context.service).join(" "),
  parent: ({ asn, request }) => {
    const { parent, name = "" } = request as Pushed;
    return asn === undefined ? (parent ?? name) : parentOf(asn);
  },
  updateTime: (call) => timeOf(call, 0),
  storedUpdateTime: (call) => timeOf(call, 1),
  lastUpdatedTime: (call) => timeOf(call, 0),
  storedLastUpdatedTime: (call) => timeOf(call, 1),
  maxBytes: () => String(1024 * 1024),
  callsPerSecond: () => "100",
};

function timeOf({ request, clock }: FailingCall, laterSeconds: number): string {
  const { planStatus, planGroup } = request as Pushed;
  const time = planStatus?.updateTime ?? planGroup?.lastUpdatedTime;
  const { seconds, nanos } =
    time === undefined ? { seconds: Math.floor(clock.now() / 1_000), nanos: 0 } : instantOf(time);
  return formatInstant({ seconds: seconds + laterSeconds, nanos });
}
