import { create, createRegistry, fromJson, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import { file_google_protobuf_duration, file_google_protobuf_timestamp } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { HttpRuleSchema } from "#deps/google/api/http_pb.js";
import { file_google_rpc_error_details } from "#deps/google/rpc/error_details_pb.js";
import { expandRequest } from "../../src/transcoding/client/expand-request.ts";
import { readErrorBody, retryAfterSeconds, writeErrorBody } from "../../src/transcoding/http/error-body.ts";
import { parsePathTemplate } from "../../src/transcoding/http/path-template.ts";
import { parseRequestTarget } from "../../src/transcoding/http/request-target.ts";
import { buildRouteTree } from "../../src/transcoding/http/route-tree.ts";
import type { HttpBinding } from "../../src/transcoding/http/rules.ts";
import { codeOfHttpStatus, httpStatusOf, statusNameOf } from "../../src/transcoding/http/status.ts";
import { parseJsonDocument } from "../../src/transcoding/json/bytes.ts";
import { checkDuplicateKeys } from "../../src/transcoding/json/document.ts";
import type { ReadingOptions } from "../../src/transcoding/json/reading-state.ts";
import { compileMessageWriter } from "../../src/transcoding/server/message-writer.ts";
import { compileRequestBinder } from "../../src/transcoding/server/request-binder.ts";
import bindingCases from "./cases/binding.json" with { type: "json" };
import errorCases from "./cases/errors.json" with { type: "json" };
import expansionCases from "./cases/expansion.json" with { type: "json" };
import matchingCases from "./cases/matching.json" with { type: "json" };
import templateCases from "./cases/templates.json" with { type: "json" };
import { bindingsFor, custom, everything, found, libraryFile } from "./fixtures/library.ts";

// cases/README.md describes the files.
type Text = string | readonly (string | { readonly repeat: string; readonly times: number })[];
type Case = { readonly points: readonly string[]; readonly name: string };

const registry = createRegistry(libraryFile, file_google_protobuf_timestamp, file_google_protobuf_duration);
const detailTypes = createRegistry(file_google_rpc_error_details);

function textOf(text: Text): string {
  return typeof text === "string"
    ? text
    : text.map((part) => (typeof part === "string" ? part : part.repeat.repeat(part.times))).join("");
}

/** Returns cases with titles for it.each; `subjectOf` is the input of a case. */
function titled<T extends Case>(cases: readonly T[], subjectOf: (each: T) => unknown): [string, T][] {
  return cases.map((each) => [`${JSON.stringify(subjectOf(each)).slice(0, 80)} (${each.name})`, each]);
}

/** The bindings of one rule, given as the JSON of a google.api.HttpRule. */
function bindingsOf(rule: unknown): HttpBinding[] {
  return bindingsFor(fromJson(HttpRuleSchema, rule as JsonValue));
}

/** Compiles everything that a server compiles on start-up. */
function compile(bindings: readonly HttpBinding[]) {
  for (const binding of bindings) {
    compileMessageWriter(binding);
  }
  return buildRouteTree(bindings.map((binding) => [binding, compileRequestBinder(binding)]));
}

describe("templates.json", () => {
  type Segment = string | { any: "one" | "many" };
  type Parse = Case & { template: string; segments?: Segment[]; variables?: object[]; verb?: string };

  it.each(titled(templateCases.parse as Parse[], ({ template }) => template))(
    "parsePathTemplate returns what templates.json expects of %s",
    (_, each) => {
      if (each.segments === undefined) {
        expect(() => parsePathTemplate(each.template)).toThrow();
        return;
      }
      const { segments, variables, verb } = parsePathTemplate(each.template);
      const wildcards = { "*": { any: "one" }, "**": { any: "many" } };
      expect(
        segments.map((segment) => (segment.kind === "literal" ? segment.text : wildcards[segment.kind])),
      ).toEqual(each.segments);
      expect(
        variables.map(({ fieldPath, start, end, multiSegment: multi }) => ({
          field: fieldPath.join("."),
          start,
          end,
          multi,
        })),
      ).toEqual(each.variables ?? []);
      expect(verb).toBe(each.verb);
    },
  );

  type Rules = Case & { rules: unknown[]; error?: string };

  it.each(titled(templateCases.rules as Rules[], ({ rules }) => rules))(
    "compiling rules succeeds or throws as templates.json expects of %s",
    (_, { rules, error }) => {
      const start = () => compile(rules.flatMap(bindingsOf));
      if (error === undefined) {
        expect(start).not.toThrow();
      } else {
        expect(start).toThrow("library.v1");
      }
    },
  );
});

type Matching = Case & {
  request: Text;
  route?: string;
  captures?: Readonly<Record<string, Text>>;
  allowed?: string[];
};

describe.each(matchingCases)("matching.json: $name", ({ routes, cases }) => {
  const tree = buildRouteTree(
    routes.map((route) => {
      const [method = "", path = ""] = route.split(" ");
      const binding = found(bindingsFor(custom(method, path))[0], "binding");
      return [binding, { route, names: binding.template.variables.map((each) => each.fieldPath.join(".")) }];
    }),
  );

  it.each(titled(cases as unknown as Matching[], ({ request }) => textOf(request)))(
    "match returns what matching.json expects of %s",
    (_, { request, route, captures = {}, allowed }) => {
      const text = textOf(request);
      const blank = text.indexOf(" ");
      const match = tree.match(text.slice(0, blank), parseRequestTarget(text.slice(blank + 1)).path);
      if (match === undefined || "allowed" in match) {
        expect([route, match?.allowed]).toEqual([undefined, allowed]);
        return;
      }
      expect([match.route.route, undefined]).toEqual([route, allowed]);
      expect(match.route.names.map((name, index) => [name, match.captures[index]])).toEqual(
        Object.entries(captures).map(([name, capture]) => [name, textOf(capture)]),
      );
    },
  );
});

type Binding = Case & {
  target: Text;
  body?: unknown;
  bodyText?: Text;
  bodyBase64?: string;
  ignoreUnknownFields?: boolean;
  message?: JsonValue;
  violations?: string[] | number;
};

function bytesOf(each: Binding): Uint8Array {
  if (each.bodyBase64 !== undefined) {
    return Buffer.from(each.bodyBase64, "base64");
  }
  const written = "body" in each ? JSON.stringify(each.body) : "";
  return Buffer.from(each.bodyText === undefined ? written : textOf(each.bodyText));
}

/** Binds like a server. Returns the message, or the fields with violations. */
function bind(bindings: readonly HttpBinding[], each: Binding): Message | string[] {
  const { path, query } = parseRequestTarget(textOf(each.target));
  const tree = buildRouteTree(bindings.map((binding) => [binding, binding]));
  const match = tree.match(bindings[0]?.httpMethod ?? "", path);
  if (match === undefined || !("route" in match)) {
    throw new Error("the target has no route");
  }
  const bytes = bytesOf(each);
  const document = bytes.length === 0 ? { json: undefined, text: "" } : parseJsonDocument(bytes);
  const fieldsOf = (violations: readonly { field: string }[]) => violations.map(({ field }) => plain(field));
  if ("violations" in document) {
    return fieldsOf(document.violations);
  }
  const options: ReadingOptions = { ignoreUnknownFields: each.ignoreUnknownFields ?? false, registry };
  const { captures, route } = match;
  const bound = compileRequestBinder(route, options).bind({ captures, query, body: document.json });
  if ("violations" in bound) {
    return fieldsOf(bound.violations);
  }
  const twice = checkDuplicateKeys(document, bound.keys);
  return twice.length > 0 ? fieldsOf(twice) : bound.message;
}

/** Returns a field as its plain text: names that are not plain words are shown as JSON. */
function plain(field: string): string {
  return field.startsWith('"') ? (JSON.parse(field) as string) : field;
}

describe.each(bindingCases)("binding.json: $name", ({ rule, cases }) => {
  const bindings = bindingsOf(rule);

  it.each(titled(cases as unknown as Binding[], ({ target }) => textOf(target)))(
    "bind returns what binding.json expects of %s",
    (_, each) => {
      const bound = bind(bindings, each);
      if (Array.isArray(bound)) {
        const found = typeof each.violations === "number" ? bound.length : bound.toSorted();
        expect(found).toEqual(Array.isArray(each.violations) ? each.violations.toSorted() : each.violations);
        expect(bound.every((field) => field.length <= 10_000)).toBe(true);
      } else {
        expect([toJson(everything, bound, { registry }), undefined]).toEqual([each.message, each.violations]);
      }
      expect({}).not.toHaveProperty("polluted");
    },
  );
});

type Expansion = Case & {
  rule: unknown;
  message: JsonValue;
  set?: object;
  request?: string;
  body?: JsonValue;
  invalidField?: string;
};

describe.each(expansionCases)("expansion.json: $name", ({ cases }) => {
  it.each(titled(cases as unknown as Expansion[], ({ message }) => message))(
    "expandRequest returns what expansion.json expects of %s",
    (_, each) => {
      const message = Object.assign(fromJson(everything, each.message), each.set);
      const expanded = expandRequest(found(bindingsOf(each.rule)[0], "binding"), message);
      if ("problem" in expanded) {
        expect([expanded.problem.split(" ")[0], undefined]).toEqual([each.invalidField, each.request]);
        return;
      }
      const { httpMethod, path, query, body } = expanded;
      expect(`${httpMethod} ${path}${query === "" ? "" : `?${query}`}`).toBe(each.request);
      expect(body).toEqual(each.body);
    },
  );
});

function errorOf(code: number, message: string, details: readonly JsonValue[] = []): ConnectError {
  const error = new ConnectError(message, code as Code);
  for (const detail of details) {
    const { "@type": url = "", ...json } = detail as Record<string, JsonValue>;
    const desc = found(detailTypes.getMessage(String(url).replace(/^.*\//, "")), String(url));
    error.details.push({ desc, value: fromJson(desc, json) as never });
  }
  return error;
}

function detailsOf(error: ConnectError): unknown[] {
  return error.details.map((detail) => {
    if ("type" in detail) {
      return { type: detail.type, json: detail.debug };
    }
    const { desc, value } = detail as { desc: typeof everything; value: Message };
    return {
      "@type": `type.googleapis.com/${desc.typeName}`,
      ...(toJson(desc, create(desc, value as never)) as object),
    };
  });
}

describe("errors.json", () => {
  it.each(errorCases.codes)(
    "the code $status has the HTTP status $http, as errors.json expects",
    ({ code, status, http }) => {
      expect([httpStatusOf[code as Code], statusNameOf[code as Code]]).toEqual([http, status]);
    },
  );

  it("errors.json has every canonical code", () => {
    expect(errorCases.codes.map(({ code }) => code)).toEqual(Object.values(Code).filter(Number.isInteger));
  });

  it.each(titled(errorCases.write, ({ error }) => error.message))(
    "writeErrorBody writes what errors.json expects of %s",
    (_, { error, http, bodyPath, body }) => {
      const written = writeErrorBody(errorOf(error.code, error.message, error.details as JsonValue[]), {
        httpStatus: http,
        domain: "library",
        bodyPath,
      });
      expect(JSON.parse(written)).toEqual(body);
    },
  );

  type Read = Case & {
    http: number;
    body?: unknown;
    bodyText?: string;
    status: string;
    message?: string;
    details?: unknown[];
  };

  it.each(titled(errorCases.read as Read[], ({ http }) => http))(
    "readErrorBody returns what errors.json expects of %s",
    (_, each) => {
      const error = readErrorBody(each.bodyText ?? JSON.stringify(each.body), each.http, new Headers());
      expect(statusNameOf[error.code]).toBe(each.status);
      expect(error.rawMessage).toBe(each.message ?? error.rawMessage);
      expect(detailsOf(error)).toEqual(each.details ?? []);
      if (each.bodyText === "") {
        expect(codeOfHttpStatus(each.http)).toBe(error.code);
      }
    },
  );

  it.each(titled(errorCases.retryAfter, ({ seconds }) => seconds))(
    "retryAfterSeconds returns what errors.json expects: %s",
    (_, { details, seconds }) => {
      expect(retryAfterSeconds(errorOf(8, "", details as JsonValue[])) ?? null).toBe(seconds);
    },
  );
});
