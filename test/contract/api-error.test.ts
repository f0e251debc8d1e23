import { getOption, hasOption } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { describe, expect, it } from "vitest";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { ErrorReason, ErrorReasonSchema, reason_spec } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError, invalidFields } from "../../src/contract/api-error.ts";

const reasons = ErrorReasonSchema.values.filter(({ number }) => number !== 0);

describe("every reason of the contract", () => {
  it.each(reasons)("specifies a code for the reason $name", (reason) => {
    expect(hasOption(reason, reason_spec)).toBe(true);
    expect(Code[getOption(reason, reason_spec).code]).toBeDefined();
  });

  it.each(reasons)("returns an error with the name and the code of the reason $name", (reason) => {
    const error = apiError(reason.number as ErrorReason, { message: "no" });
    expect(error.rawMessage).toBe("no");
    expect(error.code).toBe(getOption(reason, reason_spec).code);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: reason.name, domain: "mobile-data-plan-sharing", metadata: {} },
    ]);
  });
});

describe("apiError", () => {
  it("throws for ERROR_REASON_UNSPECIFIED", () => {
    expect(() => apiError(ErrorReason.ERROR_REASON_UNSPECIFIED, { message: "no" })).toThrow(
      "specifies no code",
    );
  });

  it("adds metadata, violations, the time of a retry, headers and the cause to an error", () => {
    const cause = new Error("disk full");
    const error = apiError(ErrorReason.STORE_UNAVAILABLE, {
      message: "later",
      metadata: { key: "value" },
      violations: [{ field: "a.b", description: "value is required" }],
      retryAfterMs: 1_500,
      headers: { "x-test": "1" },
      cause,
    });
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ metadata: { key: "value" } }]);
    expect(error.findDetails(BadRequestSchema)).toMatchObject([
      { fieldViolations: [{ field: "a.b", description: "value is required" }] },
    ]);
    expect(error.findDetails(RetryInfoSchema)).toMatchObject([
      { retryDelay: { seconds: 1n, nanos: 500_000_000 } },
    ]);
    expect(error.metadata.get("x-test")).toBe("1");
    expect(error.cause).toBe(cause);
  });
});

describe("invalidFields", () => {
  const violation = (field: string) => ({ field, description: "value is required" });

  it("names the field of a single violation and what was expected in the message", () => {
    expect(invalidFields([violation("a.b")]).rawMessage).toBe("a.b: value is required");
  });

  it("lists every violation in the details and their number in the message", () => {
    const error = invalidFields([violation("a"), violation("b"), violation("c")]);
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.rawMessage).toBe("a: value is required (and 2 more)");
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "FIELD_INVALID" }]);
    expect(error.findDetails(BadRequestSchema)).toMatchObject([
      { fieldViolations: [violation("a"), violation("b"), violation("c")] },
    ]);
  });

  it("lists only as many violations as fit into a gRPC trailer, and counts all of them", () => {
    const violations = Array.from({ length: 1000 }, (_, index) =>
      violation(`planStatus.plans[${index}].planId`),
    );
    const error = invalidFields(violations);
    expect(error.rawMessage).toBe("planStatus.plans[0].planId: value is required (and 999 more)");
    const [{ fieldViolations = [] } = {}] = error.findDetails(BadRequestSchema);
    const listed = fieldViolations.slice(0, -1);
    expect(listed).toMatchObject(violations.slice(0, listed.length));
    expect(listed.length).toBeGreaterThan(50);
    expect(fieldViolations.at(-1)).toMatchObject({
      field: "request",
      description: `has ${1_000 - listed.length} more violations, which are not listed`,
    });
    const trailer = setTrailerStatus(new Headers(), error).get("grpc-status-details-bin") ?? "";
    expect(trailer.length).toBeGreaterThan(4096);
    expect(trailer.length).toBeLessThan(7400);
  });
});
