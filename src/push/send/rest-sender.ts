import { normalizeError } from "../../client/normalize-error.ts";
import { readErrorBody } from "../../transcoding/index.ts";
import type { PushRequest } from "../input/push-request.ts";
import type { Answer } from "./exchange.ts";
import { createHttp1Exchange } from "./http1-exchange.ts";
import { noAnswer, type Outcome, outcomeOfError } from "./outcome.ts";
import { restPathOf } from "./push-methods.ts";

/** Makes one attempt with an access token. Never rejects. */
export type SendWithToken = (request: PushRequest, token: string) => Promise<Outcome>;

/**
 * Creates the sender for REST. It uses bare HTTP, at a fraction of the cost of this project's client: the status is
 * sent as the JSON of the record, and the answer is only parsed if it is an error.
 */
export function createRestSender(baseUrl: string, timeoutMs: number) {
  const { origin, pathname } = new URL(baseUrl);
  const exchange = createHttp1Exchange(origin, timeoutMs);
  const prefix = pathname.replace(/\/+$/, "");
  let headersOf = { token: "", headers: headersWith("") };

  const sendWithToken: SendWithToken = async (request, token) => {
    if (token !== headersOf.token) {
      headersOf = { token, headers: headersWith(token) };
    }
    const path = prefix + restPathOf(request);
    const received = await exchange.send({ path, body: request.body, headers: headersOf.headers });
    return "problem" in received ? noAnswer(received.problem) : outcomeOfAnswer(received);
  };

  return { sendWithToken, close: exchange.close };
}

function headersWith(token: string) {
  return {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    accept: "application/json",
  };
}

function outcomeOfAnswer({ status, headers, body }: Answer): Outcome {
  if (status >= 200 && status < 300) {
    // The login page of a proxy has status 200 too.
    const isStatus = /^application\/json\b/i.test(String(headers["content-type"])) && body.includes('"name"');
    return isStatus
      ? { kind: "pushed" }
      : noAnswer(`HTTP ${status} without a plan status: the answer is not from this API`);
  }
  const all = new Headers();
  for (const name of ["retry-after", "www-authenticate"]) {
    const value = headers[name];
    if (typeof value === "string") {
      all.set(name, value);
    }
  }
  return outcomeOfError(normalizeError(readErrorBody(body.toString(), status, all)), status);
}
