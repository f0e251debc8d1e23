import { beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../scripts/generate/describe/json.ts";
import { openApiDocument } from "../../../../scripts/generate/openapi/document.ts";
import { compile } from "./compile.ts";

const header = `
  syntax = "proto3";
  package library.v1;
  import "buf/validate/validate.proto";
  import "google/api/annotations.proto";
  import "google/api/client.proto";
  import "google/api/field_behavior.proto";
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
`;

const about = {
  packages: ["library.v1"],
  title: "Library API",
  description: "Lends books.",
  version: "1.2.3",
  license: "Apache-2.0",
  contact: { name: "Library", url: "https://library.example.com" },
  documentation: "https://library.example.com/docs",
  outputFields: { "library.v1.Book.name": "books/1" },
};

function describeApi(source: string): JsonObject {
  const { files, allFiles } = compile({ "library/v1/library.proto": header + source });
  return JSON.parse(JSON.stringify(openApiDocument(files, allFiles, about)));
}

/** Follows a path of keys, which is a list because keys contain dots and slashes. */
function at(json: unknown, ...keys: (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (value, key) => (value as Record<string | number, unknown> | undefined)?.[key],
    json,
  );
}

describe("openApiDocument", () => {
  describe("operations", () => {
    let document: JsonObject;
    beforeAll(() => {
      document = describeApi(`
        // Lends books.
        service LibraryService {
          option (google.api.default_host) = "library.example.com";
          option (google.api.oauth_scopes) = "read,write";
          // Finds books.
          rpc ListBooks(ListBooksRequest) returns (ListBooksResponse) {
            option (google.api.http) = {
              get: "/v1/{parent=shelves/*}/books"
              response_body: "books"
              additional_bindings { get: "/v1/books" }
            };
          }
          rpc ReturnBook(ReturnBookRequest) returns (Book) {
            option deprecated = true;
            option (google.api.http) = { post: "/v1/{book.title}:return" body: "*" };
          }
          rpc PutBook(ReturnBookRequest) returns (Book) {
            option (google.api.http) = { custom: { kind: "HEAD" path: "/v1/put" } body: "book" };
          }
          rpc Hidden(ReturnBookRequest) returns (Secret);
        }
        message ListBooksRequest {
          string parent = 1 [(google.api.field_behavior) = REQUIRED, (buf.validate.field).string.pattern = "^shelves/(a|b)$"];
          int32 page_size = 2;
          Filter filter = 3;
          repeated string tags = 4 [(google.api.field_behavior) = REQUIRED];
          google.protobuf.Timestamp since = 5;
          map<string, string> labels = 6;
        }
        message Filter { string author = 1; Filter and = 2; Kind kind = 3; }
        enum Kind { KIND_UNSPECIFIED = 0; }
        message ListBooksResponse { repeated Book books = 1; }
        message ReturnBookRequest {
          // The book.
          Book book = 1 [(buf.validate.field).required = true];
          option (buf.validate.message).cel = { id: "x" message: "y" expression: "true" };
        }
        message Book { string title = 1; }
        message Secret {}
      `);
    });

    it("openApiDocument has an operation per binding, and none for an RPC without google.api.http", () => {
      const routes = Object.entries(document.paths as JsonObject).flatMap(([path, item]) =>
        Object.entries(item as JsonObject).map(
          ([method, operation]) => `${method} ${path} ${at(operation, "operationId")}`,
        ),
      );
      expect(routes).toEqual([
        "get /v1/books LibraryService_ListBooks_2",
        "head /v1/put LibraryService_PutBook",
        "get /v1/shelves/{parent1}/books LibraryService_ListBooks",
        "post /v1/{book.title}:return LibraryService_ReturnBook",
      ]);
      expect(at(document, "components", "schemas", "Secret")).toBeUndefined();
    });

    it("openApiDocument copies the HTTP rule, with the RPC as its selector", () => {
      expect(at(document, "paths", "/v1/shelves/{parent1}/books", "get", "x-google-api-http")).toEqual({
        selector: "library.v1.LibraryService.ListBooks",
        get: "/v1/{parent=shelves/*}/books",
        responseBody: "books",
      });
    });

    it("openApiDocument splits the pattern of a resource name into segments", () => {
      expect(at(document, "paths", "/v1/shelves/{parent1}/books", "get", "parameters", 0, "schema")).toEqual({
        type: "string",
        minLength: 1,
        pattern: "^(a|b)$",
      });
    });

    it("openApiDocument puts unbound fields into the query, except maps and recursive messages", () => {
      const parameters = at(document, "paths", "/v1/books", "get", "parameters") as JsonObject[];
      expect(parameters.map(({ name, required }) => (required ? `${name}!` : name))).toEqual([
        "parent!",
        "pageSize",
        "filter.author",
        "filter.kind",
        "tags!",
        "since",
      ]);
      expect(at(parameters, 4, "schema")).toEqual({ type: "array", items: { type: "string" } });
    });

    it("openApiDocument describes the response_body of the binding as the response", () => {
      const schema = ["get", "responses", "200", "content", "application/json", "schema"];
      expect(at(document, "paths", "/v1/shelves/{parent1}/books", ...schema)).toEqual({
        type: "array",
        items: { $ref: "#/components/schemas/Book" },
      });
    });

    it("openApiDocument describes a body of one field, or of all fields that the path does not bind", () => {
      const schema = ["requestBody", "content", "application/json", "schema"];
      const book = {
        $ref: "#/components/schemas/Book",
        "x-buf-validate": { required: true },
      };
      expect(at(document, "paths", "/v1/put", "head", ...schema)).toEqual(book);
      expect(at(document, "paths", "/v1/put", "head", "requestBody", "description")).toBe("The book.");
      expect(at(document, "paths", "/v1/{book.title}:return", "post", ...schema)).toEqual({
        type: "object",
        title: "ReturnBookRequest",
        properties: { book: { ...book, description: "The book." } },
        required: ["book"],
      });
    });

    it("openApiDocument states deprecation, host, alternative scopes and the rules of the request", () => {
      const operation = at(document, "paths", "/v1/{book.title}:return", "post");
      expect(operation).toMatchObject({
        deprecated: true,
        security: [{ oauth2: ["read"] }, { oauth2: ["write"] }, { token: ["read", "write"] }],
        "x-buf-validate": { cel: [{ id: "x", message: "y", expression: "true" }] },
      });
      expect(document.servers).toEqual([
        {
          url: "https://{host}",
          variables: { host: { default: "library.example.com", description: expect.any(String) } },
        },
      ]);
      expect(
        at(document, "components", "securitySchemes", "oauth2", "flows", "clientCredentials", "scopes"),
      ).toEqual({
        read: "Call LibraryService",
        write: "Call LibraryService",
      });
    });
  });

  describe("examples", () => {
    let document: JsonObject;
    beforeAll(() => {
      document = describeApi(`
        service LibraryService {
          // Stores a book.
          //
          // Example:
          //
          //     POST /v1/shelves/a%2Fb/books?note=%2Bx
          //
          //     {
          //       "title": "One",
          //
          //       "printed": "2026-02-01T00:00:00Z"
          //     }
          //
          // Stores it for ever.
          rpc PutBook(PutBookRequest) returns (Book) {
            option (google.api.http) = {
              post: "/v1/{shelf=shelves/*}/books"
              body: "book"
              additional_bindings { post: "/v1/books" body: "*" }
            };
          }
          // Example:
          //
          //     GET /v1/shelves/a:first
          rpc GetBook(GetBookRequest) returns (Book) {
            option (google.api.http) = { get: "/v1/{shelf=shelves/*}:first" };
          }
          rpc ListShelves(GetBookRequest) returns (Shelf) { option (google.api.http) = { get: "/v1/shelves" }; }
        }
        message PutBookRequest { string shelf = 1; Book book = 2; string note = 3; string other = 4; }
        message GetBookRequest { string shelf = 1; }
        message Book {
          string name = 1 [(google.api.field_behavior) = OUTPUT_ONLY];
          string title = 2;
          google.protobuf.Timestamp printed = 3;
        }
        message Shelf {}
      `);
    });
    const book = { title: "One", printed: "2026-02-01T00:00:00Z" };
    const put = ["paths", "/v1/shelves/{shelf1}/books", "post"];
    const get = ["paths", "/v1/shelves/{shelf1}:first", "get"];
    const json = ["content", "application/json", "example"];

    it("openApiDocument takes the examples of parameters and bodies from the comment, decoded", () => {
      const parameters = at(document, ...put, "parameters") as JsonObject[];
      expect(parameters.map(({ name, example }) => [name, example])).toEqual([
        ["shelf1", "a/b"],
        ["note", "+x"],
        ["other", undefined],
      ]);
      expect(at(document, ...put, "requestBody", ...json)).toEqual(book);
      expect(at(document, ...get, "parameters", 0, "example")).toBe("a");
      expect(at(document, ...get, "requestBody")).toBeUndefined();
    });

    it("openApiDocument shows what an example pushes in the responses of its type, with output-only fields", () => {
      const stored = { name: "books/1", ...book };
      expect(at(document, ...put, "responses", "200", ...json)).toEqual(stored);
      expect(at(document, ...get, "responses", "200", ...json)).toEqual(stored);
      expect(
        at(document, "paths", "/v1/shelves", "get", "responses", "200", "content", "application/json"),
      ).toEqual({ schema: { $ref: "#/components/schemas/Shelf" } });
    });

    it("openApiDocument gives an example only to the binding that the comment calls", () => {
      expect(at(document, "paths", "/v1/books", "post", "requestBody", ...json)).toBeUndefined();
    });

    it("openApiDocument states the earliest time of the examples", () => {
      expect(document["x-example-time"]).toBe("2026-02-01T00:00:00Z");
    });
  });

  describe("errors", () => {
    let document: JsonObject;
    beforeAll(() => {
      document = describeApi(`
        service LibraryService {
          // Lends a book.
          //
          // Errors:
          //
          // - NOT_FOUND: BOOK_NOT_FOUND,
          //   SHELF_NOT_FOUND
          // - UNAVAILABLE: LIBRARY_CLOSED
          // - RESOURCE_EXHAUSTED: REQUEST_TOO_LARGE
          // - INTERNAL: SERVER_FAILURE
          rpc LendBook(Book) returns (Book) { option (google.api.http) = { post: "/v1/lend" body: "*" }; }
          // Returns a book.
          //
          // - NOT_FOUND: READER_NOT_FOUND
          rpc ReturnBook(Book) returns (Book) { option (google.api.http) = { post: "/v1/return" body: "*" }; }
          rpc Count(Book) returns (Book) { option (google.api.http) = { get: "/v1/count" }; }
        }
        message Book { string title = 1; }
        // Why.
        enum ErrorReason { ERROR_REASON_UNSPECIFIED = 0; BOOK_NOT_FOUND = 1; }
      `);
    });

    it.each([
      ["/v1/lend", "post", ["404", "413", "503", "default"]],
      ["/v1/return", "post", ["404", "default"]],
      ["/v1/count", "get", ["default"]],
    ])("openApiDocument gives %s the statuses of the reasons in its comment", (path, method, statuses) => {
      const { "200": _, ...errors } = at(document, "paths", path, method, "responses") as JsonObject;
      expect(Object.keys(errors)).toEqual(statuses);
    });

    it("openApiDocument has a response for each status, with the reasons of all operations", () => {
      const responses = at(document, "components", "responses") as Record<string, JsonObject>;
      expect(Object.keys(responses)).toEqual(["NotFound", "ContentTooLarge", "ServiceUnavailable", "Error"]);
      expect(responses.NotFound?.description).toMatch(
        /\nReasons: BOOK_NOT_FOUND, SHELF_NOT_FOUND, READER_NOT_FOUND\.$/,
      );
      expect(responses.ServiceUnavailable?.headers).toHaveProperty("Retry-After");
      for (const response of Object.values(responses)) {
        expect(at(response, "content", "application/json", "schema")).toEqual({
          $ref: "#/components/schemas/ErrorResponse",
        });
      }
    });

    it("openApiDocument refers to the reasons of errors, which may be other texts too", () => {
      const schemas = at(document, "components", "schemas");
      expect(at(schemas, "ErrorDetail", "properties", "reason")).toMatchObject({
        $ref: "#/components/schemas/ErrorReason",
      });
      expect(at(schemas, "ErrorReason")).toMatchObject({
        type: "string",
        description: "Why.",
        examples: ["ERROR_REASON_UNSPECIFIED", "BOOK_NOT_FOUND"],
      });
      expect(at(schemas, "ErrorReason", "enum")).toBeUndefined();
    });

    it("openApiDocument has open schemas for errors, so that clients read errors that they do not know", () => {
      for (const name of ["ErrorResponse", "ErrorStatus", "ErrorDetail", "FieldViolation"]) {
        expect(at(document, "components", "schemas", name), name).toMatchObject({
          type: "object",
          additionalProperties: true,
        });
      }
      expect(at(document, "components", "schemas", "ErrorDetail", "required")).toEqual(["@type"]);
    });
  });

  describe("schemas", () => {
    let document: JsonObject;
    beforeAll(() => {
      document = describeApi(`
        service LibraryService {
          rpc GetBook(Book) returns (Book) { option (google.api.http) = { get: "/v1/book" }; }
        }
        // A book, whose comment
        // is wrapped.
        //
        // - one
        // - two
        message Book {
          int64 pages = 1 [(buf.validate.field).int64 = {gte: 0, lt: 9223372036854775807}];
          uint32 edition = 2 [(buf.validate.field).uint32 = {gt: 10, lt: 5}];
          string isbn = 3 [(buf.validate.field).string = {min_bytes: 5, max_bytes: 8, pattern: "(?i)x"}];
          string author = 4 [(buf.validate.field).required = true];
          string publisher = 5 [(buf.validate.field).ignore = IGNORE_IF_ZERO_VALUE, (buf.validate.field).string.min_len = 3];
          Kind kind = 6 [(buf.validate.field).required = true];
          optional Kind other_kind = 7 [(buf.validate.field).enum = {in: [1, 2]}];
          repeated string tags = 8 [(buf.validate.field).repeated = {min_items: 1, unique: true, items: {string: {max_len: 3}}}];
          map<string, int32> copies = 9 [(buf.validate.field).map = {max_pairs: 2, keys: {string: {min_len: 1}}, values: {int32: {lte: 9}}}];
          google.protobuf.Timestamp printed = 10 [(google.api.field_behavior) = OUTPUT_ONLY];
          google.protobuf.StringValue note = 11 [deprecated = true];
          bytes cover = 12;
          string code = 17 [(buf.validate.field).string.pattern = "^[^\u200b\ufeff]$"];
          string email = 13 [(buf.validate.field).string.email = true];
          oneof place {
            option (buf.validate.oneof).required = true;
            string shelf = 14;
            string box = 15;
            string reader = 16;
          }
        }
        enum Kind {
          KIND_UNSPECIFIED = 0;
          // Invented.
          NOVEL = 1;
          ATLAS = 2;
        }
        enum Unused { UNUSED_UNSPECIFIED = 0; }
      `);
    });
    const property = (name: string) => at(document, "components", "schemas", "Book", "properties", name);

    it("openApiDocument joins the lines of a comment and preserves lists", () => {
      expect(at(document, "components", "schemas", "Book", "description")).toBe(
        "A book, whose comment is wrapped.\n\n- one\n- two",
      );
    });

    it.each([
      ["pages", { type: "string", format: "int64", pattern: "^[0-9]+$" }],
      ["edition", { type: "integer", format: "uint32", minimum: 0 }],
      ["isbn", { type: "string", minLength: 2, maxLength: 8 }],
      ["author", { type: "string", minLength: 1 }],
      ["publisher", { type: "string" }],
      ["kind", { $ref: "#/components/schemas/Kind", not: { enum: ["KIND_UNSPECIFIED"] } }],
      ["otherKind", { $ref: "#/components/schemas/Kind", enum: ["NOVEL", "ATLAS"] }],
      ["tags", { type: "array", items: { type: "string", maxLength: 3 }, minItems: 1, uniqueItems: true }],
      [
        "copies",
        {
          type: "object",
          propertyNames: { minLength: 1 },
          additionalProperties: { type: "integer", format: "int32", maximum: 9 },
          maxProperties: 2,
        },
      ],
      ["printed", { type: "string", format: "date-time", readOnly: true }],
      ["note", { type: "string", deprecated: true }],
      ["cover", { type: "string", contentEncoding: "base64" }],
      ["code", { type: "string", pattern: "^[^\\u200b\\ufeff]$" }],
      ["email", { type: "string", format: "email" }],
    ])("openApiDocument translates the type and the rules of field %s", (name, expected) => {
      const { "x-buf-validate": _, ...schema } = property(name) as JsonObject;
      expect(schema).toEqual(expected);
    });

    it("openApiDocument copies all validation rules to x-buf-validate", () => {
      expect(property("publisher")).toMatchObject({
        "x-buf-validate": { ignore: "IGNORE_IF_ZERO_VALUE", string: { minLen: "3" } },
      });
    });

    it("openApiDocument allows at most one member of a oneof, and requires one if the contract does", () => {
      expect(at(document, "components", "schemas", "Book")).toMatchObject({
        allOf: [
          { not: { required: ["shelf", "box"] } },
          { not: { required: ["shelf", "reader"] } },
          { not: { required: ["box", "reader"] } },
          { anyOf: [{ required: ["shelf"] }, { required: ["box"] }, { required: ["reader"] }] },
        ],
        "x-oneofs": [{ name: "place", fields: ["shelf", "box", "reader"] }],
      });
    });

    it("openApiDocument lists enum values in order with their descriptions, and includes unused enums", () => {
      expect(at(document, "components", "schemas", "Kind")).toEqual({
        type: "string",
        enum: ["KIND_UNSPECIFIED", "NOVEL", "ATLAS"],
        "x-enum-values": [
          { name: "KIND_UNSPECIFIED", number: 0 },
          { name: "NOVEL", number: 1, description: "Invented." },
          { name: "ATLAS", number: 2 },
        ],
      });
      expect(at(document, "components", "schemas", "Unused", "enum")).toEqual(["UNUSED_UNSPECIFIED"]);
    });
  });

  it.each([
    ["/v1/{a} and /v1/{b} differ in parameter names only", 'get: "/v1/{a}"', 'post: "/v1/{b}"'],
    ["get /v1/x is bound twice, the second time by rpc library.v1.S.Two", 'get: "/v1/x"', 'get: "/v1/x"'],
    [
      "rpc library.v1.S.Two: OpenAPI cannot describe the HTTP method COPY",
      'get: "/v1/x"',
      'custom: {kind: "COPY" path: "/v1/x"}',
    ],
    ["rpc library.v1.S.Two: google.api.http has no pattern", 'get: "/v1/x"', 'body: "a"'],
    ["library.v1.M has no field c", 'get: "/v1/x"', 'post: "/v1/y" body: "c"'],
  ])("openApiDocument throws the error %s", (message, one, two) => {
    const source = `
      message M { string a = 1; string b = 2; }
      service S {
        rpc One(M) returns (M) { option (google.api.http) = { ${one} }; }
        rpc Two(M) returns (M) { option (google.api.http) = { ${two} }; }
      }
    `;
    expect(() => describeApi(source)).toThrow(new Error(message));
  });

  it("openApiDocument leaves out the enums of packages that it does not describe, except error reasons", () => {
    const { files, allFiles } = compile({
      "library/v1/library.proto": `${header} message M {} service S {
        rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/x" }; } }`,
      "office/v1/office.proto": `syntax = "proto3"; package office.v1;
        enum Desk { DESK_UNSPECIFIED = 0; }
        enum ErrorReason { ERROR_REASON_UNSPECIFIED = 0; }`,
    });
    const schemas = at(openApiDocument(files, allFiles, about), "components", "schemas") as JsonObject;
    expect(Object.keys(schemas)).toContain("ErrorReason");
    expect(Object.keys(schemas)).not.toContain("Desk");
  });

  it("openApiDocument throws for two types of the same name, and for two versions", () => {
    const message = (
      name: string,
    ) => `syntax = "proto3"; package ${name}; import "google/api/annotations.proto"; message M {}
      service S { rpc Get(M) returns (M) { option (google.api.http) = { get: "/${name}" }; } }`;
    const sameName = compile({ "a/v1/a.proto": message("a.v1"), "b/v1/b.proto": message("b.v1") });
    expect(() =>
      openApiDocument(sameName.files, sameName.allFiles, { ...about, packages: ["a.v1", "b.v1"] }),
    ).toThrow(new Error("schema name M is used by both a.v1.M and b.v1.M"));
    const twoVersions = compile({
      "a/v1/a.proto": message("a.v1"),
      "a/v2/a.proto": message("a.v2").replaceAll("M", "N"),
    });
    expect(() => openApiDocument(twoVersions.files, twoVersions.allFiles, about)).toThrow(
      new Error("one document cannot describe several versions: v1, v2"),
    );
  });
});
