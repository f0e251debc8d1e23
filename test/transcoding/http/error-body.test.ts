import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  HelpSchema,
  RetryInfoSchema,
} from "#deps/google/rpc/error_details_pb.js";
import {
  malformedRequest,
  readErrorBody,
  retryAfterSeconds,
  transcodingError,
  writeErrorBody,
} from "../../../src/transcoding/http/error-body.ts";
import { httpStatusOf } from "../../../src/transcoding/http/status.ts";

const type = (name: string) => `type.googleapis.com/google.rpc.${name}`;

function write(error: ConnectError, bodyPath?: string) {
  const body = writeErrorBody(error, { httpStatus: httpStatusOf[error.code], domain: "library", bodyPath });
  return JSON.parse(body).error;
}

function withDetails(...details: ConnectError["details"]): ConnectError {
  const error = new ConnectError("no such book", Code.NotFound);
  error.details.push(...details);
  return error;
}

const badRequest = (...fields: string[]) =>
  create(BadRequestSchema, { fieldViolations: fields.map((field) => ({ field, description: "is bad" })) });

describe("writeErrorBody", () => {
  it("writeErrorBody writes Google's JSON form and adds an ErrorInfo to an error without one", () => {
    expect(write(withDetails())).toEqual({
      code: 404,
      message: "no such book",
      status: "NOT_FOUND",
      details: [{ "@type": type("ErrorInfo"), reason: "NOT_FOUND", domain: "library" }],
    });
  });

  it("writeErrorBody writes the HTTP status of the response", () => {
    const body = writeErrorBody(withDetails(), { httpStatus: 405, domain: "library" });
    expect(JSON.parse(body).error).toMatchObject({ code: 405, status: "NOT_FOUND" });
  });

  it("writeErrorBody keeps the ErrorInfo of an error, given as a message or as its fields", () => {
    const value = { reason: "BOOK_LOST", domain: "shelf", metadata: { book: "1" } };
    const details = [{ "@type": type("ErrorInfo"), ...value }];
    expect(write(withDetails({ desc: ErrorInfoSchema, value })).details).toEqual(details);
    expect(
      write(withDetails({ desc: ErrorInfoSchema, value: create(ErrorInfoSchema, value) })).details,
    ).toEqual(details);
  });

  it.each([
    ["book.title", "book", "title"],
    ["book.book.title", "book", "book.title"],
    ["book[0].title", "book", "[0].title"],
    ["bookId", "book", "bookId"],
    ["book", "book", "book"],
    ["book.title", undefined, "book.title"],
    ["parts[0].words[1].inner", undefined, "parts[0].words[1].inner"],
  ])(
    "writeErrorBody writes the field %s of a violation, for the body %s, as %s",
    (field, bodyPath, expected) => {
      const error = withDetails({ desc: BadRequestSchema, value: badRequest(field) });
      expect(write(error, bodyPath).details[1].fieldViolations).toEqual([
        { field: expected, description: "is bad" },
      ]);
    },
  );

  it("writeErrorBody removes the body path from the beginning of the message", () => {
    expect(write(new ConnectError("book.title is bad", Code.InvalidArgument), "book").message).toBe(
      "title is bad",
    );
  });

  it("writeErrorBody does not change the error", () => {
    const value = badRequest("book.book.title");
    const error = withDetails({ desc: BadRequestSchema, value });
    const first = write(error, "book");
    expect(write(error, "book")).toEqual(first);
    expect(value.fieldViolations[0]?.field).toBe("book.book.title");
  });
});

describe("malformedRequest", () => {
  it("malformedRequest lists all violations and has the first one as its message", () => {
    const violations = [
      { field: "parts[0].label", description: "must be a string" },
      { field: "body", description: "must be JSON" },
    ];
    expect(write(malformedRequest("library", violations))).toEqual({
      code: 400,
      message: "parts[0].label must be a string (and 1 more)",
      status: "INVALID_ARGUMENT",
      details: [
        { "@type": type("ErrorInfo"), reason: "REQUEST_MALFORMED", domain: "library" },
        { "@type": type("BadRequest"), fieldViolations: violations },
      ],
    });
  });
});

