import { connect } from "node:net";

/** What came back for the bytes of one connection. */
export type Exchange = {
  readonly received: Buffer;
  /** Whether the connection ended by itself, and not because nothing came any more. */
  readonly closed: boolean;
};

/**
 * Sends bytes to a port of this machine over a connection of its own, half-closes it, and collects everything that
 * comes until the server closes, at most `boundMs` long.
 */
export function exchange(port: number, bytes: Uint8Array, boundMs: number): Promise<Exchange> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const finish = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ received: Buffer.concat(chunks), closed });
    };
    const timer = setTimeout(() => finish(false), boundMs);
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("end", () => finish(true));
    // The server may close while bytes that it does not want are still on their way.
    socket.on("error", () => finish(true));
    socket.on("close", () => finish(true));
    socket.end(bytes);
  });
}

/** One HTTP response, as far as it can be told apart from the next. */
export type RawResponse = { readonly status: number; readonly head: string; readonly body: string };

/** Takes responses that follow each other apart; `fault` says why the rest is none. */
export function parseResponses(received: Buffer): { responses: RawResponse[]; fault: string | undefined } {
  const responses: RawResponse[] = [];
  let rest = received.toString("latin1");
  while (rest !== "") {
    const end = rest.indexOf("\r\n\r\n");
    const head = end === -1 ? rest : rest.slice(0, end);
    const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1];
    if (end === -1 || status === undefined) {
      return { responses, fault: `no response: ${JSON.stringify(rest.slice(0, 200))}` };
    }
    const length = bodyLength(head, rest.slice(end + 4));
    responses.push({ status: Number(status), head, body: rest.slice(end + 4, end + 4 + length) });
    rest = rest.slice(end + 4 + length);
  }
  return { responses, fault: undefined };
}

/** A HEAD response has a length and no body; what follows it begins with the next status line. */
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
 * Says what is wrong with a response, if anything is: a 5xx but 501, or an error without Google's JSON. A 504 is
 * right where the request itself has a deadline.
 */
export function faultOf({ status, head, body }: RawResponse, hasDeadline = false): string | undefined {
  if (status >= 500 && status !== 501 && !(status === 504 && hasDeadline)) {
    return `status ${status}: ${body.slice(0, 300)}`;
  }
  // What the parser of node:http itself refuses never reaches the handler; an empty body is that of a HEAD.
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
    return isGoogles ? undefined : `the body is no error of Google's form: ${body.slice(0, 300)}`;
  } catch {
    return `the body is no error of Google's form: ${body.slice(0, 300)}`;
  }
}
