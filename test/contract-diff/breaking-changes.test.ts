import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type BreakingKind, breakingKinds } from "../../src/contract-diff/change.ts";
import { type Edit, replace, shopDiff } from "./fixtures/contracts.ts";

const diff = shopDiff();

/** A change of the shop, the kind that is reported for it, and where. */
type Case = readonly [
  name: string,
  edit: Edit,
  kind: BreakingKind,
  where: string,
  editOld?: Edit | undefined,
];

const item = "acme.shop.v1.Item";
const all =
  (...edits: Edit[]): Edit =>
  (text) =>
    edits.reduce((current, edit) => edit(current), text);
const without = (text: string) => replace(text, "");

const withoutSpecs: Edit = (text) => text.replaceAll(/ \[\(reason_spec\)[^;]*/g, "");

const protobuf: readonly Case[] = [
  ["a removed field", without("  bool free = 7;\n"), "field-removed", `${item}.free`, noMessageRule],
  [
    "a removed field whose number and name are reserved",
    replace(
      "  string maker = 15 [(google.api.field_behavior) = OPTIONAL];",
      '  reserved 15;\n  reserved "maker";',
    ),
    "field-removed",
    `${item}.maker`,
  ],
  ["a renamed field", replace("string maker", "string brand"), "field-renamed", `${item}.maker`],
  [
    "a renamed field with the same JSON name",
    replace("string size_unit = 11 [", 'string sizeUnit_ = 11 [json_name = "sizeUnit", '),
    "field-renamed",
    `${item}.size_unit`,
  ],
  [
    "a changed JSON name",
    replace("string maker = 15 [", 'string maker = 15 [json_name = "brand", '),
    "field-json-name",
    `${item}.maker`,
  ],
  [
    "a changed field number",
    replace("string maker = 15", "string maker = 17"),
    "field-number",
    `${item}.maker`,
  ],
  [
    "two fields that exchange their numbers",
    all(replace("string a = 1", "string a = 2"), replace("int32 b = 2", "int32 b = 1")),
    "field-number",
    "acme.shop.v1.Unused.a",
  ],
  [
    "a changed scalar type",
    replace("int32 number = 10", "int64 number = 10"),
    "field-type",
    `${item}.number`,
  ],
  ["a changed message type", replace("Part part = 14", "Unused part = 14"), "field-type", `${item}.part`],
  [
    "a changed value type of a map",
    replace("map<string, int64>", "map<string, int32>"),
    "field-type",
    `${item}.stock`,
  ],
  [
    "a changed key type of a map",
    replace("map<string, int64>", "map<int32, int64>"),
    "field-type",
    `${item}.stock`,
  ],
  [
    "a field that is repeated now",
    replace("  Part part = 14", "  repeated Part part = 14"),
    "field-cardinality",
    `${item}.part`,
  ],
  [
    "a field that is no longer repeated",
    all(replace("  repeated string metadata", "  string metadata"), withoutSpecs),
    "field-cardinality",
    "acme.shop.v1.Spec.metadata",
    withoutSpecs,
  ],
  [
    "a field with presence now",
    replace("  string maker", "  optional string maker"),
    "field-presence",
    `${item}.maker`,
  ],
  [
    "a field without presence now",
    replace("optional string note", "string note"),
    "field-presence",
    `${item}.note`,
  ],
  [
    "a field that moves into a oneof",
    all(without("  bool free = 7;\n"), replace("oneof size {", "oneof size {\n    bool free = 7;")),
    "field-oneof",
    `${item}.free`,
  ],
  [
    "a field that moves into a new oneof",
    replace("  bool free = 7;", "  oneof cost {\n    bool free = 7;\n  }"),
    "field-oneof",
    `${item}.free`,
  ],
  [
    "a field that moves out of a oneof",
    all(
      without("    int32 number = 10;\n"),
      replace("Part part = 14;", "Part part = 14;\n  int32 number = 10;"),
    ),
    "field-oneof",
    `${item}.number`,
  ],
  ["a renamed oneof", replace("oneof size {", "oneof dimension {"), "oneof-renamed", `${item}.size`],
  ["a number that is no longer reserved", without("  reserved 40 to 44;\n"), "reserved-removed", item],
  [
    "a gap in reserved numbers",
    replace("reserved 40 to 44", "reserved 40 to 41, 43 to 44"),
    "reserved-removed",
    item,
  ],
  [
    "another first value of a closed enum, which is the default of fields",
    (text) => withGrade(text).replace("    LOW = 1;\n    HIGH = 2;\n", "    HIGH = 2;\n    LOW = 1;\n"),
    "field-default",
    "acme.shop.v1.Graded.Grade",
    withGrade,
  ],
  ["fewer reserved numbers", replace("reserved 40 to 44", "reserved 40 to 43"), "reserved-removed", item],
  [
    "a name that is no longer reserved",
    without('  reserved "PINK";\n'),
    "reserved-removed",
    "acme.shop.v1.Color",
  ],
  [
    "a removed message",
    (t) => t.replace(/message Unused[\s\S]*/, ""),
    "message-removed",
    "acme.shop.v1.Unused",
  ],
  ["a renamed message", replace("message Unused", "message Used"), "message-renamed", "acme.shop.v1.Unused"],
  [
    "a renamed message that fields use",
    (t) => t.replaceAll(/\bPart\b/g, "Piece"),
    "message-renamed",
    `${item}.Part`,
  ],
  [
    "a removed enum",
    (t) => t.replace(/enum Color \{[\s\S]*?\n\}/, "").replace(/ {2}Color color.*\n/, ""),
    "enum-removed",
    "acme.shop.v1.Color",
  ],
  ["a renamed enum", (t) => t.replaceAll(/\bColor\b/g, "Paint"), "enum-renamed", "acme.shop.v1.Color"],
  ["a removed enum value", without("  BLUE = 2;\n"), "enum-value-removed", "acme.shop.v1.Color.BLUE"],
  ["a renamed enum value", replace("BLUE = 2", "NAVY = 2"), "enum-value-renamed", "acme.shop.v1.Color.BLUE"],
  [
    "a changed number of an enum value",
    replace("BLUE = 2", "BLUE = 3"),
    "enum-value-number",
    "acme.shop.v1.Color.BLUE",
  ],
  [
    "a removed service",
    (t) => t.replace(/service Shop[\s\S]*?\n\}/, ""),
    "service-removed",
    "acme.shop.v1.Shop",
  ],
  ["a renamed service", replace("service Shop", "service Store"), "service-renamed", "acme.shop.v1.Shop"],
  [
    "a removed method",
    (t) => t.replace(/ {2}rpc Order[\s\S]*?\n {2}\}/, ""),
    "method-removed",
    "acme.shop.v1.Shop.Order",
  ],
  ["a renamed method", replace("rpc Order(", "rpc Buy("), "method-renamed", "acme.shop.v1.Shop.Order"],
  [
    "a changed request of a method",
    replace("rpc Watch(GetItemRequest)", "rpc Watch(OrderRequest)"),
    "method-type",
    "acme.shop.v1.Shop.Watch",
  ],
  [
    "a changed response of a method",
    replace("returns (stream Item)", "returns (stream Unused)"),
    "method-type",
    "acme.shop.v1.Shop.Watch",
  ],
  [
    "a method that no longer streams",
    replace("returns (stream Item)", "returns (Item)"),
    "method-streaming",
    "acme.shop.v1.Shop.Watch",
  ],
  [
    "a method that takes a stream now",
    replace("Watch(GetItemRequest)", "Watch(stream GetItemRequest)"),
    "method-streaming",
    "acme.shop.v1.Shop.Watch",
  ],
  [
    "a method with side effects now",
    without("    option idempotency_level = NO_SIDE_EFFECTS;\n"),
    "method-idempotency",
    "acme.shop.v1.Shop.GetItem",
  ],
  [
    "a changed extension number",
    replace("reason_spec = 50900", "reason_spec = 50999"),
    "field-number",
    "acme.shop.v1.reason_spec",
  ],
  [
    "a changed Go package",
    replace("example.com/acme", "example.org/acme"),
    "code-option",
    "acme/shop/v1/shop.proto",
  ],
  [
    "a removed Java package",
    without('option java_package = "com.acme.shop.v1";\n'),
    "code-option",
    "acme/shop/v1/shop.proto",
  ],
  [
    "a changed default host",
    replace('shop.example";', 'store.example";'),
    "code-option",
    "acme.shop.v1.Shop",
  ],
  [
    "a removed method signature",
    without('    option (google.api.method_signature) = "name";\n'),
    "code-option",
    "acme.shop.v1.Shop.GetItem",
  ],
  [
    "a changed type of 64-bit integers in JavaScript",
    replace("int64 ticks = 18", "int64 ticks = 18 [jstype = JS_STRING]"),
    "code-option",
    `${item}.ticks`,
  ],
];

