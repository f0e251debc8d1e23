import type { ServerResponse } from "node:http";
import type { Message } from "@bufbuild/protobuf";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { Wire } from "../../../transcoding/index.ts";
import { sendableError } from "../error-details.ts";
import { fitStatus, roomForStatus } from "../status-size.ts";
import { createFraming, whenWritten } from "./framing.ts";
import { fieldsOf, nodeHeaders, type RpcCall } from "./rpc-call.ts";

const success = { "grpc-status": "0" };

/**
 * Returns the wire of gRPC: a message is a frame of the body, and the status is in the trailers.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export function createGrpcWire(call: RpcCall): Wire<Message> {
  const { type, registry } = call;
  // Both kinds of responses have these functions.
  const response = call.response as ServerResponse;
  const framing = createFraming(call, { endFlag: 0 });

  return {
    protocolName: "grpc",
    contentType: type.answer,
    check: framing.check,
    read: framing.read,
    answer(output, context) {
      const { touchedResponseHeader, touchedResponseTrailer } = context;
      const fields = fieldsOf(call, type.answer, touchedResponseHeader);
      return whenWritten(framing.write(output, fields, context), (frame) => {
        if (response.headersSent || response.destroyed) {
          return;
        }
        response.addTrailers(
          touchedResponseTrailer === undefined
            ? success
            : { ...nodeHeaders(touchedResponseTrailer), ...success },
        );
        response.writeHead(200, fields).end(frame);
      });
    },
    fail(error, { headers }, context) {
      if (response.headersSent || response.destroyed) {
        return;
      }
      const own = context?.touchedResponseHeader;
      const trailers = context?.touchedResponseTrailer ?? new Headers();
      setTrailerStatus(trailers, sendableError(error, registry));
      const fields = fieldsOf(call, type.answer, own, headers);
      if (hasOwnFields(own)) {
        fitStatus(trailers);
        response.addTrailers(nodeHeaders(trailers));
        response.writeHead(200, fields).end();
        return;
      }
      // Not writeHead: the header frame must end the stream.
      for (let at = 0; at < fields.length; at += 2) {
        response.setHeader(fields[at] as string, fields[at + 1] as string);
      }
      fitStatus(trailers, roomForStatus(response));
      for (const [name, value] of Object.entries(nodeHeaders(trailers))) {
        response.setHeader(name, value);
      }
      response.end();
    },
  };
}

/**
 * Whether an implementation has set headers. Without, the status of an error is in the header ("Trailers-Only"): only then do
 * clients retry by their service config, because separate headers count as a response that has begun (gRFC A6). Clients read
 * everything in a Trailers-Only response as trailers, so headers of an implementation are kept apart.
 */
function hasOwnFields(own: Headers | undefined): boolean {
  return own !== undefined && [...own.keys()].some((name) => name !== "content-type");
}
