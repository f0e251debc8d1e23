import { isJson, parseJsonDocument } from "../transcoding/index.ts";
import type { Answer } from "./exchange.ts";
import { error, type Problem, quoted } from "./finding.ts";

/** A JSON object of any fields. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The JSON object in the body of an answer, if there is one, and what is wrong with it and its media type. */
export type JsonBody = { readonly json?: JsonObject; readonly problems: readonly Problem[] };

/** Reads a small JSON object. */
export function readJsonBody(answer: Answer): JsonBody {
  const problems = mediaTypeProblems(answer);
  if (answer.body === undefined) {
    return { problems };
  }
  const document = parseJsonDocument(answer.body);
  if ("violations" in document) {
    return {
      problems: [...problems, ...document.violations.map((each) => error(each.field, each.description))],
    };
  }
  const { json } = document;
  return isObject(json)
    ? { json, problems }
    : { problems: [...problems, error("body", "must be a JSON object")] };
}

/** Returns whether a JSON value is an object, and no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns a problem unless the Content-Type is JSON in UTF-8. */
export function mediaTypeProblems({ headers }: Answer): Problem[] {
  const type = headers["content-type"];
  if (isJson(type)) {
    return [];
  }
  const found = type === undefined ? "is missing" : `is ${quoted(type)}`;
  return [error("Content-Type", `${found}: must be application/json, in UTF-8`)];
}

/** Returns a problem for a redirect, which is not followed. */
export function redirectProblems({ status, headers }: Answer): Problem[] {
  if (status < 300 || status > 399) {
    return [];
  }
  const to = headers.location === undefined ? "" : ` to ${quoted(headers.location)}`;
  return [error("status", `is ${status}, a redirect${to}: answer at the URL that Google calls`)];
}

/** Returns a problem if a cache has answered, although the request has `Cache-Control: no-cache`. */
export function cacheProblems({ headers }: Answer): Problem[] {
  const todo = "a cache answered, but the request has Cache-Control: no-cache; do not cache this path";
  const problems: Problem[] = [];
  // RFC 9111 5.1: caches add Age. On the way to the origin server, some add 0.
  if (/^\s*0*[1-9]\d*\s*$/.test(headers.age ?? "")) {
    problems.push(error("Age", `is ${headers.age?.trim()}: ${todo}`));
  }
  // RFC 9211 2.1
  if (/;\s*hit\s*(?:;|,|$)/i.test(headers["cache-status"] ?? "")) {
    problems.push(error("Cache-Status", `is a hit: ${todo}`));
  }
  return problems;
}

/** Returns a problem unless Retry-After is a number of seconds or an HTTP date (RFC 9110 10.2.3). */
export function retryAfterProblems({ status, headers }: Answer): Problem[] {
  const text = headers["retry-after"];
  const expected = "a number of seconds or an HTTP date after which Google may call again";
  if (text === undefined) {
    return [error("Retry-After", `is required with status ${status}: send ${expected}`)];
  }
  const isDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text);
  return /^\d{1,9}$/.test(text) || (isDate && !Number.isNaN(Date.parse(text)))
    ? []
    : [error("Retry-After", `is ${quoted(text)}: must be ${expected}`)];
}