const rest: readonly Case[] = [
  ["a changed path", replace("/orders", "/purchases"), "http-path", "acme.shop.v1.Shop.Order"],
  ["a changed HTTP method", replace('post: "', 'put: "'), "http-method", "acme.shop.v1.Shop.Order"],
  [
    "a removed HTTP rule",
    (t) => t.replace(/ {4}option \(google\.api\.http\) = \{\n {6}post[\s\S]*?\};\n/, ""),
    "http-rule-removed",
    "POST /v1/{shop}/orders",
  ],
  [
    "a removed additional binding",
    without('      additional_bindings: {get: "/v1/items/{name}"}\n'),
    "http-rule-removed",
    "GET /v1/items/{name}",
  ],
  [
    "a narrower path variable",
    replace("{name=shops/*/items/*}", "{name=shops/*}"),
    "http-path",
    "acme.shop.v1.Shop.GetItem",
  ],
  [
    "another part of the path for the same field",
    replace("/v1/{name=shops/*/items/*}", "/v1/shops/{name=*/items/*}"),
    "http-target",
    "GET /v1/{name=shops/*/items/*}",
  ],
  [
    "another field in the path",
    replace("/v1/items/{name}", "/v1/items/{view}"),
    "http-target",
    "GET /v1/items/{name}",
  ],
  [
    "another body",
    replace('      body: "item"', '      body: "other"'),
    "http-body",
    "POST /v1/{shop}/orders",
  ],
  [
    "the whole request as the body",
    replace('      body: "item"', '      body: "*"'),
    "http-body",
    "POST /v1/{shop}/orders",
  ],
  ["no body", without('      body: "item"\n'), "http-body", "POST /v1/{shop}/orders"],
  [
    "another response body",
    replace('response_body: "item"', 'response_body: "other"'),
    "http-response-body",
    "POST /v1/{shop}/orders",
  ],
  [
    "no response body",
    without('      response_body: "item"\n'),
    "http-response-body",
    "POST /v1/{shop}/orders",
  ],
  [
    "a changed resource name",
    replace("shops/{shop}/items/{item}", "stores/{shop}/items/{item}"),
    "resource-name",
    item,
  ],
  [
    "a changed resource type",
    replace('type: "shop.example/Item"', 'type: "shop.example/Thing"'),
    "resource-name",
    item,
  ],
];

