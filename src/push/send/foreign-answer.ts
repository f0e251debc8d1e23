import { Code, ConnectError } from "@connectrpc/connect";
import { readError } from "../../client/index.ts";
import { absentStatuses, quoteWords, redirectTarget, typeOf } from "../../network/server-text.ts";
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

/**
 * Returns the outcome of an answer that is not from this API: neither an error of it nor what the request stores. It says
 * nothing about the record. `problem` says what is wrong with an answer that looks like one of this API.
 */
export function foreignAnswer(answer: Answer, problem?: string): Outcome {
  const { status, headers, body } = answer;
  const [kind, coding] = [typeOf(headers["content-type"]), headers["content-encoding"]];
  const target = status >= 300 && status < 400 ? redirectTarget(headers.location) : undefined;
  const words =
    problem ??
    (target === undefined ? quoteWords(body, String(coding ?? "")) : `, which redirects to ${target}`);
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

function retryAfterMs(header: unknown): number | undefined {
  const headers = typeof header === "string" ? { "retry-after": header } : undefined;
  return readError(new ConnectError("", Code.Unavailable, headers)).retryAfterMs;
}
