import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Call,
  CallSchema,
  CallView,
  type Notification,
  NotificationSchema,
  Call_Protocol as Protocol,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { contractCodecs } from "../../contract/contract-types.ts";
import { parentOf } from "../../contract/resource-names.ts";
import type { CallProtocol } from "../../server/telemetry/call-facts.ts";
import { type RecordedCall, textBytes } from "./recorded-call.ts";
import type { SentNotification } from "./sent-notification.ts";

/** Longest JSON of a request that is shown, in characters: gRPC clients read at most 4 MiB by default. */
export const maxRequestJson = 1024 * 1024;

export const protocolNumbers: Readonly<Record<CallProtocol, Protocol>> = {
  rest: Protocol.REST,
  connect: Protocol.CONNECT,
  grpc: Protocol.GRPC,
  "grpc-web": Protocol.GRPC_WEB,
};

/** Returns the name of a call by its number. */
export function callName(number: number): string {
  return `calls/${number}`;
}

/** Returns a call as callers of the emulator see it. */
export function callMessage(number: number, call: RecordedCall, view: CallView): Call {
  return create(CallSchema, {
    name: callName(number),
    requestId: call.requestId,
    receiveTime: timestampFromMs(call.receivedAtMs),
    duration: durationOf(call.durationMs),
    protocol: call.protocol ? protocolNumbers[call.protocol] : Protocol.PROTOCOL_UNSPECIFIED,
    method: call.method ? `${call.method.parent.typeName}/${call.method.name}` : "",
    httpMethod: call.httpMethod,
    target: call.target.toWellFormed(),
    operator: call.asn === undefined ? "" : parentOf(call.asn),
    clientId: call.clientId.toWellFormed(),
    userKey: call.userKey.toWellFormed(),
    bodySize: BigInt(call.bodySize),
    httpStatus: call.httpStatus,
    code: call.code,
    reason: call.reason,
    errorMessage: call.errorMessage.toWellFormed(),
    notifications: [...call.notifications],
    fault: call.fault,
    ...(view !== CallView.BASIC && largePartsOf(call)),
  });
}

/** Returns what CALL_VIEW_BASIC leaves out. */
function largePartsOf(call: RecordedCall) {
  return {
    headers: headersOf(call),
    body: bodyOf(call),
    requestJson: requestJsonOf(call),
    violations: call.violations.map(({ field, description }) => ({
      field: field.toWellFormed(),
      description: description.toWellFormed(),
    })),
  };
}

/** Returns about how many bytes a call takes in an answer. */
export function sizeOfMessage(call: Call): number {
  let size = 1_000 + call.target.length + call.requestJson.length + (call.body.value?.length ?? 0);
  size += textBytes(call.userKey) + textBytes(call.errorMessage);
  for (const { field, description } of call.violations) {
    size += textBytes(field) + textBytes(description);
  }
  return size;
}

/** Returns a notification as callers of the emulator see it. */
export function notificationMessage(sent: SentNotification): Notification {
  const { type, asn, clientId, userKey, languageCode, sentAtMs } = sent;
  return create(NotificationSchema, {
    type,
    operator: asn === undefined ? "" : parentOf(asn),
    clientId,
    userKey,
    text: sent.text.toWellFormed(),
    languageCode,
    sendTime: timestampFromMs(sentAtMs),
    call: callName(sent.call),
  });
}

/** Returns milliseconds, which may have a fraction, in whole microseconds. */
function durationOf(ms: number): { seconds: bigint; nanos: number } {
  const microseconds = Math.round(ms * 1_000);
  const seconds = Math.floor(microseconds / 1_000_000);
  return { seconds: BigInt(seconds), nanos: (microseconds - seconds * 1_000_000) * 1_000 };
}

function headersOf({ headers }: RecordedCall): { name: string; value: string }[] {
  const lines = headers === "" ? [] : headers.split("\n");
  return lines.map((line) => {
    // The name of a header has no colon.
    const colon = line.indexOf(":");
    return { name: line.slice(0, colon), value: line.slice(colon + 1).toWellFormed() };
  });
}

/** Control characters other than white space. */
const control = /(?![\t\n\v\f\r])\p{Cc}/u;

function bodyOf({
  content,
  keptBody,
  bodySize,
}: RecordedCall): MessageInitShape<typeof CallSchema>["body"] & object {
  if (keptBody === 0) {
    return { case: undefined };
  }
  const bytes = content.subarray(0, keptBody);
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    // The end of a body that was cut may be half a character.
    const text = decoder.decode(bytes, { stream: keptBody < bodySize });
    if (!control.test(text)) {
      return { case: "bodyText", value: text };
    }
  } catch {
    // It is not UTF-8.
  }
  return { case: "bodyBytes", value: bytes };
}

function requestJsonOf({ method, content, keptBody, isRead }: RecordedCall): string {
  if (!isRead || method === undefined) {
    return "";
  }
  try {
    const json = contractCodecs.writeJson(
      method.input,
      contractCodecs.decode(method.input, content.subarray(keptBody)),
    );
    return json.length > maxRequestJson ? "" : json;
  } catch {
    // A value that JSON cannot express, such as a Timestamp after the year 9999: a violation names it.
    return "";
  }
}
