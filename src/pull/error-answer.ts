import { shortenText } from "../contract/field-violation.ts";
import { type JsonObject, readJsonBody, retryAfterProblems } from "./answer-rules.ts";
import type { Answer } from "./exchange.ts";
import { error, type Problem, quoted, warning } from "./finding.ts";
import type { KeyType } from "./target-url.ts";

/** What was asked of an operator's server. */
export type Question = "planStatus" | "eligibility" | "cpid";

/** An answer that is an error, as Google documents it or not. */
export type ErrorAnswer = {
  readonly status: number;
  readonly cause?: string;
  readonly errorMessage?: string;
};

type DocumentedError = {
  /** The documented cause; absent if Google names none for the status, so that any of its causes is possible. */
  readonly cause?: string;
  readonly meaning: string;
  readonly retryAfter?: true;
  readonly keyType?: KeyType;
  /** Defaults to all questions except the CPID. */
  readonly of?: readonly Question[];
};

/** The errors that Google's pages document, by HTTP status. */
export const documentedErrors: Readonly<Record<number, DocumentedError>> = {
  400: { meaning: "the plan id is invalid, or missing although it is required", of: ["eligibility"] },
  403: { cause: "USER_ROAMING", meaning: "the user is roaming", of: ["planStatus", "eligibility", "cpid"] },
  404: { cause: "INVALID_NUMBER", meaning: "the user key is not known" },
  409: { meaning: "the request conflicts with the state of the agent, or the plan with those of the user" },
  410: { cause: "BAD_CPID", meaning: "the CPID has expired, and Google asks for a new one", keyType: "CPID" },
  429: { cause: "TOO_MANY_REQUESTS", meaning: "Google calls too often", retryAfter: true },
  500: { cause: "ERROR_CAUSE_UNSPECIFIED", meaning: "any other error" },
  501: { cause: "SERVICE_UNAVAILABLE", meaning: "the agent does not support this call" },
  503: { meaning: "the agent is unavailable for a time", retryAfter: true },
};

/** The values of Google's ErrorCause. */
export const errorCauses: readonly string[] = [
  "ERROR_CAUSE_UNSPECIFIED",
  "INVALID_NUMBER",
  "INCOMPATIBLE_PLAN",
  "DUPLICATE_TRANSACTION",
  "BAD_REQUEST",
  "BAD_CPID",
  "BACKEND_FAILURE",
  "REQUEST_QUEUED",
  "USER_ROAMING",
  "USER_OPT_OUT",
  "SIM_RELOAD_REQUIRED",
  "TOO_MANY_REQUESTS",
  "PAYMENT_MISSING",
  "INVALID_IMSI",
  "INELIGIBLE_FOR_SERVICE",
  "SERVICE_UNAVAILABLE",
  "SERVICE_NOT_SUBSCRIBED",
  "ACCOUNT_SUSPENDED",
];

/**
 * Checks an answer that is neither 200 nor a redirect: its status, its body `{"errorMessage": …, "cause": …}` and its
 * headers. A documented error is a warning, because the answer is as it must be but has no result.
 */
export function checkErrorAnswer(
  answer: Answer,
  question: Question,
  keyType: KeyType | undefined,
): { readonly error: ErrorAnswer; readonly problems: readonly Problem[] } {
  const { status } = answer;
  if (status === 401) {
    return { error: { status }, problems: unauthorizedProblems(answer) };
  }
  const { json, problems } = readJsonBody(answer);
  const cause = textOf(json?.cause);
  const errorMessage = textOf(json?.errorMessage);
  const found: ErrorAnswer = {
    status,
    ...(cause !== undefined && { cause }),
    ...(errorMessage !== undefined && { errorMessage }),
  };
  const documented = documentedOf(status, question);
  const rules =
    documented === undefined
      ? [error("status", `is ${status}, which is not documented: use one of ${statusesOf(question)}`)]
      : statusProblems(documented, found, answer, keyType);
  return {
    error: found,
    problems: [...rules, ...problems, ...(json ? bodyProblems(json, found, documented) : [])],
  };
}

