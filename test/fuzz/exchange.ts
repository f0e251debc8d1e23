import { connect } from "node:net";

/** The answer to the bytes of one connection. */
export type Exchange = {
  readonly received: Buffer;
  /** False if the connection was still open after `timeoutMs`. */
  readonly closed: boolean;
};

/** Sends bytes to a local port over a new connection, half-closes it, and collects everything until the server closes. */
export function exchange(port: number, bytes: Uint8Array, timeoutMs: number): Promise<Exchange> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const finish = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ received: Buffer.concat(chunks), closed });
    };
    const timer = setTimeout(() => finish(false), timeoutMs);
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("end", () => finish(true));
    // The server may close before it has read all bytes.
    socket.on("error", () => finish(true));
    socket.on("close", () => finish(true));
    socket.end(bytes);
  });
}

/** One HTTP response. */
export type RawResponse = { readonly status: number; readonly head: string; readonly body: string };

/** Splits the responses of a connection. `problem` says why the rest is not a response. */
export function parseResponses(received: Buffer): {
  responses: RawResponse[];
  problem: string | undefined;
} {
  const responses: RawResponse[] = [];
  let rest = received.toString("latin1");
  while (rest !== "") {
    const end = rest.indexOf("\r\n\r\n");
    const head = end === -1 ? rest : rest.slice(0, end);
    const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1];
    if (end === -1 || status === undefined) {
      return { responses, problem: `no response: ${JSON.stringify(rest.slice(0, 200))}` };
    }
    const length = bodyLength(head, rest.slice(end + 4));
    responses.push({ status: Number(status), head, body: rest.slice(end + 4, end + 4 + length) });
    rest = rest.slice(end + 4 + length);
  }
  return { responses, problem: undefined };
}

/** The response to HEAD has a length but no body: the next status line follows it. */
function bodyLength(head: string, rest: string): number {
  const status = Number(head.slice(9, 12));
  if (status < 200 || status === 204 || status === 304 || rest.startsWith("HTTP/1.1 ")) {
    return 0;
  }
  const written = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (written !== undefined) {
    return Number(written);
  }
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const end = /(?:^|\r\n)0\r\n\r\n/.exec(rest);
    return end === null ? rest.length : end.index + end[0].length;
  }
  return rest.length;
}

/**
 * Returns the problem of a response, if any: a 5xx, or an error that is not Google's JSON. Requests may cause a 501 or, as
 * their HTTP version is mutated, a 505. A 504 is fine if the request has a deadline.
 */
export function problemOf({ status, head, body }: RawResponse, hasDeadline = false): string | undefined {
  if (status >= 500 && status !== 501 && status !== 505 && !(status === 504 && hasDeadline)) {
    return `status ${status}: ${body.slice(0, 300)}`;
  }
  // Requests that the parser of node:http rejects do not reach the handler; the body is empty for HEAD.
  const isPlain = !/\r\ncontent-encoding:/i.test(head) && /\r\ncontent-length: *[1-9]/i.test(head);
  if (status < 400 || body === "" || !isPlain) {
    return undefined;
  }
  try {
    const { error } = JSON.parse(Buffer.from(body, "latin1").toString()) as {
      error: { code: unknown; message: unknown; status: unknown; details: { "@type": string }[] };
    };
    const isGoogles =
      error.code === status &&
      typeof error.message === "string" &&
      typeof error.status === "string" &&
      error.details.some((detail) => detail["@type"] === "type.googleapis.com/google.rpc.ErrorInfo");
    return isGoogles ? undefined : `the body is not an error in Google's format: ${body.slice(0, 300)}`;
  } catch {
    return `the body is not an error in Google's format: ${body.slice(0, 300)}`;
  }
}
