import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { rejected } from "./request-errors.ts";

/**
 * Returns the POST equivalent to a GET of the Connect protocol, so that messages are read in one way. A GET without a
 * Connect encoding is returned unchanged, and rejected later.
 *
 * https://connectrpc.com/docs/protocol#unary-get-request
 */
export function postOfGet(request: UniversalServerRequest): UniversalServerRequest {
  const { search, searchParams: query } = new URL(request.url);
  const encoding = query.get("encoding");
  if (encoding !== "json" && encoding !== "proto") {
    return request;
  }
  const header = new Headers(request.header);
  header.set("content-type", `application/${encoding}`);
  const compression = query.get("compression");
  if (compression !== null) {
    header.set("content-encoding", compression);
  }
  return { ...request, method: "POST", header, body: messageIn(query, search) };
}

const parameters = ["connect", "encoding", "message", "base64", "compression"];

/** Yields the message in a query. Throws when it is read if it cannot be decoded: it must pass the request gate first. */
async function* messageIn(query: URLSearchParams, search: string): AsyncGenerator<Uint8Array> {
  const twice = parameters.find((name) => query.getAll(name).length > 1);
  if (twice !== undefined) {
    throw rejected({ violations: [{ field: twice, description: "must be given once" }] });
  }
  const read =
    query.get("base64") === "1" ? readBase64(query.get("message") ?? "") : readPercentEncoded(search);
  if ("description" in read) {
    throw rejected({ violations: [read] });
  }
  yield read;
}

/** Of both alphabets, with and without padding. */
function readBase64(text: string): Uint8Array | FieldViolation {
  // A `+` of the other alphabet is a space in a query.
  const base64 = text.replaceAll(" ", "+");
  const bytes = Buffer.from(base64, "base64");
  return /^[\w+/-]*={0,2}$/.test(base64) &&
    base64.replace(/=+$/, "").length === Math.ceil((bytes.length * 4) / 3)
    ? bytes
    : { field: "message", description: "must be base64" };
}

/** Reads the bytes of the message. Not by URLSearchParams, which replaces bytes that are not UTF-8. */
function readPercentEncoded(search: string): Uint8Array | FieldViolation {
  const [, raw = ""] = /[?&]message=([^&]*)/.exec(search) ?? [];
  if (/%(?![\dA-Fa-f]{2})/.test(raw)) {
    return { field: "message", description: "must be percent-encoded" };
  }
  const decoded = raw
    .replaceAll("+", " ")
    .replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return Buffer.from(decoded, "latin1");
}
