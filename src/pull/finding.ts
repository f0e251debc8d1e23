import { escapeInvisible, type FieldViolation, shortenText } from "../contract/field-violation.ts";

/** An error breaks a documented rule or prevents Google from using the answer. A warning needs the eye of a person. */
export type Severity = "error" | "warning";

/** What is wrong with one answer: a field of its body, a header or `status`, and what was expected. */
export type Problem = FieldViolation & { readonly severity: Severity };

/** A problem and the answer it was found in, such as `pull` or `second token`. */
export type Finding = Problem & { readonly answer: string };

/** A request that was made, and what is known of its answer. Without secrets: the token is not in it. */
export type ExchangeReport = {
  /** Name of the exchange, as in findings. */
  readonly answer: string;
  readonly method: string;
  readonly url: string;
  /** Absent if no answer arrived. */
  readonly status?: number;
  /** The headers of the answer that matter to Google, with lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** From the start of the connection to the end of the answer, in milliseconds. */
  readonly durationMs: number;
};

/** Creates a problem that breaks a documented rule. */
export function error(field: string, description: string): Problem {
  return { severity: "error", field, description };
}

/** Creates a problem that a person should look at. */
export function warning(field: string, description: string): Problem {
  return { severity: "warning", field, description };
}

/** Returns a text of an answer in quotes, at most 128 characters and without invisible ones. */
export function quoted(text: string): string {
  return escapeInvisible(JSON.stringify(shortenText(text, 128)));
}

/** Returns a short description of a JSON value of an answer. Never walks through it: it may be nested deep. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) {
    return "a list";
  }
  if (typeof value === "string") {
    return quoted(value);
  }
  // Numbers that no double has are objects here.
  const isObject = typeof value === "object" && value !== null && !("toJSON" in value);
  return isObject ? "an object" : shortenText(JSON.stringify(value), 128);
}
