import { beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../scripts/generate/describe/json.ts";
import { discoveryDocument } from "../../../../scripts/generate/discovery/document.ts";
import { compile } from "../openapi/compile.ts";

const header = `
  syntax = "proto3";
  package library.v1;
  import "google/api/annotations.proto";
  import "google/api/client.proto";
  import "google/api/field_behavior.proto";
  import "google/protobuf/any.proto";
  import "google/protobuf/duration.proto";
  import "google/protobuf/empty.proto";
  import "google/protobuf/field_mask.proto";
  import "google/protobuf/struct.proto";
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
  import "google/type/money.proto";
`;

const about = {
  title: "Library API",
  description: "Lends books.",
  documentationLink: "https://example.com",
  revision: "1.2.0",
};

function describeApi(source: string): JsonObject {
  const { files } = compile({ "library/v1/library.proto": header + source });
  return JSON.parse(JSON.stringify(discoveryDocument(files, about)));
}

/** Describes one service with these methods. */
function withMethods(methods: string, messages = "message Book { string name = 1; }"): JsonObject {
  return describeApi(`
    service Library { option (google.api.default_host) = "library.example.com"; ${methods} }
    ${messages}
  `);
}

/** Follows a path of keys. */
function at(json: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], json);
}

describe("resources of a Discovery document", () => {
  let document: JsonObject;
  beforeAll(() => {
    document = describeApi(`
      service Shelves {
        option (google.api.default_host) = "library.example.com";
        option (google.api.oauth_scopes) = "read,write";
        // Finds books.
        rpc ListBooks(ListBooksRequest) returns (ListBooksResponse) {
          option (google.api.http) = {
            get: "/v1/{parent=shelves/*}/books"
            additional_bindings { get: "/v1/{parent=rooms/*/shelves/*}/books" }
          };
        }
        rpc UpdateBook(UpdateBookRequest) returns (Book) {
          option (google.api.http) = { patch: "/v1/{book.name=shelves/*/books/*}" body: "book" };
        }
        rpc ReturnBook(ReturnBookRequest) returns (google.protobuf.Empty) {
          option deprecated = true;
          option (google.api.http) = { post: "/v1/{name=shelves/*/books/*}:return" body: "*" };
        }
        rpc GetFile(GetFileRequest) returns (Book) {
          option (google.api.http) = { get: "/v1/{path=files/**}" };
        }
        rpc GetPage(GetPageRequest) returns (Book) { option (google.api.http) = { get: "/v1/pages/{number}" }; }
        rpc Search(GetPageRequest) returns (Book) { option (google.api.http) = { get: "/v1:search" }; }
        rpc Hidden(Secret) returns (Secret);
      }
      // Has no host.
      service Local {
        rpc GetLocal(GetPageRequest) returns (Book) { option (google.api.http) = { get: "/v1/local" }; }
      }
      message ListBooksRequest {
        string parent = 1 [(google.api.field_behavior) = REQUIRED];
        int32 page_size = 2;
        Filter filter = 3;
        repeated string tags = 4 [(google.api.field_behavior) = REQUIRED];
        google.protobuf.Timestamp since = 5;
        map<string, string> labels = 6;
        repeated Filter filters = 7;
      }
      message Filter { string author = 1; Filter and = 2; Kind kind = 3 [deprecated = true]; }
      enum Kind { KIND_UNSPECIFIED = 0; }
      message ListBooksResponse { repeated Book books = 1; }
      message UpdateBookRequest { Book book = 1; google.protobuf.FieldMask update_mask = 2; }
      message ReturnBookRequest { string name = 1; bool late = 2; }
      message GetFileRequest { string path = 1; }
      message GetPageRequest { int64 number = 1; }
      message Book { string name = 1; }
      message Secret {}
    `);
  });
  const shelvesBooks = ["resources", "shelves", "resources", "books", "methods"];

  it("discoveryDocument names resources by the collections of each path, and methods by their verb", () => {
    const ids: string[] = [];
    JSON.parse(JSON.stringify(document), (_, value) => {
      if (value?.httpMethod) {
        ids.push(`${value.httpMethod} ${value.id}`);
      }
      return value;
    });
    expect(ids.sort()).toEqual([
      "GET library.files.get",
      "GET library.local.get",
      "GET library.pages.get",
      "GET library.rooms.shelves.books.list",
      "GET library.search",
      "GET library.shelves.books.list",
      "PATCH library.shelves.books.patch",
      "POST library.shelves.books.return",
    ]);
    expect(at(document, "methods", "search", "path")).toBe("v1:search");
  });

  it("discoveryDocument writes paths as RFC 6570 templates, and flat paths with one variable per segment", () => {
    expect(at(document, ...shelvesBooks, "return")).toMatchObject({
      path: "v1/{+name}:return",
      flatPath: "v1/shelves/{shelvesId}/books/{booksId}:return",
      parameters: { name: { location: "path", required: true, pattern: "^shelves/[^/]+/books/[^/]+$" } },
    });
    expect(at(document, "resources", "rooms", "resources", "shelves", "resources", "books")).toMatchObject({
      methods: { list: { flatPath: "v1/rooms/{roomsId}/shelves/{shelvesId}/books" } },
    });
    expect(at(document, "resources", "files", "methods", "get")).toMatchObject({
      path: "v1/{+path}",
      flatPath: "v1/files/{filesId}",
      parameters: { path: { pattern: "^files/.*$" } },
    });
    expect(at(document, "resources", "pages", "methods", "get")).toMatchObject({
      path: "v1/pages/{number}",
      flatPath: "v1/pages/{number}",
      parameters: { number: { type: "string", format: "int64", location: "path", required: true } },
    });
    expect(at(document, ...shelvesBooks, "patch")).toMatchObject({
      path: "v1/{+book.name}",
      parameterOrder: ["book.name"],
      request: { $ref: "Book" },
      parameters: { updateMask: { type: "string", format: "google-fieldmask", location: "query" } },
    });
  });

  it("discoveryDocument puts unbound fields into the query, except maps, repeated and recursive messages", () => {
    expect(at(document, ...shelvesBooks, "list", "parameters")).toEqual({
      parent: {
        description: "Required.",
        location: "path",
        required: true,
        type: "string",
        pattern: "^shelves/[^/]+$",
      },
      pageSize: { location: "query", type: "integer", format: "int32" },
      "filter.author": { location: "query", type: "string" },
      "filter.kind": {
        location: "query",
        type: "string",
        enum: ["KIND_UNSPECIFIED"],
        enumDescriptions: [""],
        deprecated: true,
      },
      tags: {
        description: "Required.",
        location: "query",
        required: true,
        repeated: true,
        type: "string",
      },
      since: { location: "query", type: "string", format: "google-datetime" },
    });
    expect(at(document, ...shelvesBooks, "list", "parameterOrder")).toEqual(["parent", "tags"]);
  });

  it("discoveryDocument states deprecation, accepted scopes, and methods that the host does not serve", () => {
    expect(at(document, ...shelvesBooks, "return")).toMatchObject({
      deprecated: true,
      scopes: ["read", "write"],
    });
    expect(at(document, ...shelvesBooks, "list", "description")).toBe("Finds books.");
    expect(at(document, "resources", "local", "methods", "get")).toEqual(
      expect.objectContaining({ description: "Not served by library.example.com." }),
    );
    expect(at(document, "resources", "local", "methods", "get", "scopes")).toBeUndefined();
    expect(at(document, "auth", "oauth2", "scopes")).toEqual({
      read: { description: "Call Shelves" },
      write: { description: "Call Shelves" },
    });
  });

  it("discoveryDocument has schemas of bodies only, without the fields that the path binds", () => {
    expect(Object.keys(document.schemas as object)).toEqual([
      "Book",
      "Empty",
      "ListBooksResponse",
      "ReturnBookRequest",
    ]);
    expect(at(document, "schemas", "ReturnBookRequest")).toEqual({
      id: "ReturnBookRequest",
      type: "object",
      properties: { late: { type: "boolean" } },
    });
    expect(at(document, "schemas", "Empty", "properties")).toEqual({});
  });
});

