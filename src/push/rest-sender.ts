import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { readErrorBody } from "../transcoding/index.ts";
import { encodeSegment } from "../transcoding/percent.ts";
import { noAnswer, type Outcome, outcomeOfError } from "./outcome.ts";
import type { PushRequest } from "./push-request.ts";

/** Makes one attempt with an access token. Never rejects. */
export type SendWithToken = (request: PushRequest, token: string) => Promise<Outcome>;

/** Longest answer that is read, in bytes; a stored status is a little longer than the one that was sent. */
const longestAnswer = 8 * 1024 * 1024;

/**
 * Creates the sender for REST. It does by hand what the project's client does by fetch, for a third of the cost: the
 * status is sent as the JSON that the record has, and what comes back is not decoded unless it is an error.
 */
export function createRestSender(baseUrl: string, timeoutMs: number) {
  const url = new URL(baseUrl);
  const isTls = url.protocol === "https:";
  const agent = new (isTls ? HttpsAgent : HttpAgent)({ keepAlive: true, scheduling: "lifo" });
  const open = isTls ? httpsRequest : httpRequest;
  const target = {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? undefined : Number(url.port),
    method: "POST",
    agent,
  };
  const prefix = url.pathname.replace(/\/+$/, "");
  const underWay = new Map<ClientRequest, number>();
  // One look at all of them each second: a timer for each request costs more than it is worth.
  const watch = setInterval(() => {
    const latest = performance.now() - timeoutMs;
    for (const [request, beganAt] of underWay) {
      if (beganAt < latest) {
        request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`));
      }
    }
  }, 1000);
  watch.unref();

  const sendWithToken: SendWithToken = async ({ body, message, userKey }, token) => {
    const path = prefix + pathOf(message, userKey);
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    for (let isRepeated = false; ; isRepeated = true) {
      const outcome = await attempt(path, body, length, token);
      // A connection that the server had closed just then: no word about the record.
      if (outcome !== "connection was stale" || isRepeated) {
        return outcome === "connection was stale" ? noAnswer("the connection was reset") : outcome;
      }
    }
  };

  function attempt(path: string, body: string | Uint8Array, length: number, token: string) {
    return new Promise<Outcome | "connection was stale">((resolve) => {
      const headers = {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json",
        "content-length": length,
      };
      const request = open({ ...target, path, headers });
      const done = (outcome: Outcome | "connection was stale") => {
        underWay.delete(request);
        resolve(outcome);
      };
      underWay.set(request, performance.now());
      request.on("error", (error: NodeJS.ErrnoException) => {
        const stale = request.reusedSocket && ["ECONNRESET", "EPIPE"].includes(error.code ?? "");
        done(stale ? "connection was stale" : noAnswer(wordsOf(error)));
      });
      request.on("response", (response) => readAnswer(response, done));
      // Text goes out with the headers in one piece; bytes would be a second one.
      request.end(body);
    });
  }

  return {
    sendWithToken,
    close() {
      clearInterval(watch);
      for (const request of underWay.keys()) {
        request.destroy(new Error("the push was stopped"));
      }
      agent.destroy();
    },
  };
}

function pathOf(message: PushRequest["message"], userKey: string): string {
  const user = encodeSegment(userKey);
  return "clientId" in message
    ? `/v1/${message.parent}/clients/${message.clientId}/users/${user}/planStatus`
    : `/v1/${message.parent}/planStatuses?userKey=${user}`;
}

function readAnswer(response: IncomingMessage, done: (outcome: Outcome) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length <= longestAnswer) {
      chunks.push(chunk);
    }
  });
  response.on("error", (error) => done(noAnswer(wordsOf(error))));
  response.on("aborted", () => done(noAnswer("the answer was cut off")));
  response.on("end", () => {
    if (response.complete) {
      done(outcomeOfAnswer(response, chunks));
    }
  });
}

function outcomeOfAnswer(response: IncomingMessage, chunks: Buffer[]): Outcome {
  const { statusCode: status = 0, headers } = response;
  const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  if (status >= 200 && status < 300) {
    // A proxy that asks people to log in says 200 as well.
    const isStatus = /^application\/json\b/i.test(headers["content-type"] ?? "") && body.includes('"name"');
    return isStatus
      ? { kind: "pushed" }
      : noAnswer(`HTTP ${status} without a plan status: not from this API`);
  }
  const all = new Headers();
  for (const name of ["retry-after", "www-authenticate"]) {
    const value = headers[name];
    if (typeof value === "string") {
      all.set(name, value);
    }
  }
  return outcomeOfError(readErrorBody(body.toString(), status, all), status);
}

function wordsOf(error: NodeJS.ErrnoException): string {
  // Of an AggregateError, which several addresses make, the message is empty.
  const inner = (error as { errors?: unknown }).errors;
  const [first] = Array.isArray(inner) ? (inner as Error[]) : [];
  return error.message || first?.message || error.code || "the connection failed";
}
