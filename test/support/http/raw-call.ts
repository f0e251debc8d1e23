import { connect } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { errorFromJsonBytes } from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import type { PlanSharingProtocol } from "../../../src/client/index.ts";
import { readErrorBody } from "../../../src/transcoding/index.ts";

/** A call whose bytes a test chooses, so that they can be wrong. */
export type RawCall = {
  readonly url: string;
  readonly protocol: PlanSharingProtocol;
  readonly token: string;
  /** Of an RPC: `package.Service/Method`. Over REST: `POST /path?query`. */
  readonly method: string;
  readonly format: "json" | "binary";
  /** The message, or over REST the body. Framed where the protocol wants it. */
  readonly body: string | Uint8Array;
  /** How the body is compressed; it is the test that has compressed it. */
  readonly encoding?: "gzip" | "br" | "deflate";
  /** Over gRPC-Web: sends the body as base64 (grpc-web-text). */
  readonly isText?: boolean;
  /** Sends the body as it is, over gRPC and gRPC-Web as well. */
  readonly unframed?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Calls over HTTP/2, as gRPC always does. */
  readonly http2?: boolean;
};

/** What came back. */
export type RawAnswer = {
  readonly httpStatus: number;
  /** Undefined for a success. */
  readonly error: ConnectError | undefined;
  /** Everything that was readable in the answer, to look for what should not be there. */
  readonly text: string;
};

const contentTypes = {
  connect: { json: "application/json", binary: "application/proto" },
  grpc: { json: "application/grpc+json", binary: "application/grpc+proto" },
  "grpc-web": { json: "application/grpc-web+json", binary: "application/grpc-web+proto" },
  rest: { json: "application/json", binary: "application/json" },
} as const;

/** Sends a call and reads its answer, by the rules of its protocol but without any of its libraries' checks. */
export function callRaw(call: RawCall): Promise<RawAnswer> {
  return call.protocol === "grpc" || call.http2 ? callHttp2(call) : callFetch(call);
}

function bytesOf({ protocol, body, encoding, unframed, isText }: RawCall): Uint8Array {
  const bytes = Buffer.from(body);
  const framed = !unframed && (protocol === "grpc" || protocol === "grpc-web");
  const sent = framed ? encodeEnvelope(encoding === undefined ? 0 : 1, bytes) : bytes;
  return isText ? Buffer.from(Buffer.from(sent).toString("base64")) : sent;
}

function headersOf({ protocol, token, format, encoding, headers, isText }: RawCall): Record<string, string> {
  const framed = protocol === "grpc" || protocol === "grpc-web";
  const contentType = contentTypes[protocol][format];
  return {
    authorization: `Bearer ${token}`,
    "content-type": isText ? contentType.replace("+", "-text+") : contentType,
    ...(encoding && { [framed ? "grpc-encoding" : "content-encoding"]: encoding }),
    ...headers,
  };
}

function targetOf({ protocol, method }: RawCall): [verb: string, path: string] {
  return protocol === "rest" ? (method.split(" ", 2) as [string, string]) : ["POST", `/${method}`];
}

async function callFetch(call: RawCall): Promise<RawAnswer> {
  const [verb, path] = targetOf(call);
  const response = await fetch(call.url + path, {
    method: verb,
    headers: headersOf(call),
    body: verb === "GET" ? null : new Uint8Array(bytesOf(call)),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = Buffer.from(bytes).toString("latin1");
  return { httpStatus: response.status, error: errorOfResponse(call.protocol, response, bytes), text };
}

/** Returns the error of a response by the rules of its protocol; undefined for a success. gRPC has it in its headers. */
export function errorOfResponse(
  protocol: PlanSharingProtocol,
  response: Response,
  bytes: Uint8Array,
): ConnectError | undefined {
  if (protocol === "grpc") {
    return response.status === 200
      ? findTrailerError(response.headers)
      : new ConnectError(`HTTP ${response.status}`, Code.Unknown, response.headers);
  }
  return protocol === "grpc-web" ? webError(response, bytes) : httpError(protocol, response, bytes);
}

function httpError(
  protocol: PlanSharingProtocol,
  response: Response,
  bytes: Uint8Array,
): ConnectError | undefined {
  if (response.ok) {
    return undefined;
  }
  if (protocol === "rest") {
    return readErrorBody(Buffer.from(bytes).toString(), response.status, response.headers);
  }
  const fallback = new ConnectError(`HTTP ${response.status} without an error of Connect`, Code.Unknown);
  return errorFromJsonBytes(bytes, response.headers, fallback);
}

function webError(response: Response, bytes: Uint8Array): ConnectError | undefined {
  if (!response.ok) {
    return new ConnectError(`HTTP ${response.status}`, Code.Unknown, response.headers);
  }
  const isText = response.headers.get("content-type")?.startsWith("application/grpc-web-text");
  const view = isText ? decodeWebText(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < view.length; at += 5 + view.readUInt32BE(at + 1)) {
    if (((view[at] ?? 0) & 0x80) !== 0) {
      return findTrailerError(trailerParse(view.subarray(at + 5, at + 5 + view.readUInt32BE(at + 1))));
    }
  }
  return findTrailerError(response.headers);
}

/** Decodes a body of grpc-web-text as the official client does: each group of four characters may end with padding. */
export function decodeWebText(body: Uint8Array): Buffer {
  const groups =
    Buffer.from(body)
      .toString("latin1")
      .match(/.{1,4}/gs) ?? [];
  return Buffer.concat(groups.map((group) => Buffer.from(group, "base64")));
}

function callHttp2(call: RawCall): Promise<RawAnswer> {
  const session = connect(call.url);
  const answer = new Promise<RawAnswer>((resolve, reject) => {
    session.on("error", reject);
    const [verb, path] = targetOf(call);
    const stream = session.request({
      ":method": verb,
      ":path": path,
      te: "trailers",
      ...headersOf(call),
    });
    const received = new Headers();
    let httpStatus = 0;
    let text = "";
    const chunks: Buffer[] = [];
    const take = (headers: Record<string, string | string[] | number | undefined>) => {
      for (const [name, value] of Object.entries(headers)) {
        if (!name.startsWith(":") && value !== undefined) {
          received.set(name, String(value));
        }
      }
    };
    stream.on("response", (headers) => {
      httpStatus = headers[":status"] ?? 0;
      take(headers);
    });
    stream.on("trailers", take);
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      chunks.push(chunk);
    });
    stream.on("error", reject);
    stream.on("end", () => {
      text += decodeURIComponent(received.get("grpc-message") ?? "");
      const response = new Response(null, { status: httpStatus, headers: received });
      resolve({ httpStatus, error: errorOfResponse(call.protocol, response, Buffer.concat(chunks)), text });
    });
    stream.end(verb === "GET" ? undefined : bytesOf(call));
  });
  return answer.finally(() => session.close());
}
