import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { HttpRuleSchema } from "#deps/google/api/http_pb.js";
import { type HttpBinding, httpBindingsOf } from "../../../src/transcoding/http/rules.ts";
import { bindingsFor, custom, get, library, post } from "../fixtures/library.ts";

function outline({ method, httpMethod, template, body }: HttpBinding): string {
  return `${method.name}: ${httpMethod} ${template.source}${body === "" ? "" : ` body ${body}`}`;
}

describe("httpBindingsOf", () => {
  it("httpBindingsOf returns all bindings of all rules in the order of the proto file", () => {
    expect(httpBindingsOf(library).map(outline)).toEqual([
      "GetBook: GET /v1/{name=shelves/*/books/*}",
      "ListBooks: GET /v1/{parent=shelves/*}/books",
      "ListBooks: GET /v1/books",
      "CreateBook: POST /v1/{parent=shelves/*}/books body book",
      "UpdateBook: PATCH /v1/{book.name=shelves/*/books/*} body book",
      "UpdateBook: PUT /v1/{book.name=shelves/*/books/*} body *",
      "DeleteBook: DELETE /v1/{name=shelves/*/books/*}",
      "CancelLoan: POST /v1/{name=shelves/*/books/*}:cancel body *",
      "SearchBooks: SEARCH /v1/books",
      "Ping: * /v1/ping",
      "Ping: GET /v1/ping/*/now",
      "GetFile: GET /v1/files/{rest=**}",
      "Echo: POST /v1/everything body *",
      "Echo: GET /v1/everything",
      "TagBook: POST /v1/{name=shelves/*/books/*}:tag body tags",
    ]);
  });
});

describe("bindingsOfRule", () => {
  it.each([
    ["an empty path", get(""), 'path template "", column 1: expected /'],
    ["an invalid path", get("/v1/"), 'path template "/v1/", column 5: expected a literal, *, ** or {'],
    [
      "an invalid path of an additional binding",
      { ...get("/v1"), additionalBindings: [post("/v1/{")] },
      'path template "/v1/{", column 6: expected a field name',
    ],
    ["a rule without a path", create(HttpRuleSchema), "its google.api.http rule has no path"],
    [
      "an empty custom kind",
      custom("", "/v1"),
      'its google.api.http rule has the HTTP method "", which is not valid',
    ],
    [
      "a custom kind of two words",
      custom("A B", "/v1"),
      'its google.api.http rule has the HTTP method "A B", which is not valid',
    ],
    [
      "GET with a body",
      { ...get("/v1"), body: "part" },
      'its google.api.http rule GET /v1 has the body "part", but GET requests have none',
    ],
    [
      "HEAD with a body in an additional binding",
      { ...post("/v1", "*"), additionalBindings: [custom("HEAD", "/v1", "*")] },
      'its google.api.http rule HEAD /v1 has the body "*", but HEAD requests have none',
    ],
    [
      "the custom kind CONNECT",
      custom("CONNECT", "/v1"),
      "its google.api.http rule cannot be for CONNECT, whose requests have no path",
    ],
    [
      "nested additional bindings",
      { ...get("/v1"), additionalBindings: [{ ...get("/v2"), additionalBindings: [get("/v3")] }] },
      "additional_bindings cannot have additional_bindings",
    ],
  ])("bindingsOfRule rejects %s and names the method", (_, rule, problem) => {
    expect(() => bindingsFor(rule)).toThrow(`rpc library.v1.Library.Echo: ${problem}`);
  });
});