const scopesAndReasons: readonly Case[] = [
  ["another scope", replace('"shop.read, shop.write"', '"shop.all"'), "scope-required", "acme.shop.v1.Shop"],
  [
    "one scope less that is enough",
    replace('"shop.read, shop.write"', '"shop.write"'),
    "scope-required",
    "acme.shop.v1.Shop",
  ],
  [
    "a scope where none was required",
    (t) => t,
    "scope-required",
    "acme.shop.v1.Shop",
    without('  option (google.api.oauth_scopes) = "shop.read, shop.write";\n'),
  ],
  [
    "a removed error reason",
    (t) => t.replace(/ {2}CLOSED = 2.*\n/, ""),
    "error-reason-removed",
    "acme.shop.v1.Reason.CLOSED",
  ],
  [
    "a renamed error reason",
    replace("CLOSED = 2", "SHUT = 2"),
    "error-reason-renamed",
    "acme.shop.v1.Reason.CLOSED",
  ],
  [
    "a changed code of an error reason",
    replace("{code: UNAVAILABLE}", "{code: ABORTED}"),
    "error-reason-code",
    "acme.shop.v1.Reason.CLOSED",
  ],
  [
    "an error reason without its code",
    replace(" [(reason_spec) = {code: UNAVAILABLE}]", ""),
    "error-reason-code",
    "acme.shop.v1.Reason.CLOSED",
  ],
  [
    "a removed key of the metadata of an error",
    replace('["item", "until"]', '["item"]'),
    "error-reason-metadata",
    "acme.shop.v1.Reason.SOLD_OUT",
  ],
];

/** Adds a field to Item. */
const field = (text: string) => replace("  Part part = 14;", `  Part part = 14;\n  ${text}`);
const rule = (text: string) => replace("OPTIONAL]", `OPTIONAL, (buf.validate.field).${text}]`);

