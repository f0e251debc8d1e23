import type { Message } from "@bufbuild/protobuf";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { sendWhole, type Wire } from "../../../transcoding/index.ts";
import { decodeText, maxTextLength } from "../base64-text.ts";
import { sendableError } from "../error-details.ts";
import { frameOf } from "../frames.ts";
import { createFraming, whenWritten } from "./framing.ts";
import { fieldsOf, type RpcCall } from "./rpc-call.ts";

const success = frameOf(trailerFlag, Buffer.from("grpc-status: 0\r\n"));

/**
 * Returns the wire of gRPC-Web: a message is a frame of the body, and so are the trailers with the status. A body of
 * grpc-web-text is base64.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md
 */
export function createGrpcWebWire(call: RpcCall): Wire<Message> {
  const { type, registry, response } = call;
  const framing = createFraming(call, {
    endFlag: trailerFlag,
    ...(type.isText && { decode: decodeText, maxSent: maxTextLength }),
  });

  function respond(fields: (string | string[])[], frames: readonly Uint8Array[]): void {
    const body = Buffer.concat(frames);
    sendWhole(response, 200, fields, type.answersText ? body.toString("base64") : body);
  }

  return {
    protocolName: "grpc-web",
    contentType: type.answer,
    check: framing.check,
    read: framing.read,
    answer(output, context) {
      const { touchedResponseHeader, touchedResponseTrailer } = context;
      const fields = fieldsOf(call, type.answer, touchedResponseHeader);
      return whenWritten(framing.write(output, fields, context), (message) =>
        respond(fields, [
          message,
          touchedResponseTrailer === undefined
            ? success
            : trailersFrame(setTrailerStatus(touchedResponseTrailer, undefined)),
        ]),
      );
    },
    fail(error, { headers }, context) {
      const fields = fieldsOf(call, type.answer, context?.touchedResponseHeader, headers);
      const status = context?.touchedResponseTrailer ?? new Headers();
      respond(fields, [trailersFrame(setTrailerStatus(status, sendableError(error, registry)))]);
    },
  };
}

function trailersFrame(trailers: Headers): Buffer {
  return frameOf(trailerFlag, trailerSerialize(trailers));
}
