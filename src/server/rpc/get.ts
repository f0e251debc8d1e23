import type { UniversalServerRequest } from "@connectrpc/connect/protocol";

/**
 * Returns a GET of the Connect protocol as the POST that means the same, so that there is one way to read messages.
 * A GET that names no encoding of Connect stays what it is, and is refused later.
 *
 * https://connectrpc.com/docs/protocol#unary-get-request
 */
export function postOfGet(request: UniversalServerRequest): UniversalServerRequest {
  const query = new URL(request.url).searchParams;
  const encoding = query.get("encoding");
  if (encoding !== "json" && encoding !== "proto") {
    return request;
  }
  const header = new Headers(request.header);
  header.set("content-type", `application/${encoding}`);
  header.delete("content-length");
  const compression = query.get("compression");
  if (compression !== null) {
    header.set("content-encoding", compression);
  }
  const message = query.get("message") ?? "";
  // Lenient on purpose: what is no base64 becomes bytes that are no message, and is refused as such.
  const bytes = Buffer.from(message, query.get("base64") === "1" ? "base64url" : "utf8");
  return { ...request, method: "POST", header, body: once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
