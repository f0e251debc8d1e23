import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  codeOfHttpStatus,
  codeOfStatusName,
  httpStatusOf,
  statusNameOf,
} from "../../../src/transcoding/http/status.ts";

const codes = Object.values(Code).filter((code): code is Code => typeof code === "number");

it.each([
  ["CANCELLED", 499, Code.Canceled],
  ["UNKNOWN", 500, Code.Unknown],
  ["INVALID_ARGUMENT", 400, Code.InvalidArgument],
  ["DEADLINE_EXCEEDED", 504, Code.DeadlineExceeded],
  ["NOT_FOUND", 404, Code.NotFound],
  ["ALREADY_EXISTS", 409, Code.AlreadyExists],
  ["PERMISSION_DENIED", 403, Code.PermissionDenied],
  ["RESOURCE_EXHAUSTED", 429, Code.ResourceExhausted],
  ["FAILED_PRECONDITION", 400, Code.FailedPrecondition],
  ["ABORTED", 409, Code.Aborted],
  ["OUT_OF_RANGE", 400, Code.OutOfRange],
  ["UNIMPLEMENTED", 501, Code.Unimplemented],
  ["INTERNAL", 500, Code.Internal],
  ["UNAVAILABLE", 503, Code.Unavailable],
  ["DATA_LOSS", 500, Code.DataLoss],
  ["UNAUTHENTICATED", 401, Code.Unauthenticated],
])("the canonical code %s has the HTTP status %i", (name, status, code) => {
  expect([statusNameOf[code], httpStatusOf[code], codeOfStatusName(name)]).toEqual([name, status, code]);
});

it("each canonical code has an HTTP status and a unique name", () => {
  expect(Object.keys(httpStatusOf)).toHaveLength(codes.length);
  expect(new Set(Object.values(statusNameOf)).size).toBe(codes.length);
});

describe("codeOfHttpStatus", () => {
  it.each([
    [400, Code.InvalidArgument],
    [401, Code.Unauthenticated],
    [403, Code.PermissionDenied],
    [404, Code.NotFound],
    [405, Code.FailedPrecondition],
    [408, Code.FailedPrecondition],
    [409, Code.Aborted],
    [413, Code.FailedPrecondition],
    [416, Code.OutOfRange],
    [418, Code.FailedPrecondition],
    [429, Code.ResourceExhausted],
    [499, Code.Canceled],
    [500, Code.Internal],
    [501, Code.Unimplemented],
    [502, Code.Internal],
    [503, Code.Unavailable],
    [504, Code.DeadlineExceeded],
    [599, Code.Internal],
    [302, Code.Unknown],
    [600, Code.Unknown],
  ])("codeOfHttpStatus returns for HTTP %i the code %i", (status, code) => {
    expect(codeOfHttpStatus(status)).toBe(code);
  });
});

it.each(["OK", "not_found", "Canceled", "", "__proto__", "constructor"])(
  "codeOfStatusName returns undefined for %j",
  (name) => {
    expect(codeOfStatusName(name)).toBeUndefined();
  },
);
