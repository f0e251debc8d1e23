import { parseRequestTarget } from "../../transcoding/index.ts";

/** Headers that the API, its protocols or their caches and proxies read. `-` at the end stands for any ending. */
const kept = [
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "access-control-request-headers",
  "access-control-request-method",
  "authorization",
  "cache-control",
  "connect-",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "forwarded",
  "grpc-",
  "host",
  "idempotency-key",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "origin",
  "prefer",
  "retry-attempt",
  "te",
  "traceparent",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-goog-",
  "x-grpc-web",
  "x-http-method-override",
  "x-request-id",
  "x-server-timeout",
  "x-user-agent",
];
const keptNames = new Set(kept.filter((name) => !name.endsWith("-")));
const keptPrefixes = kept.filter((name) => name.endsWith("-"));

/** Names of custom metadata that may be a secret. */
const secretHeader = /auth|cookie|credential|key|password|secret|signature|token|iam/;

/**
 * Returns the headers of a request that are kept, as lines of name, colon and value. No line has a token: of
 * Authorization only the scheme is kept. `raw` has names and values in turn.
 */
export function keptHeaders(raw: readonly string[]): string {
  const lines: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const sent = (raw[at] as string).toLowerCase();
    const name = sent === ":authority" ? "host" : sent;
    const value = raw[at + 1] as string;
    if (name === "authorization") {
      lines.push(`${name}:${schemeOf(value)}`);
    } else if (
      keptNames.has(name) ||
      (keptPrefixes.some((prefix) => name.startsWith(prefix)) && !secretHeader.test(name))
    ) {
      lines.push(`${name}:${value}`);
    }
  }
  return lines.join("\n");
}

/** Schemes that are recognized without credentials behind them: any other single word may be a token. */
const schemes = /^(basic|bearer|digest|dpop|negotiate|oauth)$/i;

function schemeOf(authorization: string): string {
  const [, word = "", rest = ""] = /^([A-Za-z][A-Za-z0-9-]{0,19})(\s.*)?$/s.exec(authorization.trim()) ?? [];
  return rest !== "" || schemes.test(word) ? word : "";
}

/** Parameters whose value is a secret, as a whole name and not as the end of another one, such as `userKey`. */
const secretParameter =
  /(^|[^a-z0-9_])\$?(x-)?(api[_-]?key|key|([a-z]+[_-])?token|assertion|client[_-](assertion|secret)|password|secret|sig|signature|authorization|auth)\s*[=:]/i;

const hidden = "REDACTED";

/** Returns path and query of a request without the secrets that its query may have, in any spelling. */
export function targetWithoutSecrets(target: string): string {
  const { path, query } = parseRequestTarget(target);
  // Marks that a client may have meant as the begin of a query.
  const mark = path.search(/[#;]|%3f/i);
  const shown = mark === -1 ? path : path.slice(0, mark) + hideSecrets(path.slice(mark));
  return query === "" ? shown : `${shown}?${query.split("&").map(hideSecrets).join("&")}`;
}

function hideSecrets(parameter: string): string {
  if (!secretParameter.test(decodeFully(parameter))) {
    return parameter;
  }
  const equals = parameter.indexOf("=");
  const name = parameter.slice(0, equals);
  // The name is only shown if nothing but the name can be in it.
  return equals > 0 && secretParameter.test(`${decodeFully(name)}=`) && /^[\w$%-]{1,40}$/.test(name)
    ? `${name}=${hidden}`
    : hidden;
}

/** Decodes percent-encodings, also those of encodings, as far as they are valid. */
function decodeFully(text: string): string {
  let decoded = text;
  for (let round = 0; round < 4 && decoded.includes("%"); round++) {
    decoded = decoded.replaceAll(/%([0-7][0-9a-f])/gi, (_, code) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
  }
  return decoded;
}