describe("transcodingError", () => {
  it("transcodingError has the given reason and metadata", () => {
    const error = transcodingError(Code.ResourceExhausted, "too much", {
      reason: "REQUEST_TOO_LARGE",
      domain: "library",
      metadata: { maxBytes: "5" },
    });
    expect(write(error).details).toEqual([
      {
        "@type": type("ErrorInfo"),
        reason: "REQUEST_TOO_LARGE",
        domain: "library",
        metadata: { maxBytes: "5" },
      },
    ]);
  });
});

describe("retryAfterSeconds", () => {
  it.each([
    [{ seconds: 2n, nanos: 0 }, 2],
    [{ seconds: 2n, nanos: 1 }, 3],
    [{ seconds: 0n, nanos: 0 }, 0],
    [{ seconds: -5n, nanos: 0 }, 0],
    [undefined, undefined],
  ])("retryAfterSeconds returns the delay %o as %s", (delay, seconds) => {
    const retryDelay = delay && create(DurationSchema, delay);
    const value = create(RetryInfoSchema, { ...(retryDelay && { retryDelay }) });
    expect(retryAfterSeconds(withDetails({ desc: RetryInfoSchema, value }))).toBe(seconds);
  });

  it("retryAfterSeconds returns undefined for an error without RetryInfo", () => {
    expect(retryAfterSeconds(withDetails())).toBeUndefined();
  });
});

describe("readErrorBody", () => {
  function read(body: unknown, httpStatus = 500): ConnectError {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return readErrorBody(text, httpStatus, new Headers({ "x-request-id": "1" }));
  }

  it("readErrorBody reads what writeErrorBody wrote", () => {
    const help = create(HelpSchema, { links: [{ description: "how", url: "https://example.com" }] });
    const error = withDetails(
      { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason: "BOOK_LOST", domain: "shelf" }) },
      { desc: BadRequestSchema, value: badRequest("name") },
      { desc: HelpSchema, value: help },
    );
    const back = readErrorBody(
      writeErrorBody(error, { httpStatus: 404, domain: "library" }),
      404,
      new Headers({ "x-request-id": "1" }),
    );
    expect([back.code, back.rawMessage]).toEqual([Code.NotFound, "no such book"]);
    expect(back.metadata.get("x-request-id")).toBe("1");
    expect(back.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "BOOK_LOST", domain: "shelf" }]);
    expect(back.findDetails(BadRequestSchema)).toEqual([badRequest("name")]);
    expect(back.findDetails(HelpSchema)).toEqual([help]);
  });

  it.each([
    ["the name of the status in the body", { error: { code: 500, status: "ABORTED" } }, 404, Code.Aborted],
    ["the code in the body if there is no name", { error: { code: 404, message: "x" } }, 500, Code.NotFound],
    [
      "the code in the body if the name is unknown",
      { error: { code: 409, status: "BOGUS" } },
      500,
      Code.Aborted,
    ],
    [
      "the status of the response if the body has neither",
      { error: { message: "x" } },
      503,
      Code.Unavailable,
    ],
    [
      "the status of the response if the code in the body is not an error",
      { error: { code: 200, message: "x" } },
      503,
      Code.Unavailable,
    ],
    [
      "the status of the response if the code in the body is not a number",
      { error: { code: "404" } },
      503,
      Code.Unavailable,
    ],
    [
      "the status of the response if the name is __proto__",
      { error: { status: "__proto__" } },
      404,
      Code.NotFound,
    ],
  ])("readErrorBody derives the code from %s", (_, body, status, code) => {
    expect(read(body, status).code).toBe(code);
  });

  it.each([
    ["an HTML page", "<html><body>502 Bad Gateway</body></html>"],
    ["an empty body", ""],
    ["truncated JSON", '{"error":{"code":'],
    ["null", "null"],
    ["an array", "[]"],
    ["a string", '"error"'],
    ["an error that is a string", '{"error":"invalid_grant"}'],
    ["an error that is null", '{"error":null}'],
    ["an error that is an array", '{"error":[1]}'],
    ["fields of other types", '{"error":{"code":{},"message":5,"status":7,"details":{}}}'],
  ])("readErrorBody returns an error without details for %s", (_, body) => {
    const error = read(body, 502);
    expect([error.code, error.rawMessage, error.details]).toEqual([Code.Internal, "HTTP 502", []]);
  });
});
