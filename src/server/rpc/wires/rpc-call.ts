import type { DescMethod, Message, Registry } from "@bufbuild/protobuf";
import type { ConnectError, HandlerContext } from "@connectrpc/connect";
import { mergeNonProtocolHeaders } from "@connectrpc/connect/protocol";
import { encodedAnswer } from "../../../services/encoded-answer.ts";
import { addHeaders, type HeaderFields, readBytes } from "../../../transcoding/index.ts";
import type { HttpRequest, HttpResponse } from "../../http-handler.ts";
import type { Codec } from "../codec.ts";
import type { RpcContentType } from "../content-type.ts";
import { callErrors, tooLarge } from "../request-errors.ts";

/** A unary method with everything that its calls need. */
export type UnaryRpc = {
  readonly method: DescMethod;
  readonly codec: Codec;
  readonly invoke: (message: Message, context: HandlerContext) => Promise<Message>;
  /** Largest request message, in decompressed bytes. */
  readonly readMaxBytes: number;
  /** Whether answers are written as they were returned: an interceptor may change them, and options how they are written. */
  readonly answersUnchanged: boolean;
};

/** What the wires of all calls share. */
export type WireOptions = {
  /** Types of the details of errors. */
  readonly registry: Registry;
  /** Time in which a request body must arrive, in ms. */
  readonly bodyTimeoutMs: number;
};

/** A unary call whose method and content type are known. */
export type RpcCall = WireOptions & {
  readonly rpc: UnaryRpc;
  readonly type: RpcContentType;
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  /** Headers that every response has, such as the id of the request. */
  readonly headers: Readonly<Record<string, string>>;
};

/** Writes the answer of a call. Its method may have written the same bytes, to store them. */
export function writeAnswer({ rpc, type }: RpcCall, answer: Message, context: HandlerContext) {
  const encoded = rpc.answersUnchanged && !type.json ? encodedAnswer(context, answer) : undefined;
  return encoded ?? rpc.codec.write(answer, type.json);
}

/** Reads the whole body, as it was sent. Throws if it is larger than `limit` bytes, or late. */
export async function readBody({ request, bodyTimeoutMs, rpc }: RpcCall, limit: number): Promise<Uint8Array> {
  // By the header if it tells: a client that expects 100 (Continue) need not send the body.
  if (Number(request.headers["content-length"]) > limit) {
    throw tooLarge(rpc.readMaxBytes);
  }
  const bytes = await readBytes(request, limit, bodyTimeoutMs);
  if (typeof bytes === "string") {
    throw bytes === "too-large" ? tooLarge(rpc.readMaxBytes) : callErrors.tooSlow(bodyTimeoutMs);
  }
  return bytes;
}

/**
 * Returns the fields of a response: its content type, those that every response has, those of its implementation, and those
 * that belong to its error.
 */
export function fieldsOf(
  { headers, response }: RpcCall,
  contentType: string,
  own: Headers | undefined,
  ofError: Readonly<Record<string, string>> = {},
): HeaderFields {
  const fields: HeaderFields = ["content-type", contentType];
  const vary = own?.get("vary");
  if (vary) {
    fields.push("vary", [response.getHeader("vary") ?? [], vary].flat().join(", "));
  }
  for (const name in headers) {
    fields.push(name, headers[name] as string);
  }
  addHeaders(fields, own);
  for (const name in ofError) {
    fields.push(name, ofError[name] as string);
  }
  return fields;
}

/** Returns headers with those that an error adds. As in connect-node, those of another server are not relayed. */
export function withMetadata(own: Headers | undefined, error: ConnectError): Headers {
  const merged = own ?? new Headers();
  if (!error.isWireError) {
    mergeNonProtocolHeaders(merged, error.metadata);
  }
  return merged;
}

/** Returns headers as Node takes them. Cookies cannot be joined. */
export function nodeHeaders(headers: Headers): Record<string, string | string[]> {
  const cookies = headers.getSetCookie();
  return {
    // Text that is joined with an empty value ends with a space, which HTTP/2 does not allow.
    ...Object.fromEntries([...headers].map(([name, value]) => [name, value.trimEnd()])),
    ...(cookies.length > 0 && { "set-cookie": cookies }),
  };
}