const rules: readonly Case[] = [
  [
    "a new required field",
    field("string lot = 19 [(buf.validate.field).required = true];"),
    "field-required",
    `${item}.lot`,
  ],
  [
    "a new field whose rules reject the empty value",
    field("string lot = 19 [(buf.validate.field).string.min_len = 1];"),
    "field-required",
    `${item}.lot`,
  ],
  [
    "a new list that must have items",
    field("repeated string lots = 19 [(buf.validate.field).repeated.min_items = 1];"),
    "field-required",
    `${item}.lots`,
  ],
  [
    "a new field whose expression rejects the empty value",
    field('string lot = 19 [(buf.validate.field).cel = {id: "lot", expression: "this != \'\'"}];'),
    "field-required",
    `${item}.lot`,
  ],
  [
    "a new field that is documented as required",
    field("string lot = 19 [(google.api.field_behavior) = REQUIRED];"),
    "field-required",
    `${item}.lot`,
  ],
  ["an optional field that is required now", rule("required = true"), "field-required", `${item}.maker`],
  [
    "an optional field that is documented as required now",
    replace("OPTIONAL]", "REQUIRED]"),
    "field-required",
    `${item}.maker`,
  ],
  [
    "a field that callers may not set any more",
    replace("OPTIONAL]", "OUTPUT_ONLY]"),
    "field-behavior",
    `${item}.maker`,
  ],
  ["a lower upper length", replace("max_len: 40", "max_len: 39"), "rule-tightened", `${item}.title`],
  ["a raised lower length", replace("min_len: 2", "min_len: 3"), "rule-tightened", `${item}.title`],
  [
    "a limit in bytes where one in characters was",
    replace("max_len: 40", "max_bytes: 159"),
    "rule-tightened",
    `${item}.title`,
  ],
  [
    "a limit in characters below the one in bytes",
    replace("max_bytes: 20", "max_len: 19"),
    "rule-tightened",
    `${item}.tags`,
  ],
  ["an exact length", replace("min_len: 2, max_len: 40", "len: 40"), "rule-tightened", `${item}.title`],
  ["a new upper length", rule("string.max_len = 1000"), "rule-tightened", `${item}.maker`],
  ["a raised lower bound", replace("gte: 0", "gte: 1"), "rule-tightened", `${item}.count`],
  ["an exclusive lower bound", replace("gte: 0", "gt: 0"), "rule-tightened", `${item}.count`],
  ["a lower upper bound", replace("lt: 100", "lt: 99"), "rule-tightened", `${item}.count`],
  ["a lower upper bound in another form", replace("lt: 100", "lte: 98"), "rule-tightened", `${item}.count`],
  [
    "bounds that leave out their middle",
    replace("{gte: 0, lt: 100}", "{gte: 100, lt: 0}"),
    "rule-tightened",
    `${item}.count`,
  ],
  [
    "a shorter duration",
    replace("seconds: 60", "seconds: 59, nanos: 999999999"),
    "rule-tightened",
    `${item}.life`,
  ],
  ["fewer items", replace("max_items: 5", "max_items: 4"), "rule-tightened", `${item}.tags`],
  ["fewer bytes of an item", replace("max_bytes: 20", "max_bytes: 19"), "rule-tightened", `${item}.tags`],
  ["unique items", replace("max_items: 5", "max_items: 5, unique: true"), "rule-tightened", `${item}.tags`],
  ["fewer pairs of a map", replace("max_pairs = 9", "max_pairs = 8"), "rule-tightened", `${item}.stock`],
  [
    "a rule for the values of a map",
    replace("map.max_pairs = 9", "map = {max_pairs: 9, values: {int64: {gte: 0}}}"),
    "rule-tightened",
    `${item}.stock`,
  ],
  ["a new pattern", rule('string.pattern = "^a"'), "rule-tightened", `${item}.maker`],
  ["a changed pattern", replace("^[a-z]+$", "^[a-y]+$"), "rule-tightened", `${item}.note`],
  ["a new format", rule("string.email = true"), "rule-tightened", `${item}.maker`],
  ["a new prefix", rule('string.prefix = "a"'), "rule-tightened", `${item}.maker`],
  ["a list with fewer values", replace('["cm", "in"]', '["cm"]'), "rule-tightened", `${item}.size_unit`],
  ["a new list of values", rule('string = {in: ["", "a"]}'), "rule-tightened", `${item}.maker`],
  [
    "one value in the place of a list",
    replace('in: ["cm", "in"]', 'const: "cm"'),
    "rule-tightened",
    `${item}.size_unit`,
  ],
  [
    "a rejected value",
    replace("{defined_only: true}", "{defined_only: true, not_in: [2]}"),
    "rule-tightened",
    `${item}.color`,
  ],
  [
    "unknown values of an enum that are rejected now",
    (t) => t,
    "rule-tightened",
    `${item}.color`,
    without(" [(buf.validate.field).enum = {defined_only: true}]"),
  ],
  [
    "a new expression of a field",
    rule('cel = {id: "maker", message: "m", expression: "this != \'x\'"}'),
    "rule-tightened",
    `${item}.maker`,
  ],
  ["a changed expression of a message", replace("|| this.free", "&& this.free"), "rule-tightened", item],
  ["a new expression of a message", (t) => t, "rule-tightened", item, noMessageRule],
  [
    "a rule that a oneof must be set",
    replace("oneof size {", "oneof size {\n    option (buf.validate.oneof).required = true;"),
    "rule-tightened",
    `${item}.size`,
  ],
  [
    "a rule that only one of some fields may be set",
    replace(
      "  reserved 40 to 44;",
      '  option (buf.validate.message).oneof = {fields: ["title", "free"]};\n  reserved 40 to 44;',
    ),
    "rule-tightened",
    item,
  ],
  [
    "a rule that one of fewer fields must be set",
    replace(
      "  reserved 40 to 44;",
      '  option (buf.validate.message).oneof = {fields: ["title", "free"], required: true};\n  reserved 40 to 44;',
    ),
    "rule-tightened",
    item,
    replace(
      "  reserved 40 to 44;",
      '  option (buf.validate.message).oneof = {fields: ["title", "free", "code"], required: true};\n  reserved 40 to 44;',
    ),
  ],
  [
    "a changed expression of a predefined rule",
    replace("startsWith('S')", "startsWith('T')"),
    "rule-tightened",
    "acme.shop.v1.sku",
  ],
  ["a new predefined rule", rule("string = {[acme.shop.v1.sku]: true}"), "rule-tightened", `${item}.maker`],
  [
    "an empty value that is no longer ignored",
    without("ignore: IGNORE_IF_ZERO_VALUE, "),
    "rule-tightened",
    `${item}.extra`,
  ],
  [
    "rules that are no longer ignored",
    (t) => t,
    "rule-tightened",
    `${item}.extra`,
    replace("IGNORE_IF_ZERO_VALUE", "IGNORE_ALWAYS"),
  ],
];

