import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { answeredAs } from "../../contract/api-error.ts";
import { CallError } from "../../transcoding/index.ts";
import { malformedBody, protocolError, tooLarge } from "./request-errors.ts";

/** Content codings that RPC requests and their answers may use. */
export const rpcCompressions: Compression[] = [compressionGzip, compressionBrotli];

/** Smallest message that is compressed, in bytes: for smaller ones it would cost more than the whole call. */
export const compressMinBytes = 32 * 1024;

/** Names of the headers with the encoding of messages and with those that the other side accepts. */
export type EncodingHeaders = { readonly encoding: string; readonly accept: string };

export const unaryEncoding: EncodingHeaders = { encoding: "content-encoding", accept: "accept-encoding" };
export const streamEncoding: EncodingHeaders = {
  encoding: "connect-content-encoding",
  accept: "connect-accept-encoding",
};
export const grpcEncoding: EncodingHeaders = { encoding: "grpc-encoding", accept: "grpc-accept-encoding" };

/** The accepted encodings, as a header lists them. */
export const acceptedEncodings = rpcCompressions.map(({ name }) => name).join(",");

/** Returns the compression of an encoding; undefined for none. Throws UNIMPLEMENTED for an unknown one. */
export function requireEncoding(name: string | undefined, names: EncodingHeaders): Compression | undefined {
  if (name === undefined || name === "identity") {
    return undefined;
  }
  const compression = rpcCompressions.find((each) => each.name === name);
  if (compression === undefined) {
    throw unknownEncoding(names);
  }
  return compression;
}

/** gRPC compression.md, and Connect alike: the answer names the accepted encodings. */
export function unknownEncoding({ encoding, accept }: EncodingHeaders): CallError {
  const expected = rpcCompressions.map(({ name }) => name).join(", ");
  const error = protocolError(Code.Unimplemented, `${encoding} must be one of ${expected}, identity`);
  return new CallError(error, { headers: { [accept]: acceptedEncodings } });
}

/**
 * Returns the compression of an answer: the first known one that the request accepts. If it does not say, that of the
 * request, which is `own`.
 */
export function answerCompression(
  accepted: string | string[] | undefined,
  own: string | undefined,
): Compression | undefined {
  const listed = String(accepted || own || "").split(",");
  for (const name of listed) {
    const found = rpcCompressions.find((each) => each.name === name.trim());
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

/** Decompresses a message. `limit`: most decompressed bytes. `inStream`: whether the method takes several messages. */
export async function decompress(
  content: Uint8Array,
  compression: Compression | undefined,
  limit: number,
  inStream = false,
): Promise<Uint8Array> {
  if (compression === undefined) {
    // gRPC compression.md, and Connect alike: INTERNAL.
    throw answeredAs(
      malformedBody("is marked as compressed, but no header names its encoding"),
      Code.Internal,
    );
  }
  try {
    return await compression.decompress(content, limit);
  } catch (error) {
    const { code } = ConnectError.from(error);
    throw code === Code.ResourceExhausted
      ? tooLarge(limit, inStream)
      : malformedBody(
          "does not decompress: it is damaged, cut off, or not what the header of its encoding names",
        );
  }
}
