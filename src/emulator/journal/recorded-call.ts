import type { DescMethod } from "@bufbuild/protobuf";
import type { Code } from "#deps/google/rpc/code_pb.js";
import type { NotificationType } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import type { CallProtocol } from "../../server/telemetry/call-facts.ts";

/** A call in the journal. Everything else that `Call` has is derived from it when it is read. */
export type RecordedCall = {
  readonly requestId: string;
  /** By the clock of the emulator. */
  readonly receivedAtMs: number;
  readonly durationMs: number;
  /** Undefined for requests of the token endpoint. */
  readonly protocol: CallProtocol | undefined;
  readonly method: DescMethod | undefined;
  readonly httpMethod: string;
  /** Without secrets. */
  readonly target: string;
  readonly asn: number | undefined;
  readonly clientId: string;
  readonly userKey: string;
  /** Lines of name, colon and value: one text takes less memory than many. */
  readonly headers: string;
  /** What was kept of the body, then the request message in binary. */
  readonly content: Uint8Array;
  /** Length of the body in `content`. */
  readonly keptBody: number;
  /** Length of the body on the wire. */
  readonly bodySize: number;
  /** Whether `content` has the request message, which may be empty. */
  readonly isRead: boolean;
  /** 0 if there was no answer. */
  readonly httpStatus: number;
  readonly code: Code;
  readonly reason: string;
  readonly errorMessage: string;
  readonly violations: readonly FieldViolation[];
  readonly notifications: readonly NotificationType[];
  readonly fault: string;
};

/** What a call takes in memory besides these, measured: the object, its strings and buffer, and what their allocation wastes. */
const fixedBytes = 1_500;

/** Returns about how many bytes of memory a call takes. */
export function sizeOfCall(call: RecordedCall): number {
  let bytes = fixedBytes + call.content.length + call.target.length + call.headers.length;
  bytes += textBytes(call.userKey) + textBytes(call.clientId) + textBytes(call.errorMessage);
  for (const { field, description } of call.violations) {
    bytes += 100 + textBytes(field) + textBytes(description);
  }
  return bytes + call.notifications.length * 8;
}

/** Returns the most that a text takes: a text with any character beyond Latin-1 takes two bytes for each. */
export function textBytes(text: string): number {
  return text.length * 2;
}
