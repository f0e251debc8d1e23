import type { Compression, UniversalServerRequest } from "@connectrpc/connect/protocol";
import type { RpcContentType } from "../content-type.ts";
import {
  decompress,
  type EncodingHeaders,
  grpcEncoding,
  rpcCompressions,
  streamEncoding,
  unknownEncoding,
} from "../encodings.ts";
import { chunkReader, frameHeaderLength, readFrames } from "../frames.ts";
import { missingMessage, severalMessages, tooLarge } from "../request-errors.ts";

/** Flags of the frame that ends a body of each protocol; 0 if it has none. */
const endFlags: Readonly<Record<RpcContentType["protocol"], number>> = {
  connect: 0x02,
  grpc: 0,
  "grpc-web": 0x80,
};

/**
 * Reads the messages of a request, each as soon as it has arrived. Removes those headers that describe what was sent, and not
 * the placeholders that connect-node gets. `limit`: most bytes of a decompressed message. `takesOne`: whether the method takes
 * one message. Yields decompressed bytes. Throws if they cannot be read.
 */
export function openMessages(
  { header, body }: UniversalServerRequest & { body: AsyncIterable<Uint8Array> },
  protocol: RpcContentType["protocol"],
  limit: number,
  takesOne: boolean,
): AsyncIterable<Uint8Array> {
  const names = protocol === "connect" ? streamEncoding : grpcEncoding;
  const compression = takeEncoding(header, names);
  const isTooLarge = takesOne && Number(header.get("content-length")) > limit + frameHeaderLength;
  header.delete("content-length");
  return readMessages();

  async function* readMessages(): AsyncGenerator<Uint8Array> {
    // By the header if it tells: a client that expects 100 (Continue) need not send the body.
    if (isTooLarge) {
      throw tooLarge(limit);
    }
    if (compression === "unknown") {
      throw unknownEncoding(names).error;
    }
    const rules = { limit, endFlag: endFlags[protocol], inStream: !takesOne };
    let count = 0;
    for await (const { content, compressed } of readFrames(chunkReader(body), rules)) {
      count += 1;
      if (takesOne && count > 1) {
        throw severalMessages();
      }
      yield compressed ? await decompress(content, compression, limit, !takesOne) : content;
    }
    if (takesOne && count === 0) {
      missingMessage();
    }
  }
}

/** Returns the compression that a header names, and removes it if connect-node must not see it, because it is unknown. */
function takeEncoding(header: Headers, { encoding }: EncodingHeaders): Compression | "unknown" | undefined {
  const name = header.get(encoding);
  if (name === null || name === "identity") {
    return undefined;
  }
  const compression = rpcCompressions.find((each) => each.name === name);
  if (compression === undefined) {
    header.delete(encoding);
  }
  return compression ?? "unknown";
}
