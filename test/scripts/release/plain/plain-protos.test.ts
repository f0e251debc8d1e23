import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { beforeAll, describe, expect, it } from "vitest";
import { plainProtos } from "../../../../scripts/release/plain/plain-protos.ts";
import { compile } from "../../generate/openapi/compile.ts";
import { commentsOf, withoutValidation } from "./without-validation.ts";

type Files = Readonly<Record<string, string>>;

function plain(files: Files): Files {
  const entries = Object.entries(files).map(([path, text]) => ({ path, contents: Buffer.from(text) }));
  return Object.fromEntries(
    plainProtos(entries).map(({ path, contents }) => [path, Buffer.from(contents).toString()]),
  );
}

/** Returns a file of a package with these definitions. */
const library = (definitions: string, name = "library.v1") => `syntax = "proto3";
package ${name};
import "buf/validate/validate.proto";
import "google/api/field_behavior.proto";
import "google/api/resource.proto";
${definitions}
`;

/** Compiles files in one run. Returns their descriptors in the order of their names. */
function protosOf(files: Files): FileDescriptorProto[] {
  const protos = compile(files).files.map(({ proto }) => proto);
  return protos.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Every form in which the syntax allows options. */
const forms: Readonly<Record<string, string>> = {
  "the only option of a field": `message Book { string name = 1 [(buf.validate.field).required = true]; }`,
  "the first of two options": `message Book {
    string name = 1 [(buf.validate.field).required = true, (google.api.field_behavior) = REQUIRED];
  }`,
  "the last of two options": `message Book {
    string name = 1 [
      (google.api.field_behavior) = REQUIRED,
      (buf.validate.field).required = true
    ];
  }`,
  "options between others": `message Book {
    string name = 1 [
      deprecated = true, (buf.validate.field).required = true, (buf.validate.field).string.max_len = 3,
      (google.api.field_behavior) = REQUIRED, json_name = "a,b]"
    ];
  }`,
  "message literals that contain commas, brackets and semicolons": `message Book {
    string name = 1 [(buf.validate.field) = {
      string: {in: ["a]", 'b";', "c,"], min_len: 1; max_len: 2},
      cel: <id: "x, y" message: "}", expression: "this != ';'"> cel {id: "z", expression: "[1, 2][0] == 1"};
    }, deprecated = true];
  }`,
  "rules of items and maps": `message Book {
    repeated string tags = 1 [(buf.validate.field).repeated.items.string.min_len = 1];
    map<string, int32> pages = 2 [(buf.validate.field).map = {keys: {string: {min_len: 1}}, values: {int32: {gt: -1}}}];
  }`,
  "options of messages, oneofs and nested messages": `message Book {
    option (buf.validate.message).cel = {id: "a", expression: "true"};
    option deprecated = true;
    option (.buf.validate.message).cel_expression = "true"; // Also a rule.
    message Page { option ( buf . validate . message ) = {}; int32 number = 1; }
    oneof text { option (buf.validate.oneof).required = true; string title = 2; Page page = 3; }
    option (google.api.resource) = {type: "library.example.com/Book" pattern: "books/{book}"};
  }`,
  "names with spaces, comments and a leading dot": `message Book {
    string name = 1 [(/* a */ .buf /* b */ .validate.field // c
      ) . required = true];
  }`,
  "comments on kept and removed options": `message Book {
    // The name.
    string name = 1 [
      // Google's.
      (google.api.field_behavior) = REQUIRED, // Documented.
      // Ours; [it is, (not) = Google's
      (buf.validate.field).required = true, // Removed.
      /* Kept. */ deprecated = true
    ]; // Behind.
    // Above.
    string title = 2; // Behind.

    // Detached.

    // A rule of the message.
    option (buf.validate.message).cel = {
      id: "a" // With an id.
      expression: "true"
    }; // Removed.

    // The last.
    string author = 3;
  }`,
  "text in comments and strings that looks like an option": `
  // [(buf.validate.field).required = true] and import "buf/validate/validate.proto";
  message Book {
    /* option (buf.validate.message) = {}; */
    string name = 1 [json_name = "(buf.validate.field) \\" = 1]", (buf.validate.field).required = true];
  }`,
  "fields, values and names that are keywords": `message Book {
    string option = 1 [(buf.validate.field).required = true];
    string import = 2;
    string extend = 3;
    enum Kind { syntax = 0; package = 1 [deprecated = true]; message = 2; }
    message extension { int32 validate = 1 [(buf.validate.field).int32.gt = 0]; }
  }`,
  "empty statements, CRLF and tabs":
    "message Book {\r\n\tstring name = 1\t[(buf.validate.field).required = true,\r\n\tdeprecated = true];;\r\n}\r\n;",
};

describe("plainProtos", () => {
  const pathOf = (index: number) => `library/form${String.fromCodePoint(97 + index)}.proto`;
  const full = Object.fromEntries(
    Object.values(forms).map((text, index) => [pathOf(index), library(text, `library.v${index + 1}`)]),
  );
  const bare = plain(full);
  let before: readonly FileDescriptorProto[];
  let after: readonly FileDescriptorProto[];
  beforeAll(() => {
    before = protosOf(full);
    after = protosOf(bare);
  });

  it.each(Object.keys(forms).map((name, index) => [name, index] as const))(
    "plainProtos removes validation, and nothing else: %s",
    (_, index) => {
      const code = bare[pathOf(index)]?.replaceAll(/\/\/.*|\/\*[\s\S]*?\*\/|"(?:[^"\\]|\\.)*"/g, "");
      expect(code).not.toMatch(/buf\W*validate/);
      const [old, bareFile] = [before[index] as FileDescriptorProto, after[index] as FileDescriptorProto];
      expect(commentsOf(bareFile)).toEqual(commentsOf(old));
      expect(withoutValidation(bareFile)).toEqual(withoutValidation(old));
    },
  );

  it("plainProtos keeps the bytes of a file without validation options", () => {
    const files = {
      "a.proto": `syntax = "proto3";\n\n// ä\nmessage  A{}`,
      "b.json": '{"(buf.validate.field)": 1}',
    };
    expect(plain(files)).toEqual(files);
  });

  it("plainProtos removes files that only have rules, and their imports", () => {
    const rules = `syntax = "proto2";
      package library.v1;
      import "buf/validate/validate.proto";
      option java_package = "{ library }";
      // Rules of names.
      extend buf.validate.StringRules {
        // A shelf.
        optional bool shelf = 80048952 [(buf.validate.predefined).cel = {id: "shelf" expression: "this != ''"}];
      }`;
    const full = {
      "library/v1/rules.proto": rules,
      "library/v1/library.proto": `syntax = "proto3";
        package library.v1;
        import "buf/validate/validate.proto";
        import "library/v1/rules.proto";
        message Book { string name = 1 [(buf.validate.field).string.(library.v1.shelf) = true]; }`,
    };
    const bare = plain(full);
    expect(Object.keys(bare)).toEqual(["library/v1/library.proto"]);
    const removed = ["buf/validate/validate.proto", "library/v1/rules.proto"];
    const [before] = protosOf(full);
    expect(protosOf(bare).map((file) => withoutValidation(file))).toEqual([
      withoutValidation(before as FileDescriptorProto, removed),
    ]);
  });

  it("plainProtos removes extensions of rules from a file that also has messages", () => {
    const full = {
      "library/v1/library.proto": `syntax = "proto2";
        package library.v1;
        import "buf/validate/validate.proto";
        message Book { optional string name = 1 [(buf.validate.field).string.(shelf) = true]; }
        extend .buf.validate.StringRules { optional bool shelf = 80048952; } // Removed.
        // The last.
        message Author {}`,
    };
    expect(plain(full)["library/v1/library.proto"]?.replaceAll(/\s+/g, " ").trim()).toBe(
      'syntax = "proto2"; package library.v1; message Book { optional string name = 1 ; } // The last. message Author {}',
    );
  });

  it("plainProtos names a use of protovalidate that it cannot remove", () => {
    const full = {
      "library/v1/library.proto": library("message Result { buf.validate.Violations all = 1; }"),
    };
    expect(() => plain(full)).toThrow(
      /^library\/v1\/library\.proto: buf\.validate\.Violations is neither an option nor an extension/,
    );
  });
});
