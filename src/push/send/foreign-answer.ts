import { Code, ConnectError } from "@connectrpc/connect";
import { readError } from "../../client/index.ts";
import { shortenText } from "../../contract/field-violation.ts";
import type { PushRequest } from "../input/push-request.ts";
import type { Answer } from "./exchange.ts";
import { foreignEnding, type Outcome, troubleOf } from "./outcome.ts";
import { storedNameOf } from "./push-methods.ts";
import { isStoredName } from "./stored-resource.ts";

/**
 * Returns the outcome of an answer with the name of a resource: pushed if that is the one which the request stores.
 * `name` is undefined if the answer has no such resource.
 */
export function storedOutcome(request: PushRequest, name: string | undefined, answer: Answer): Outcome {
  if (name === undefined) {
    return foreignAnswer(answer);
  }
  return isStoredName(name, request)
    ? { kind: "pushed" }
    : foreignAnswer(answer, ` has another name than "${storedNameOf(request)}"`);
}

/** Statuses that say about a path or a method that it does not exist. Other servers send them for good. */
const absentStatuses: readonly number[] = [404, 405, 410, 501];

/**
 * Returns the outcome of an answer that is not from this API: neither an error of it nor what the request stores. It says
 * nothing about the record. `problem` says what is wrong with an answer that looks like one of this API.
 */
export function foreignAnswer(answer: Answer, problem?: string): Outcome {
  const { status, headers } = answer;
  const type = headers["content-type"];
  const kind = typeof type === "string" ? ` ${type.split(";", 1)[0]?.trim()}` : "";
  const target = status >= 300 && status < 400 ? redirectTarget(headers.location) : undefined;
  const words = problem ?? (target === undefined ? quoteWords(answer) : `, which redirects to ${target}`);
  const message = `HTTP ${status}${kind}${words}${foreignEnding}`;
  if (status === 401 && /^\s*bearer\b/i.test(String(headers["www-authenticate"] ?? ""))) {
    // RFC 6750: whoever sends this challenge has checked the token, such as a gateway.
    return { ...troubleOf("foreign", message), kind: "unauthenticated", code: "UNAUTHENTICATED" };
  }
  if (status === 413) {
    return { ...troubleOf("too-large", message), code: "RESOURCE_EXHAUSTED", reason: "REQUEST_TOO_LARGE" };
  }
  return troubleOf("foreign", message, {
    isLasting: absentStatuses.includes(status) || (status >= 300 && status < 400 && status !== 304),
    retryAfterMs: retryAfterMs(headers["retry-after"]),
  });
}

/** Returns the origin of a redirect: its path may have the user key. */
function redirectTarget(location: unknown): string {
  return typeof location === "string" && URL.canParse(location)
    ? new URL(location).origin
    : "another path of the same host";
}

function retryAfterMs(header: unknown): number | undefined {
  const headers = typeof header === "string" ? { "retry-after": header } : undefined;
  return readError(new ConnectError("", Code.Unavailable, headers)).retryAfterMs;
}

/** Bytes of an answer in which its first words are looked for. */
const maxReadLength = 8 * 1024;

/** Longest text of a page that is shown, in characters. */
const maxWordsLength = 100;

/** Returns the first words of a page without its markup, in quotes; an empty text if it has none. */
function quoteWords({ headers, body }: Answer): string {
  if (headers["content-encoding"] !== undefined && headers["content-encoding"] !== "identity") {
    return "";
  }
  const text = body
    .toString("utf8", 0, maxReadLength)
    .replaceAll(/<(script|style)\b[\s\S]*?(?:<\/\1\s*>|$)|<!--[\s\S]*?(?:-->|$)|<[^>]*(?:>|$)/gi, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  // Whole words only: half a user key or access token would not be found and masked.
  const whole = text.length <= maxWordsLength && body.length <= maxReadLength;
  const words = whole ? text : shortenText(text, maxWordsLength).replace(/\S*…?$/, "…");
  return words === "" ? "" : ` "${words}"`;
}