describe("schemas of a Discovery document", () => {
  let document: JsonObject;
  beforeAll(() => {
    document = withMethods(
      `rpc GetBook(Book) returns (Book) { option (google.api.http) = { get: "/v1/book" }; }`,
      `
      // A book.
      message Book {
        option deprecated = true;
        message Label { string text = 1; }
        // Its pages.
        int64 pages = 1 [(google.api.field_behavior) = REQUIRED];
        uint64 readers = 2;
        uint32 edition = 3;
        bytes cover = 4;
        float weight = 5;
        double height = 6;
        bool lent = 7;
        Kind kind = 8;
        repeated Kind kinds = 9;
        map<string, int64> copies = 10;
        map<string, Label> labels = 11;
        // When.
        google.protobuf.Timestamp printed = 12 [(google.api.field_behavior) = OUTPUT_ONLY];
        google.protobuf.Duration lent_for = 13;
        google.protobuf.FieldMask mask = 14;
        google.protobuf.Any any = 15;
        google.protobuf.Struct struct = 16;
        google.protobuf.Value value = 17;
        google.protobuf.ListValue list = 18;
        google.protobuf.Int64Value wrapped = 19;
        string note = 20 [deprecated = true];
        google.type.Money price = 21;
        Money own = 22;
        sint32 shelf = 23 [json_name = "shelfNo"];
        Book sequel = 24;
      }
      message Money {}
      enum Kind {
        // Unknown.
        KIND_UNSPECIFIED = 0;
        // Invented.
        NOVEL = 1;
        // Maps.
        ATLAS = 2 [deprecated = true];
      }
    `,
    );
  });

  const kind = {
    type: "string",
    enum: ["KIND_UNSPECIFIED", "NOVEL", "ATLAS"],
    enumDescriptions: ["Unknown.", "Invented.", "Maps."],
    enumDeprecated: [false, false, true],
  };
  const int64 = { type: "string", format: "int64" };

  it.each([
    ["pages", { ...int64, description: "Required. Its pages." }],
    ["readers", { type: "string", format: "uint64" }],
    ["edition", { type: "integer", format: "uint32" }],
    ["cover", { type: "string", format: "byte" }],
    ["weight", { type: "number", format: "float" }],
    ["height", { type: "number", format: "double" }],
    ["lent", { type: "boolean" }],
    ["kind", kind],
    ["kinds", { type: "array", items: kind }],
    ["copies", { type: "object", additionalProperties: int64 }],
    ["labels", { type: "object", additionalProperties: { $ref: "BookLabel" } }],
    [
      "printed",
      { type: "string", format: "google-datetime", readOnly: true, description: "Output only. When." },
    ],
    ["lentFor", { type: "string", format: "google-duration" }],
    ["mask", { type: "string", format: "google-fieldmask" }],
    [
      "any",
      {
        type: "object",
        additionalProperties: {
          type: "any",
          description: "Properties of the object. Contains field @type with type URL.",
        },
      },
    ],
    [
      "struct",
      { type: "object", additionalProperties: { type: "any", description: "Properties of the object." } },
    ],
    ["value", { type: "any" }],
    ["list", { type: "array", items: { type: "any" } }],
    ["wrapped", int64],
    ["note", { type: "string", deprecated: true }],
    ["price", { $ref: "GoogleTypeMoney" }],
    ["own", { $ref: "Money" }],
    ["shelfNo", { type: "integer", format: "int32" }],
    ["sequel", { $ref: "Book" }],
  ])("discoveryDocument describes the JSON form of field %s", (name, expected) => {
    expect(at(document, "schemas", "Book", "properties", name)).toEqual(expected);
  });

  it("discoveryDocument copies comment and deprecation of a message into its schema", () => {
    expect(document.schemas).toMatchObject({
      Book: { id: "Book", type: "object", description: "A book.", deprecated: true },
    });
    expect(Object.keys(document.schemas as object)).toEqual([
      "Book",
      "BookLabel",
      "GoogleTypeMoney",
      "Money",
    ]);
  });
});

describe("errors of discoveryDocument", () => {
  const get = (name: string, path: string) =>
    `rpc ${name}(Book) returns (Book) { option (google.api.http) = { get: "${path}" }; }`;
  it.each<[string, string, RegExp]>([
    ["a wildcard without a variable", get("GetBook", "/v1/*/book"), /has a wildcard without a variable/],
    [
      "two methods of the same name",
      get("GetBook", "/v1/books/{name}") + get("GetAny", "/v1/books"),
      /two methods would have the id library\.books\.get/,
    ],
    [
      "a body that is not an object",
      `rpc PutBook(Book) returns (Book) { option (google.api.http) = { put: "/v1/book" body: "name" }; }`,
      /can describe only objects as bodies/,
    ],
  ])("discoveryDocument throws for %s", (_, methods, message) => {
    expect(() => withMethods(methods)).toThrow(message);
  });

  it("discoveryDocument throws for an API without a host", () => {
    const service = `service Library { ${get("GetBook", "/v1/books/{name}")} }`;
    expect(() => describeApi(`${service} message Book { string name = 1; }`)).toThrow(/one host/);
  });
});
