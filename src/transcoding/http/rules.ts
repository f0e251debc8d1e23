import {
  create,
  type DescMethod,
  type DescService,
  getOption,
  hasOption,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { http } from "#deps/google/api/annotations_pb.js";
import { type HttpRule, HttpRuleSchema } from "#deps/google/api/http_pb.js";
import { type PathTemplate, parsePathTemplate } from "./path-template.ts";

/** One way to call a method over HTTP: an HttpRule without its additional bindings. */
export type HttpBinding = {
  readonly method: DescMethod;
  /** `GET`, `POST` … in the spelling of the rule, or `*` for every method. */
  readonly httpMethod: string;
  readonly template: PathTemplate;
  /** Which field the body fills: a name of the request's fields, `*` for the whole request, "" for no body. */
  readonly body: string;
  /** Which field of the response is the body; "" for all of it. */
  readonly responseBody: string;
};

// RFC 9110 5.6.2. What is none would break the Allow header of other methods.
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Rules that replace the annotation of the method that each one's `selector` names in full, such as
 * `library.v1.Library.GetBook`. Of several for one method the last one counts, as in google.api.Http.
 */
export type HttpRules = readonly MessageInitShape<typeof HttpRuleSchema>[];

/**
 * Returns the bindings of the service's methods, from their google.api.http options or the rules given instead.
 * Throws on a bad rule.
 */
export function httpBindingsOf(service: DescService, rules: HttpRules = []): HttpBinding[] {
  return service.methods.flatMap((method) => {
    const given = rules.findLast(({ selector }) => selector === `${service.typeName}.${method.name}`);
    const rule = given === undefined ? annotationOf(method) : create(HttpRuleSchema, given);
    return rule === undefined ? [] : bindingsOfRule(method, rule);
  });
}

function annotationOf(method: DescMethod): HttpRule | undefined {
  return hasOption(method, http) ? getOption(method, http) : undefined;
}

/** Returns the rule's own binding and its additional ones. Throws an error that names the method. */
export function bindingsOfRule(method: DescMethod, rule: HttpRule): HttpBinding[] {
  const nested = rule.additionalBindings.find((additional) => additional.additionalBindings.length > 0);
  if (nested !== undefined) {
    throw new Error(`${method}: additional_bindings cannot have additional_bindings`);
  }
  return [rule, ...rule.additionalBindings].map((each) => bindingOf(method, each));
}

function bindingOf(method: DescMethod, rule: HttpRule): HttpBinding {
  const { pattern } = rule;
  if (pattern.case === undefined) {
    throw new Error(`${method}: its google.api.http rule has no path`);
  }
  const [httpMethod, path] =
    pattern.case === "custom"
      ? [pattern.value.kind, pattern.value.path]
      : [pattern.case.toUpperCase(), pattern.value];
  if (!token.test(httpMethod)) {
    throw new Error(`${method}: its google.api.http rule has the HTTP method "${httpMethod}", which is none`);
  }
  return {
    method,
    httpMethod,
    template: templateOf(method, path),
    body: rule.body,
    responseBody: rule.responseBody,
  };
}

function templateOf(method: DescMethod, path: string): PathTemplate {
  try {
    return parsePathTemplate(path);
  } catch (cause) {
    throw new Error(`${method}: ${(cause as Error).message}`, { cause });
  }
}
