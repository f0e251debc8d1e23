import { describe, expect, it } from "vitest";
import type { CompatibleKind } from "../../src/contract-diff/change.ts";
import { type Edit, replace, shopDiff } from "./fixtures/contracts.ts";

const diff = shopDiff();

/** A change of the shop that breaks nobody, and what is reported for it, if anything. */
type Case = readonly [name: string, edit: Edit, kind?: CompatibleKind | undefined, editOld?: Edit];

/** Adds a field to Item. */
const field = (text: string) => replace("  Part part = 14;", `  Part part = 14;\n  ${text}`);
const unchanged: Edit = (text) => text;

const additions: readonly Case[] = [
  ["a new field", field("string lot = 19;"), "field-added"],
  ["a new field with presence", field("optional int32 lot = 19;"), "field-added"],
  [
    "a new field whose rules accept the empty value",
    field("string lot = 19 [(buf.validate.field).string.max_len = 9];"),
    "field-added",
  ],
  [
    "a new field with presence whose rules reject the empty value",
    field("optional string lot = 19 [(buf.validate.field).string.min_len = 1];"),
    "field-added",
  ],
  [
    "a new message field that has required fields",
    field("Lot lot = 19;\n  message Lot {\n    string id = 1 [(buf.validate.field).required = true];\n  }"),
    "message-added",
  ],
  ["a new member of a oneof", replace("oneof size {", "oneof size {\n    bool large = 19;"), "field-added"],
  ["a new oneof", field("oneof more {\n    bool large = 19;\n  }"), "field-added"],
  ["a new message", replace("message Unused", "message More {}\nmessage Unused"), "message-added"],
  [
    "a new enum",
    replace("enum Color {", "enum Shade {\n  SHADE_UNSPECIFIED = 0;\n}\n\nenum Color {"),
    "enum-added",
  ],
  ["a new enum value", replace("BLUE = 2;", "BLUE = 2;\n  GREEN = 3;"), "enum-value-added"],
  [
    "a new alias of an enum value",
    replace("  RED = 1;", "  option allow_alias = true;\n  RED = 1;\n  SCARLET = 1;"),
    "enum-value-added",
  ],
  [
    "a new error reason",
    replace("  CLOSED = 2", "  FULL = 3 [(reason_spec) = {code: ABORTED}];\n  CLOSED = 2"),
    "enum-value-added",
  ],
  ["a new key of the metadata of an error", replace('["item", "until"]', '["item", "until", "shop"]')],
  [
    "a new method with an HTTP rule",
    replace(
      "  rpc Watch(",
      '  rpc Drop(GetItemRequest) returns (Item) {\n    option (google.api.http).delete = "/v1/items/{name}";\n  }\n  rpc Watch(',
    ),
    "method-added",
  ],
  [
    "a new additional binding",
    replace(
      'additional_bindings: {get: "/v1/items/{name}"}',
      'additional_bindings: {get: "/v1/items/{name}"}\n      additional_bindings: {get: "/v2/items/{name}"}',
    ),
    "http-rule-added",
  ],
  [
    "an HTTP rule for a method that had none",
    replace(
      "returns (stream Item);",
      'returns (stream Item) {\n    option (google.api.http).get = "/v1/watch/{name}";\n  }',
    ),
    "http-rule-added",
  ],
  [
    "a new service",
    replace(
      "service Shop {",
      "service Stock {\n  rpc Get(GetItemRequest) returns (Item);\n}\n\nservice Shop {",
    ),
    "service-added",
  ],
  [
    "reserved numbers that are listed one by one",
    replace("reserved 40 to 44", "reserved 44, 40, 42 to 43, 41"),
  ],
  [
    "reserved numbers that are joined to a range",
    unchanged,
    undefined,
    replace("reserved 40 to 44", "reserved 40, 41, 42 to 44"),
  ],
  [
    "reserved numbers of an enum that are part of a range",
    replace("reserved 7;", "reserved 5 to 6, 7 to 8;"),
  ],
  ["more reserved numbers", replace("reserved 40 to 44", "reserved 40 to 50")],
  [
    "another form of a resource name",
    replace(
      'pattern: "shops/{shop}/items/{item}"',
      'pattern: "shops/{shop}/items/{item}"\n    pattern: "items/{item}"',
    ),
  ],
  [
    "another method signature",
    replace(
      'method_signature) = "name";',
      'method_signature) = "name";\n    option (google.api.method_signature) = "name,view";',
    ),
  ],
  [
    "another scope that is enough",
    replace("shop.read, shop.write", "shop.write, shop.all, shop.read"),
    "scope-relaxed",
  ],
  [
    "no scope",
    replace('  option (google.api.oauth_scopes) = "shop.read, shop.write";\n', ""),
    "scope-relaxed",
  ],
  ["scopes in another order", replace("shop.read, shop.write", "shop.write,shop.read")],
  [
    "a path variable that matches more",
    replace("{shop}/orders", "{shop=**}"),
    undefined,
    replace("{shop}/orders", "{shop}"),
  ],
];

