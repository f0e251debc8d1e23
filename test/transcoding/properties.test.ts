import {
  create,
  equals,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  toJson,
} from "@bufbuild/protobuf";
import { anyPack, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { expect, it } from "vitest";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { expandRequest } from "../../src/transcoding/client/expand-request.ts";
import { readErrorBody, writeErrorBody } from "../../src/transcoding/http/error-body.ts";
import { decodeSegment, decodeSegments, encodeSegment } from "../../src/transcoding/http/percent.ts";
import { parseRequestTarget } from "../../src/transcoding/http/request-target.ts";
import { buildRouteTree } from "../../src/transcoding/http/route-tree.ts";
import { httpBindingsOf } from "../../src/transcoding/http/rules.ts";
import { httpStatusOf } from "../../src/transcoding/http/status.ts";
import { parseJsonDocument } from "../../src/transcoding/json/bytes.ts";
import { createJsonReader } from "../../src/transcoding/json/document.ts";
import { messageReader } from "../../src/transcoding/json/reader.ts";
import { createReadingState } from "../../src/transcoding/json/reading-state.ts";
import { createViolationList } from "../../src/transcoding/json/violations.ts";
import { compileRequestBinder } from "../../src/transcoding/server/request-binder.ts";
import { jsonOf, jsonOfEverything, text } from "./fixtures/arbitraries.ts";
import { bindingFor, custom, everything, get, library, post } from "./fixtures/library.ts";

const index = fc.nat(1_000_000_000);

// Enough values of two segments to test templates that require two.
const segments = fc.oneof(
  text,
  fc.tuple(text, text).map((both) => both.join("/")),
  fc.constant("a/b c"),
);

/** A message with values in the fields that paths use. */
const message = fc
  .tuple(
    jsonOfEverything,
    segments,
    text,
    fc.integer(),
    fc.boolean(),
    fc.uint8Array({ minLength: 1, maxLength: 6 }),
  )
  .map(([json, stringValue, label, count, boolValue, bytes]) => {
    const { part, ...rest } = json as JsonObject;
    const bytesValue = Buffer.from(bytes).toString("base64");
    const own = typeof part === "object" ? part : {};
    return fromJson(everything, {
      ...rest,
      stringValue,
      boolValue,
      bytesValue,
      part: { ...own, label, count },
    });
  });

const rules = [
  get("/v1/{string_value}"),
  get("/v1/{string_value=**}"),
  get("/v1/{string_value=*/*}/{part.label}:cancel"),
  get("/v1/{part.label}/{part.count}"),
  get("/v1/x:cancel"),
  post("/v1/{bool_value}/{kind}", "part"),
  post("/v1/{part.label}", "part"),
  post("/v1/{string_value}", "parts"),
  post("/v1/{part.count}", "labels"),
  post("/v1", "structs_by_name"),
  post("/v1/{double_value}/{int64_value}/{bytes_value}", "*"),
  post("/v1/{string_value=**}/x", "*"),
  post("/v1/{string_value}:x", "*"),
  custom("*", "/v1/{part.label=**}:y", "*"),
];
const bindings = rules.map((rule) => bindingFor(rule));
const trees = bindings.map((binding) => buildRouteTree([[binding, compileRequestBinder(binding)]]));

it.each(rules.map((rule, at) => [rule.pattern.value, rule.body, at] as const))(
  "expandRequest, match and bind return the original message: %j, body %j",
  (_, __, at) => {
    const binding = bindings[at];
    const tree = trees[at];
    if (binding === undefined || tree === undefined) {
      throw new Error("there is no such binding");
    }
    let bound = 0;
    const bodyName = everything.fields.find(({ name }) => name === binding.body)?.jsonName;
    // Unlike a body, a query cannot contain an empty message.
    const sent = (given: Message) => {
      const json = toJson(everything, given) as JsonObject;
      const keeps = (name: string) => name === bodyName || binding.body === "*";
      return Object.fromEntries(
        Object.entries(json).flatMap(([name, value]) =>
          keeps(name) ? [[name, value]] : withoutEmpty(name, value),
        ),
      );
    };
    const check = (given: Message) => {
      const expanded = expandRequest(binding, given);
      if ("problem" in expanded) {
        return;
      }
      const target = `${expanded.path}${expanded.query === "" ? "" : `?${expanded.query}`}`;
      expect(target).toMatch(/^[!-~]+$/);
      const { path, query } = parseRequestTarget(target);
      const match = tree.match(expanded.httpMethod, path);
      if (match === undefined || !("route" in match)) {
        throw new Error(`no route for ${path}`);
      }
      const body = expanded.body === undefined ? undefined : JSON.parse(JSON.stringify(expanded.body));
      const result = match.route.bind({ captures: match.captures, query, body });
      expect("violations" in result ? result.violations : []).toEqual([]);
      expect("message" in result && sent(result.message)).toEqual(sent(given));
      bound += 1;
    };
    const json = (given: Message) => toJson(everything, given);
    // A query cannot contain lists of messages and maps, so a smaller message is tried as well.
    const flat = (given: Message) =>
      fromJson(everything, onlyTextForms(json(given) as JsonObject, binding.body));
    fc.assert(
      fc.property(message, (given) => {
        check(given);
        check(flat(given));
      }),
      { numRuns: 500 },
    );
    expect(bound).toBeGreaterThan(10);
  },
);

function withoutEmpty(name: string, value: JsonValue): [string, JsonValue][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [[name, value]];
  }
  const inner = Object.entries(value).flatMap(([each, item]) => withoutEmpty(each, item));
  return inner.length === 0 ? [] : [[name, Object.fromEntries(inner)]];
}

