import { create, toBinary } from "@bufbuild/protobuf";
import { type Any, AnySchema, anyIs, anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import { decodeBinaryHeader, encodeBinaryHeader } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "#deps/google/rpc/status_pb.js";
import {
  type FieldViolation,
  firstViolations,
  maxViolations,
  shortenText,
} from "../../contract/field-violation.ts";
import type { HttpResponse } from "../http-handler.ts";

/**
 * Largest header list with the status of a call, in bytes as RFC 9113 6.5.2 counts them. grpc-java and others take 8 KiB,
 * and lose the whole error if it is larger. The rest is for fields that proxies add.
 */
export const maxHeaderListBytes = 8 * 1024 - 512;

/** Longest `grpc-message`, in bytes after percent-encoding, if the status is too large. */
const maxMessageBytes = 1_024;

/** Smallest room for the violations of an error, in bytes. Other details than ErrorInfo are left out before. */
const minViolationBytes = 1_024;

const messageField = "grpc-message";
const detailsField = "grpc-status-details-bin";

/** RFC 9113 6.5.2. */
const fieldOverhead = 32;

/** Size of `:status` and `date`, which Node adds. */
const ownFieldsBytes = ":status".length + 3 + "date".length + 29 + 2 * fieldOverhead;

/** Returns the room for the status of an error in the header of a response whose other fields are set. */
export function roomForStatus(response: HttpResponse): number {
  return maxHeaderListBytes - ownFieldsBytes - sizeOf(fieldsOf(response));
}

function* fieldsOf(response: HttpResponse): Generator<[string, string]> {
  for (const [name, value] of Object.entries(response.getHeaders())) {
    for (const each of Array.isArray(value) ? value : [value]) {
      yield [name, String(each)];
    }
  }
}

function sizeOf(fields: Iterable<[string, string]>): number {
  let bytes = 0;
  for (const [name, value] of fields) {
    bytes += name.length + Buffer.byteLength(value) + fieldOverhead;
  }
  return bytes;
}

/**
 * Shortens the message and the details of a status until all fields have at most `most` bytes, by default those of a header
 * list of trailers. Keeps the code, the ErrorInfo, and as many violations as fit. Fields that an implementation sets are kept
 * as they are.
 */
export function fitStatus(fields: Headers, most: number = maxHeaderListBytes): void {
  const details = fields.get(detailsField);
  const text = fields.get(messageField);
  if (text === null || sizeOf(fields) <= most) {
    return;
  }
  const status: Status = details === null ? create(StatusSchema) : decodeBinaryHeader(details, StatusSchema);
  const message = shortenText(decodeURIComponent(text), maxMessageBytes, encodedBytes);
  fields.set(messageField, encodeURIComponent(message));
  if (details === null) {
    return;
  }
  fields.delete(detailsField);
  const room = most - sizeOf(fields) - sizeOf([[detailsField, ""]]);
  // Base64 writes three bytes as four.
  status.message = message;
  status.details = fitDetails(status, Math.floor((room * 3) / 4));
  if (status.details.length > 0) {
    fields.set(detailsField, encodeBinaryHeader(status, StatusSchema));
  }
}

function encodedBytes(text: string): number {
  return encodeURIComponent(text).length;
}

/** Returns the details that fit with a status into `most` bytes, in their order. */
function fitDetails(status: Status, most: number): Any[] {
  const kept = new Map<Any, Any>();
  let room = most - toBinary(StatusSchema, { ...status, details: [] }).length;
  const keep = (from: Any, to: Any | undefined) => {
    if (to !== undefined && costOf(to) <= room) {
      kept.set(from, to);
      room -= costOf(to);
    }
  };
  const [info, request] = [ErrorInfoSchema, BadRequestSchema].map((desc) =>
    status.details.find((any) => anyIs(any, desc)),
  );
  const reserve = request === undefined ? 0 : Math.min(minViolationBytes, costOf(request));
  room -= reserve;
  if (info !== undefined) {
    keep(info, fitInfo(info, room));
  }
  for (const other of status.details.filter((any) => any !== info && any !== request)) {
    keep(other, other);
  }
  room += reserve;
  if (request !== undefined) {
    keep(request, fitViolations(request, room));
  }
  return status.details.flatMap((any) => kept.get(any) ?? []);
}

/** Returns the bytes of a detail in a status. Its tag and length take at most four bytes. */
function costOf(any: Any): number {
  return toBinary(AnySchema, any).length + 4;
}

/** Removes the longest metadata: a program can handle a missing value, but not one that is cut. */
function fitInfo(any: Any, most: number): Any | undefined {
  const info = anyUnpack(any, ErrorInfoSchema);
  if (costOf(any) <= most || info === undefined) {
    return any;
  }
  const metadata = Object.entries(info.metadata).sort(([, a], [, b]) => a.length - b.length);
  let packed: Any;
  do {
    metadata.pop();
    packed = anyPack(ErrorInfoSchema, { ...info, metadata: Object.fromEntries(metadata) });
  } while (costOf(packed) > most && metadata.length > 0);
  return packed;
}

function fitViolations(any: Any, most: number): Any | undefined {
  const request = anyUnpack(any, BadRequestSchema);
  if (costOf(any) <= most || request === undefined) {
    return any;
  }
  const pack = (violations: readonly FieldViolation[]) =>
    anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations: [...violations] }));
  const listed = request.fieldViolations;
  let fitting: Any | undefined;
  let [fits, tooMany] = [0, Math.min(listed.length, maxViolations)];
  while (tooMany - fits > 1) {
    const count = (fits + tooMany) >> 1;
    const packed = pack(firstViolations(listed, count));
    if (costOf(packed) <= most) {
      [fits, fitting] = [count, packed];
    } else {
      tooMany = count;
    }
  }
  if (fitting !== undefined) {
    return fitting;
  }
  return pack(
    firstViolations(listed, 1).map(({ field, description }) => ({
      field: shortenText(field, 256, Buffer.byteLength),
      description: shortenText(description, 256, Buffer.byteLength),
    })),
  );
}