/** The columns of a row of docs/stability.md, and the kinds of changes that it names. */
const rows = readFileSync(new URL("../../docs/stability.md", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => /^\| .*`[a-z-]+` \|$/.test(line))
  .map((line) => {
    const [, , binary = "", json = "", onRest = "", code = "", kinds = ""] = line.split("|");
    const columns = { binary, json, rest: onRest, code };
    const breaks = Object.entries(columns).flatMap(([name, cell]) => (/yes/.test(cell) ? [name] : []));
    return { breaks, kinds: [...kinds.matchAll(/`([a-z-]+)`/g)].map(([, kind]) => kind as BreakingKind) };
  });

describe("breaking changes", () => {
  for (const [name, edit, kind, where, editOld] of [...protobuf, ...rest, ...scopesAndReasons, ...rules]) {
    it(`mdps contract diff reports ${name} with whom it breaks`, () => {
      const { breaking } = diff(edit, editOld);
      const found = breaking.find((change) => change.kind === kind && change.where === where);
      expect(found, JSON.stringify(breaking, null, 2)).toMatchObject({ breaks: breakingKinds[kind] });
    });
  }

  it("docs/stability.md lists every kind of breaking change once, with whom it breaks", () => {
    const listed = rows.flatMap(({ kinds, breaks }) => kinds.map((kind) => [kind, breaks]));
    const sorted = (pairs: readonly unknown[]) => pairs.map((pair) => JSON.stringify(pair)).toSorted();
    const { openapi, ...kinds } = breakingKinds;
    expect(openapi).toEqual(["json", "rest"]);
    expect(sorted(listed)).toEqual(sorted(Object.entries(kinds)));
  });
});

/** Adds a message of proto2 with an enum. */
function withGrade(text: string): string {
  const enumText = "  enum Grade {\n    LOW = 1;\n    HIGH = 2;\n  }\n";
  return `${text}\nmessage Graded {\n${enumText}  optional Grade grade = 1;\n}\n`;
}

/** Removes the rule of the message, which refers to some of its fields. */
function noMessageRule(text: string): string {
  return text.replace(/ {2}option \(buf\.validate\.message\)[\s\S]*?\};\n/, "");
}