/** Omits fields that a query cannot contain, except the body. */
function onlyTextForms(json: JsonObject, body: string): JsonObject {
  const isFlat = (value: JsonValue | undefined): boolean =>
    Array.isArray(value) ? value.every((item) => typeof item !== "object") : typeof value !== "object";
  const bodyName = everything.fields.find(({ name }) => name === body)?.jsonName;
  const kept = Object.entries(json).filter(
    ([name, value]) => name === bodyName || (isFlat(value) && !["value", "nullValue"].includes(name)),
  );
  const { part } = json;
  const { label = "", count = 0 } = (part ?? {}) as JsonObject;
  return { part: { label, count }, ...Object.fromEntries(kept) };
}

function read(json: unknown): Message | readonly object[] {
  const violations = createViolationList();
  const result = messageReader(everything)(json, "", createReadingState(violations));
  return result === undefined || violations.found.length > 0 ? violations.found : result;
}

it("messageReader reads what protobuf-es writes as the same message", () => {
  fc.assert(
    fc.property(jsonOf(everything, 3), (json) => {
      const given = fromJson(everything, json);
      const written = JSON.parse(JSON.stringify(toJson(everything, given)));
      const result = read(written);
      expect(result).not.toBeInstanceOf(Array);
      // NaN equals nothing, so the texts are compared as well.
      expect(toJson(everything, result as Message)).toEqual(toJson(everything, given));
      if (!JSON.stringify(written).includes('"NaN"')) {
        expect(equals(everything, result as Message, given)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

it("messageReader reads 64-bit integers written as JSON numbers like those written as strings", () => {
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const spelled = fc
    .tuple(int64, fc.constantFrom("", ".0", ".000", "e0", "E+00"))
    .map(([value, end]) => `${value}${end}`);
  const lists = fc.tuple(fc.array(spelled), fc.dictionary(text, spelled), spelled);
  fc.assert(
    fc.property(lists, ([list, map, wrapped]) => {
      const json = (mark: string) => {
        const entries = Object.entries(map).map(
          ([key, value]) => `${JSON.stringify(key)}:${mark}${value}${mark}`,
        );
        const items = list.map((value) => `${mark}${value}${mark}`);
        return `{"longTexts":[${items}],"longsByName":{${entries}},"nested":{"int64Wrapper":${mark}${wrapped}${mark}}}`;
      };
      const [numbers, strings] = [json(""), json('"')].map((each) => {
        const document = parseJsonDocument(Buffer.from(each));
        return "json" in document && read(document.json);
      });
      expect(numbers).not.toBeInstanceOf(Array);
      expect(numbers).toEqual(strings);
    }),
    { numRuns: 300 },
  );
});

const piece = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.constantFrom(
    "/",
    "//",
    "%",
    "%2F",
    "%ff",
    "%00",
    "..",
    ":",
    "?",
    "&",
    "=",
    "v1",
    "shelves",
    "books",
    "everything",
  ),
  fc.constantFrom(...everything.fields.flatMap(({ name, jsonName }) => [name, jsonName])),
  fc.constantFrom(
    "part.",
    "nested.",
    "__proto__",
    "constructor",
    "$alt=json&",
    "1e999",
    "NaN",
    "-0",
    "\ud800",
    "http://",
  ),
);
const noise = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(""));
const queryNoise = fc
  .array(fc.tuple(fc.constantFrom(...everything.fields.map(({ name }) => name)), noise), { maxLength: 6 })
  .map((pairs) => pairs.map((pair) => pair.join("=")).join("&"));

const allRoutes = buildRouteTree(
  httpBindingsOf(library).map((binding) => [binding, compileRequestBinder(binding)]),
);

it("match and bind do not throw for any target and body", () => {
  const target = fc.tuple(
    fc.constantFrom("", "/v1/", "/v1/everything", "/v1/shelves/a/books/"),
    noise,
    noise,
    queryNoise,
  );
  const method = fc.oneof(fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "SEARCH", "HEAD"), noise);
  const body = fc.option(fc.oneof(fc.jsonValue(), fc.anything({ withNullPrototype: true })), {
    nil: undefined,
  });
  fc.assert(
    fc.property(method, target, body, (httpMethod, [start, a, b, c], json) => {
      const { path, query } = parseRequestTarget(`${start}${a}?${b}&${c}`);
      const match = allRoutes.match(httpMethod, path);
      if (match !== undefined && "route" in match) {
        const result = match.route.bind({ captures: match.captures, query, body: json });
        expect("violations" in result ? result.violations.length : 1).toBeGreaterThan(0);
      }
    }),
    { numRuns: 2_000 },
  );
});

it("bind does not throw for any JSON with names of fields", () => {
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
    noise,
    fc.constant(Number.NaN),
  );
  const names = fc.constantFrom(...everything.fields.flatMap(({ name, jsonName }) => [name, jsonName]));
  const echo = compileRequestBinder(bindingFor(post("/v1", "*")));
  fc.assert(
    fc.property(fc.dictionary(names, value, { maxKeys: 5 }), (body) => {
      const result = echo.bind({ captures: [], query: "", body });
      if ("message" in result) {
        // What was accepted can be written, and read again.
        expect(read(toJson(everything, result.message))).not.toBeInstanceOf(Array);
      } else {
        expect(result.violations.length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 2_000 },
  );
});

it("parseJsonDocument does not throw for any bytes", () => {
  const readJson = createJsonReader(everything);
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    noise.map((each) => Buffer.from(each)),
    fc.tuple(fc.json(), index, fc.nat(255)).map(([json, at, byte]) => {
      const broken = Buffer.from(json);
      broken[at % broken.length] = byte;
      return broken;
    }),
  );
  fc.assert(
    fc.property(bytes, (each) => {
      const document = parseJsonDocument(each);
      expect("violations" in document ? document : readJson(document)).toBeTypeOf("object");
    }),
    { numRuns: 1_000 },
  );
});

it("decodeSegment reverses encodeSegment for any text", () => {
  fc.assert(
    fc.property(text, (each) => {
      const encoded = encodeSegment(each);
      expect(encoded).toMatch(/^[-_.~0-9A-Za-z%]*$/);
      expect(decodeSegment(encoded)).toBe(each);
      const segments = each.split("/");
      expect(decodeSegments(segments.map(encodeSegment).join("/"))).toBe(each);
    }),
    { numRuns: 2_000 },
  );
});

it("readErrorBody reverses writeErrorBody for any error", () => {
  const codes = Object.values(Code).filter((code): code is Code => typeof code === "number");
  const details = fc.tuple(
    text,
    text,
    fc.dictionary(text, text, { maxKeys: 2 }),
    fc.array(text, { maxLength: 3 }),
    index,
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...codes),
      text,
      details,
      (code, said, [reason, domain, metadata, fields, seconds]) => {
        const error = new ConnectError(said, code);
        const info = create(ErrorInfoSchema, { reason, domain, metadata });
        const request = create(BadRequestSchema, {
          fieldViolations: fields.map((field) => ({ field, description: said })),
        });
        const retry = create(RetryInfoSchema, {
          retryDelay: { seconds: BigInt(seconds), nanos: 500_000_000 },
        });
        const { value } = anyPack(StringValueSchema, create(StringValueSchema, { value: said }));
        error.details.push(
          { desc: ErrorInfoSchema, value: info },
          { desc: BadRequestSchema, value: request },
          { desc: RetryInfoSchema, value: retry },
          { type: "unknown.Type", value },
        );
        const httpStatus = httpStatusOf[code];
        const back = readErrorBody(
          writeErrorBody(error, { httpStatus, domain: "x" }),
          httpStatus,
          new Headers(),
        );
        expect([back.code, back.rawMessage]).toEqual([code, said]);
        expect(back.details).toHaveLength(3);
        expect(back.findDetails(ErrorInfoSchema)).toEqual([info]);
        expect(back.findDetails(BadRequestSchema)).toEqual([request]);
        expect(back.findDetails(RetryInfoSchema)).toEqual([retry]);
      },
    ),
    { numRuns: 500 },
  );
});
