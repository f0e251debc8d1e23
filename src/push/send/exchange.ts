import { connectionProblem } from "../../network/connection-error.ts";

/** A request over HTTP. */
export type HttpRequest = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
};

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** A whole answer to a request. */
export type Answer = {
  readonly status: number;
  /** In lower case. */
  readonly headers: AnswerHeaders;
  readonly body: Buffer;
  /** Over HTTP/2. */
  readonly trailers?: AnswerHeaders | undefined;
};

/** Why there is no answer. */
export type NoAnswer = {
  readonly problem: string;
  readonly isTimeout: boolean;
  /** Whether the request was sent, at least in part: what went wrong may then be about it. */
  readonly isSent: boolean;
  /**
   * Why the connection failed: the code of Node's error, such as `ENOTFOUND` or `DEPTH_ZERO_SELF_SIGNED_CERT`, or
   * `proxy` for a proxy that refused. Absent if the connection broke later.
   */
  readonly code?: string;
};

/** The connections to a server. */
export type Exchange = {
  /**
   * Sends a request with POST. Sends it again at once if the server had just closed the connection, which says nothing
   * about the request. Never rejects.
   */
  send(request: HttpRequest): Promise<Answer | NoAnswer>;
  /** Gives up connections that are not open yet, and opens no further ones. Their requests get no answer. */
  stopConnecting(): void;
  /** Closes the connections. Requests in flight get no answer. */
  close(): void;
};

/** Maximum size of an answer, in bytes. A stored status is slightly longer than the one that was sent. */
export const maxAnswerSize = 8 * 1024 * 1024;

export const stopped: NoAnswer = { problem: "the push was stopped", isTimeout: false, isSent: false };

export const cutOff: NoAnswer = { problem: "the answer was cut off", isTimeout: false, isSent: true };

export const tooLong: NoAnswer = {
  problem: `the answer is longer than the max size of ${maxAnswerSize} bytes`,
  isTimeout: false,
  isSent: true,
};

export function timedOut(timeoutMs: number, isSent: boolean): NoAnswer {
  return { problem: `no answer within ${timeoutMs / 1000} s`, isTimeout: true, isSent };
}

/** Returns the problem of a connection that failed. */
export function connectionFailed(error: NodeJS.ErrnoException, isSent: boolean): NoAnswer {
  const { text: problem, code } = connectionProblem(error);
  return { problem, isTimeout: false, isSent, ...(code && { code }) };
}

export const wasReset: NoAnswer = { problem: "the connection was reset", isTimeout: false, isSent: true };

/** Makes an attempt and, if the server closed the connection without an answer to it, a second one. */
export async function sendTwice(
  attempt: () => Promise<Answer | NoAnswer | undefined>,
): Promise<Answer | NoAnswer> {
  return (await attempt()) ?? (await attempt()) ?? wasReset;
}
