import type { FieldViolation } from "../../contract/field-violation.ts";
import type { HttpRequest } from "../http-handler.ts";
import { parseContentType, type RpcContentType } from "./content-type.ts";
import { rejected } from "./request-errors.ts";
import type { ConnectInput } from "./wires/connect.ts";

const parameters = ["connect", "encoding", "message", "base64", "compression"];

/** Returns the query of a request, without the `?`. */
function queryOf({ url = "" }: HttpRequest): string {
  const mark = url.indexOf("?");
  return mark === -1 ? "" : url.slice(mark + 1);
}

/** Returns the content type of the POST that a GET stands for; undefined if its encoding is unknown. */
export function typeOfGet(request: HttpRequest): RpcContentType | undefined {
  const encoding = new URLSearchParams(queryOf(request)).get("encoding");
  return encoding === "json" || encoding === "proto"
    ? parseContentType(`application/${encoding}`)
    : undefined;
}

/**
 * Returns the input of a GET of the Connect protocol.
 *
 * https://connectrpc.com/docs/protocol#unary-get-request
 */
export function inputOfGet(request: HttpRequest): ConnectInput {
  const text = queryOf(request);
  const query = new URLSearchParams(text);
  return {
    encoding: query.get("compression") ?? undefined,
    version: { field: "connect", value: query.get("connect") ?? undefined, expected: "v1" },
    read: () => messageIn(text, query),
  };
}

/** Returns the bytes of the message in a query. Throws if they cannot be decoded. */
function messageIn(text: string, query: URLSearchParams): Uint8Array {
  const twice = parameters.find((name) => query.getAll(name).length > 1);
  if (twice !== undefined) {
    throw rejected({ violations: [{ field: twice, description: "must be given once" }] });
  }
  const read =
    query.get("base64") === "1" ? readBase64(query.get("message") ?? "") : readPercentEncoded(text);
  if ("description" in read) {
    throw rejected({ violations: [read] });
  }
  return read;
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
function readPercentEncoded(query: string): Uint8Array | FieldViolation {
  const [, raw = ""] = /(?:^|&)message=([^&]*)/.exec(query) ?? [];
  if (/%(?![\dA-Fa-f]{2})/.test(raw)) {
    return { field: "message", description: "must be percent-encoded" };
  }
  const decoded = raw
    .replaceAll("+", " ")
    .replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return Buffer.from(decoded, "latin1");
}
