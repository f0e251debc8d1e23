import {
  create,
  type DescField,
  type DescMethod,
  type DescService,
  getOption,
  hasOption,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { http } from "#deps/google/api/annotations_pb.js";
import { type HttpRule, HttpRuleSchema } from "#deps/google/api/http_pb.js";
import { type PathTemplate, parsePathTemplate } from "./path-template.ts";

/** One HTTP form of a method: an HttpRule without its additional bindings. */
export type HttpBinding = {
  readonly method: DescMethod;
  /** 0 for the rule itself, n for the n-th of its additional bindings. */
  readonly index: number;
  /** `GET`, `POST` … as spelled in the rule, or `*` for every HTTP method. */
  readonly httpMethod: string;
  readonly template: PathTemplate;
  /** Name of the request field that is the body, `*` for the whole request, "" for no body. */
  readonly body: string;
  /** Name of the response field that is the body, "" for the whole response. */
  readonly responseBody: string;
};

// RFC 9110 5.6.2. Anything else would break the Allow header.
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Rules that replace the annotations of methods. `selector` is the full name of the method, such as
 * `library.v1.Library.GetBook`. The last rule of a method wins, as in google.api.Http.
 */
export type HttpRules = readonly MessageInitShape<typeof HttpRuleSchema>[];

/**
 * Returns the bindings of a service's methods, from their google.api.http annotations or `rules`. Throws if a rule is
 * invalid.
 */
export function httpBindingsOf(service: DescService, rules: HttpRules = []): HttpBinding[] {
  return service.methods.flatMap((method) => httpBindingsOfMethod(method, rules));
}

/** Returns the bindings of one method, like {@link httpBindingsOf}. Rules of other methods may be invalid. */
export function httpBindingsOfMethod(method: DescMethod, rules: HttpRules = []): HttpBinding[] {
  const given = rules.findLast(({ selector }) => selector === `${method.parent.typeName}.${method.name}`);
  if (given !== undefined) {
    return bindingsOfRule(method, create(HttpRuleSchema, given));
  }
  return hasOption(method, http) ? bindingsOfRule(method, getOption(method, http)) : [];
}

/** Returns the request field that is the body, if the body is one field. Throws if the request has no such field. */
export function bodyFieldOf({ method, body }: HttpBinding): DescField | undefined {
  const field = method.input.fields.find(({ name }) => name === body);
  if (field === undefined && body !== "" && body !== "*") {
    throw new Error(
      `${method}: its google.api.http rule has the body "${body}", which is not a field of the request`,
    );
  }
  return field;
}

/** Returns the response field that is the body, if the body is one field. Throws if the response has no such field. */
export function responseFieldOf({ method, responseBody }: HttpBinding): DescField | undefined {
  const field = method.output.fields.find(({ name }) => name === responseBody);
  if (field === undefined && responseBody !== "") {
    throw new Error(
      `${method}: its google.api.http rule has the response_body "${responseBody}", which is not a field of the response`,
    );
  }
  return field;
}

/** Returns why a method cannot be called over REST: it streams requests. Returns undefined if it can. */
export function requestStreamProblem(method: DescMethod): string | undefined {
  return method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming"
    ? `${method} cannot be called over REST: a request is one message, but this method streams requests`
    : undefined;
}

/** Returns the binding of a rule and its additional bindings. Throws an error with the method's name. */
export function bindingsOfRule(method: DescMethod, rule: HttpRule): HttpBinding[] {
  if (rule.additionalBindings.some((additional) => additional.additionalBindings.length > 0)) {
    throw new Error(`${method}: additional_bindings cannot have additional_bindings`);
  }
  return [rule, ...rule.additionalBindings].map((each, index) => bindingOf(method, each, index));
}

function bindingOf(method: DescMethod, rule: HttpRule, index: number): HttpBinding {
  const { pattern } = rule;
  if (pattern.case === undefined) {
    throw new Error(`${method}: its google.api.http rule has no path`);
  }
  const [httpMethod, path] =
    pattern.case === "custom"
      ? [pattern.value.kind, pattern.value.path]
      : [pattern.case.toUpperCase(), pattern.value];
  if (!token.test(httpMethod)) {
    throw new Error(
      `${method}: its google.api.http rule has the HTTP method "${httpMethod}", which is not valid`,
    );
  }
  if (httpMethod.toUpperCase() === "CONNECT") {
    throw new Error(`${method}: its google.api.http rule cannot be for CONNECT, whose requests have no path`);
  }
  if (rule.body !== "" && /^(?:get|head)$/i.test(httpMethod)) {
    // RFC 9110 9.3.1: content in these requests has no meaning, and many clients and proxies cannot send it.
    throw new Error(
      `${method}: its google.api.http rule ${httpMethod} ${path} has the body "${rule.body}", but ${httpMethod} requests have none`,
    );
  }
  return {
    method,
    index,
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
