import type { UniversalServerRequest } from "@connectrpc/connect/protocol";

/**
 * Returns the POST equivalent to a GET of the Connect protocol, so that messages are read in one way. A GET without a
 * Connect encoding is returned unchanged, and rejected later.
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
  // Invalid base64 becomes bytes that are not a message, and is rejected as such.
  const bytes = Buffer.from(message, query.get("base64") === "1" ? "base64url" : "utf8");
  return { ...request, method: "POST", header, body: oneChunk(bytes) };
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
