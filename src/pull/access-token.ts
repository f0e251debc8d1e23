import { isObject, type JsonObject, readJsonBody, redirectProblems } from "./answer-rules.ts";
import type { Answer } from "./exchange.ts";
import { error, type Problem, quoted, shown, warning } from "./finding.ts";
import type { Run } from "./run.ts";

/** The credentials of Google at the token endpoint of an operator. */
export type OAuthClient = { readonly id: string; readonly secret: string };

/**
 * Requests an access token as Google does: client credentials (RFC 6749 4.4) with HTTP Basic authentication, in which id and
 * secret are form-encoded (RFC 6749 2.3.1). Resolves with undefined if there is none that Google can use.
 */
export async function fetchAccessToken(
  name: string,
  url: URL,
  client: OAuthClient,
  run: Run,
): Promise<string | undefined> {
  const basic = Buffer.from(`${formEncode(client.id)}:${formEncode(client.secret)}`).toString("base64");
  const answer = await run.exchange({
    name,
    method: "POST",
    url,
    headers: { authorization: `Basic ${basic}`, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ grant_type: "client_credentials", client_id: client.id }).toString(),
  });
  if (answer === undefined) {
    return undefined;
  }
  const { token, problems } = checkTokenAnswer(answer);
  run.add(name, problems);
  return token;
}

function formEncode(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

/** Checks the answer of a token endpoint (RFC 6749 5.1 and 5.2). */
export function checkTokenAnswer(answer: Answer): { token?: string; problems: Problem[] } {
  const redirect = redirectProblems(answer);
  if (redirect.length > 0) {
    return { problems: redirect };
  }
  const { json, problems } = readJsonBody(answer);
  if (answer.status !== 200) {
    return { problems: [...tokenErrorProblems(answer, json), ...problems] };
  }
  const found = [...problems, ...(json === undefined ? [] : fieldProblems(json)), ...storeProblems(answer)];
  const token = json?.access_token;
  const isUsable = typeof token === "string" && isBearerToken(token) && isBearer(json?.token_type);
  return { ...(isUsable && { token }), problems: found };
}

/** Returns whether a token can follow the word Bearer (RFC 6750 2.1). */
export function isBearerToken(token: string): boolean {
  return /^[A-Za-z0-9._~+/-]+=*$/.test(token);
}

/** What {@link isBearerToken} accepts. */
export const tokenCharacters =
  "must consist of letters, digits and - . _ ~ + / with = at the end (RFC 6750 2.1)";

function isBearer(type: unknown): boolean {
  return typeof type === "string" && type.toLowerCase() === "bearer";
}

function fieldProblems(json: JsonObject): Problem[] {
  const { access_token: token, token_type: type, expires_in: seconds, refresh_token: refresh } = json;
  const problems: Problem[] = [];
  if (typeof token !== "string" || token === "") {
    problems.push(
      error("access_token", token === undefined ? "value is required" : "must be a string with text"),
    );
  } else if (!isBearerToken(token)) {
    problems.push(error("access_token", tokenCharacters));
  }
  if (type === undefined) {
    problems.push(error("token_type", "value is required: must be Bearer"));
  } else if (!isBearer(type)) {
    problems.push(error("token_type", `is ${shown(type)}: must be Bearer, the only type Google uses`));
  }
  if (seconds === undefined) {
    problems.push(warning("expires_in", "is missing: say after how many seconds the token expires"));
  } else if (typeof seconds !== "number" || !Number.isInteger(seconds) || seconds <= 0) {
    problems.push(
      error("expires_in", `is ${shown(seconds)}: must be a number, a whole number of seconds, more than 0`),
    );
  }
  if (refresh !== undefined) {
    problems.push(warning("refresh_token", "must not be sent for client credentials (RFC 6749 4.4.3)"));
  }
  return problems;
}

function storeProblems({ headers }: Answer): Problem[] {
  return /(^|,)\s*no-store\s*(,|$)/i.test(headers["cache-control"] ?? "")
    ? []
    : [warning("Cache-Control", "must be no-store, so that no cache keeps the token (RFC 6749 5.1)")];
}

const errorCodes = [
  "invalid_request",
  "invalid_client",
  "invalid_grant",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope",
];

function tokenErrorProblems({ status, headers }: Answer, json: JsonObject | undefined): Problem[] {
  const code = isObject(json) ? json.error : undefined;
  const shown = typeof code === "string" ? ` with ${quoted(code)}` : "";
  const problems = [
    error("status", `is ${status}${shown}: 200 with a token was expected; check the credentials`),
  ];
  if (status !== 400 && status !== 401) {
    return problems;
  }
  if (json !== undefined && (typeof code !== "string" || !errorCodes.includes(code))) {
    problems.push(error("error", `must be one of ${errorCodes.join(", ")} (RFC 6749 5.2)`));
  }
  if (status === 401 && !/(^|,\s*)Basic\b/i.test(headers["www-authenticate"] ?? "")) {
    problems.push(error("WWW-Authenticate", 'must be a challenge such as Basic realm="…" (RFC 6749 5.2)'));
  }
  return problems;
}