/** Longest text of an answer that is reported, in characters. */
const maxText = 1_024;

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? shortenText(value, maxText) : undefined;
}

function documentedOf(status: number, question: Question): DocumentedError | undefined {
  const documented = Object.hasOwn(documentedErrors, status) ? documentedErrors[status] : undefined;
  const { of = ["planStatus", "eligibility"] } = documented ?? {};
  return of.includes(question) ? documented : undefined;
}

function statusesOf(question: Question): string {
  const statuses = Object.keys(documentedErrors).filter((status) => documentedOf(Number(status), question));
  return ["200", ...statuses].join(", ");
}

function statusProblems(
  { meaning, retryAfter, keyType: only, cause: expected }: DocumentedError,
  { status, cause }: ErrorAnswer,
  answer: Answer,
  keyType: KeyType | undefined,
): Problem[] {
  const name = cause === undefined || cause !== expected ? `${status}` : `${status} ${cause}`;
  return [
    warning("status", `is ${name}: ${meaning}; the answer has no result`),
    ...(only !== undefined && only !== keyType
      ? [error("status", `is ${status}, which is only for key_type=${only}, but the request has ${keyType}`)]
      : []),
    ...(retryAfter ? retryAfterProblems(answer) : []),
  ];
}

function bodyProblems(
  json: JsonObject,
  { status, cause }: ErrorAnswer,
  documented: DocumentedError | undefined,
): Problem[] {
  const problems: Problem[] = [];
  if (json.errorMessage !== undefined && typeof json.errorMessage !== "string") {
    problems.push(error("errorMessage", "must be a string: a description of the error for people"));
  } else if (!json.errorMessage) {
    problems.push(warning("errorMessage", "is missing: describe the error for people"));
  }
  if (json.cause !== undefined && cause === undefined) {
    problems.push(error("cause", "must be a string: the name of a cause of errors"));
  } else {
    problems.push(...causeProblems(cause, status, documented));
  }
  const others = Object.keys(json).filter((name) => name !== "cause" && name !== "errorMessage");
  return [
    ...problems,
    ...others.slice(0, 10).map((name) => warning(quoted(name), "is not a field of an error")),
  ];
}

function causeProblems(
  cause: string | undefined,
  status: number,
  documented: DocumentedError | undefined,
): Problem[] {
  const expected = documented?.cause;
  // The zero value of an enum may be left out of JSON.
  const actual = cause ?? "ERROR_CAUSE_UNSPECIFIED";
  if (!errorCauses.includes(actual)) {
    return [
      error(
        "cause",
        `${quoted(actual)} is not a cause of errors: ${expected ?? `one of ${errorCauses.join(", ")}`} was expected`,
      ),
    ];
  }
  if (actual === expected || documented === undefined) {
    return [];
  }
  const own = Object.entries(documentedErrors).find(
    ([other, each]) =>
      each.cause === actual && actual !== "ERROR_CAUSE_UNSPECIFIED" && Number(other) !== status,
  );
  if (expected === undefined) {
    // Google's description of SERVICE_UNAVAILABLE fits 503, too.
    return own === undefined || actual === "SERVICE_UNAVAILABLE"
      ? []
      : [error("cause", `is ${actual}, which is the cause of status ${own[0]}, not of ${status}`)];
  }
  const shown = cause === undefined ? "is missing" : `is ${actual}`;
  const isOther = expected === "ERROR_CAUSE_UNSPECIFIED" && own === undefined;
  return [
    (isOther ? warning : error)("cause", `${shown}: the documented cause of status ${status} is ${expected}`),
  ];
}

/** RFC 6750 3: a resource that rejects a token says so in WWW-Authenticate. */
function unauthorizedProblems({ headers }: Answer): Problem[] {
  const challenge = headers["www-authenticate"];
  return [
    error("status", "is 401: the server rejected the access token, or requires one; check the credentials"),
    ...(/(^|,\s*)Bearer\b/i.test(challenge ?? "")
      ? []
      : [error("WWW-Authenticate", 'must be a challenge such as Bearer error="invalid_token" (RFC 6750 3)')]),
  ];
}