const relaxations: readonly Case[] = [
  ["a higher upper length", replace("max_len: 40", "max_len: 41")],
  ["a lower lower length", replace("min_len: 2, ", "")],
  ["a limit in characters that is as high as the one in bytes", replace("max_bytes: 20", "max_len: 20")],
  ["a limit in bytes that allows as many characters", replace("max_len: 40", "max_bytes: 160")],
  [
    "an exact length that becomes a range",
    unchanged,
    "rule-relaxed",
    replace("min_len: 2, max_len: 40", "len: 4"),
  ],
  ["an inclusive bound", replace("lt: 100", "lte: 100")],
  ["a lower bound that is lower", replace("gte: 0", "gte: -1")],
  ["no lower bound", replace("gte: 0, ", "")],
  ["a longer duration", replace("seconds: 60", "seconds: 60, nanos: 1")],
  ["more items", replace("max_items: 5", "max_items: 6")],
  ["no rule for items", replace("\n    items: {string: {max_bytes: 20}}", "")],
  ["more pairs of a map", replace("max_pairs = 9", "max_pairs = 10")],
  ["no pattern", replace(' [(buf.validate.field).string.pattern = "^[a-z]+$"]', "")],
  ["a list with more values", replace('["cm", "in"]', '["in", "mm", "cm"]')],
  [
    "a list in the place of one value",
    replace('["cm", "in"]', '["cm", "in"]'),
    "rule-relaxed",
    replace('in: ["cm", "in"]', 'const: "cm"'),
  ],
  [
    "unknown values of an enum that are accepted",
    replace(" [(buf.validate.field).enum = {defined_only: true}]", ""),
  ],
  [
    "an expression that is gone",
    (text) => text.replace(/ {2}option \(buf\.validate\.message\)[\s\S]*?\};\n/, ""),
  ],
  [
    "an empty value that is ignored",
    replace(
      "(buf.validate.field).string = {min_len: 2, max_len: 40}",
      "(buf.validate.field) = {ignore: IGNORE_IF_ZERO_VALUE, string: {min_len: 2, max_len: 40}}",
    ),
  ],
  ["rules that are ignored", replace("IGNORE_IF_ZERO_VALUE", "IGNORE_ALWAYS")],
  [
    "a field that is no longer required",
    unchanged,
    "rule-relaxed",
    replace("OPTIONAL]", "REQUIRED, (buf.validate.field).required = true]"),
  ],
  ["no predefined rule", replace(" [(buf.validate.field).string = {[acme.shop.v1.sku]: true}]", "")],
];

const relaxed = relaxations.map(
  ([name, edit, kind = "rule-relaxed", editOld]): Case =>
    editOld === undefined ? [name, edit, kind] : [name, edit, kind, editOld],
);

const oneofOf = (fields: string, more = "") =>
  replace(
    "  reserved 40 to 44;",
    `  option (buf.validate.message).oneof = {fields: [${fields}]${more}};\n  reserved 40 to 44;`,
  );

const silent: readonly Case[] = [
  [
    "an order of the fields of which only one may be set",
    oneofOf('"free", "title"'),
    undefined,
    oneofOf('"title", "free"'),
  ],
  [
    "a flag of a rule that is written and has its default",
    oneofOf('"title", "free"', ", required: false"),
    undefined,
    oneofOf('"title", "free"'),
  ],
  [
    "a rule for fewer of the fields of which only one may be set",
    oneofOf('"title", "free"'),
    undefined,
    oneofOf('"title", "count", "free"'),
  ],
  ["changed comments", replace("// Title of the item.", "// What the item is called.\n  // In one line.")],
  ["removed comments", (text) => text.replaceAll(/^ *\/\/ (?!file:).*\n/gm, "")],
  ["an exclusive bound of an integer in its inclusive form", replace("lt: 100", "lte: 99")],
  [
    "an order of the fields in the source",
    (text) =>
      text
        .replace("  bool free = 7;\n", "")
        .replace("  Part part = 14;", "  Part part = 14;\n  bool free = 7;"),
  ],
  [
    "an order of the messages in the source",
    (text) =>
      text
        .replace(/message Unused \{[\s\S]*?\n\}\n/, "")
        .replace(
          "message OrderRequest",
          "message Unused {\n  string a = 1;\n  int32 b = 2;\n}\n\nmessage OrderRequest",
        ),
  ],
  ["an order of the rules in the source", replace("{min_len: 2, max_len: 40}", "{max_len: 40, min_len: 2}")],
  ["an order of the values of a list", replace('["cm", "in"]', '["in", "cm"]')],
  ["the wording of a violation", replace("an item has a price or is free", "set price, or free")],
  [
    "the layout of an expression",
    replace("has(this.price) || this.free", "has(this.price)  ||\\n this.free"),
  ],
  ["a deprecated field", replace("  bool free = 7;", "  bool free = 7 [deprecated = true];")],
  [
    "packed numbers",
    field("repeated int32 sizes = 19 [packed = false];"),
    undefined,
    field("repeated int32 sizes = 19;"),
  ],
];

describe("compatible changes", () => {
  for (const [name, edit, kind, editOld] of [...additions, ...relaxed, ...silent]) {
    it(`mdps contract diff does not report ${name} as a break`, () => {
      const { breaking, compatible } = diff(edit, editOld);
      expect(breaking).toEqual([]);
      if (kind !== undefined) {
        expect(compatible.map((change) => change.kind)).toContain(kind);
      }
    });
  }

  it("mdps contract diff reports nothing for a contract and itself", () => {
    expect(diff(unchanged)).toEqual({ breaking: [], compatible: [] });
  });
});
