import type { Message } from "@bufbuild/protobuf";
import type { Compression } from "@connectrpc/connect/protocol";
import { codeToHttpStatus, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { addHeaders, type HeaderFields, sendWhole, type Wire } from "../../../transcoding/index.ts";
import {
  answerCompression,
  compressMinBytes,
  decompress,
  requireEncoding,
  unaryEncoding,
} from "../encodings.ts";
import { sendableError } from "../error-details.ts";
import { rejected } from "../request-errors.ts";
import { fieldsOf, type RpcCall, readBody, withMetadata, writeAnswer } from "./rpc-call.ts";

/** Where a call has what another call has elsewhere: in the header and the body of a POST, or in the query of a GET. */
export type ConnectInput = {
  /** Encoding of the message. */
  readonly encoding: string | undefined;
  /** Version of the protocol, with the name of what tells it. */
  readonly version: { readonly field: string; readonly value: string | undefined; readonly expected: string };
  /** Returns the message as it was sent. Throws if it cannot be read. */
  read(): Uint8Array | Promise<Uint8Array>;
};

/** Returns the input of a POST. */
export function inputOfPost(call: RpcCall): ConnectInput {
  const { headers } = call.request;
  const field = "connect-protocol-version";
  return {
    encoding: headers["content-encoding"],
    version: { field, value: headers[field]?.toString() || undefined, expected: "1" },
    read: () => readBody(call, call.rpc.readMaxBytes),
  };
}

/**
 * Returns the wire of Connect: a message is a whole body, and errors are JSON.
 *
 * https://connectrpc.com/docs/protocol
 */
export function createConnectWire(call: RpcCall, input: ConnectInput): Wire<Message> {
  const { request, response, rpc, type, registry } = call;
  const { json } = type;
  let compression: Compression | undefined;

  function respond(
    status: number,
    fields: HeaderFields,
    trailer: Headers | undefined,
    content: string | Uint8Array,
  ): void | Promise<void> {
    addHeaders(fields, trailer, "trailer-");
    // The size first, because most responses are too short to compress.
    const isShort = Buffer.byteLength(content) < compressMinBytes;
    const coding = isShort
      ? undefined
      : answerCompression(request.headers["accept-encoding"], input.encoding);
    if (coding === undefined) {
      return sendWhole(response, status, fields, content);
    }
    fields.push("content-encoding", coding.name);
    return coding
      .compress(Buffer.from(content))
      .then((compressed) => sendWhole(response, status, fields, compressed));
  }

  return {
    protocolName: "connect",
    contentType: type.answer,
    check() {
      // Servers may accept its absence: https://connectrpc.com/docs/protocol#unary-request
      const { field, value, expected } = input.version;
      if (value !== undefined && value !== expected) {
        throw rejected({ violations: [{ field, description: `must be ${expected}` }] });
      }
      compression = requireEncoding(input.encoding, unaryEncoding);
    },
    async read() {
      const { readMaxBytes, codec } = rpc;
      const sent = await input.read();
      const bytes = compression === undefined ? sent : await decompress(sent, compression, readMaxBytes);
      return codec.read(bytes, json);
    },
    answer(output, context) {
      const { touchedResponseHeader, touchedResponseTrailer } = context;
      const fields = fieldsOf(call, type.answer, touchedResponseHeader);
      return respond(200, fields, touchedResponseTrailer, writeAnswer(call, output, context));
    },
    fail(error, { headers }, context) {
      const sent = sendableError(error, registry);
      const own = withMetadata(context?.touchedResponseHeader, sent);
      const fields = fieldsOf(call, "application/json", own, headers);
      const content = errorToJsonBytes(sent, { registry });
      return respond(codeToHttpStatus(sent.code), fields, context?.touchedResponseTrailer, content);
    },
  };
}
