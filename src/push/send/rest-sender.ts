import { normalizeError } from "../../client/normalize-error.ts";
import { readErrorBody, statusNameOf } from "../../transcoding/client/index.ts";
import type { PushRequest } from "../input/push-request.ts";
import type { Answer } from "./exchange.ts";
import { foreignAnswer, storedOutcome } from "./foreign-answer.ts";
import { createHttp1Exchange } from "./http1-exchange.ts";
import { noAnswer, type Outcome, outcomeOfError } from "./outcome.ts";
import { restPathOf } from "./push-methods.ts";
import { nameInJson } from "./stored-resource.ts";

/** Makes one attempt with an access token. Never rejects. */
export type SendWithToken = (request: PushRequest, token: string) => Promise<Outcome>;

/**
 * Creates the sender for REST. It uses bare HTTP, at a fraction of the cost of this project's client: the status is
 * sent as the JSON of the record.
 */
export function createRestSender(baseUrl: string, timeoutMs: number, ca?: string) {
  const { origin, pathname } = new URL(baseUrl);
  const exchange = createHttp1Exchange(origin, timeoutMs, ca);
  const prefix = pathname.replace(/\/+$/, "");
  let headersOf = { token: "", headers: headersWith("") };

  const sendWithToken: SendWithToken = async (request, token) => {
    if (token !== headersOf.token) {
      headersOf = { token, headers: headersWith(token) };
    }
    const path = prefix + restPathOf(request);
    const received = await exchange.send({ path, body: request.body, headers: headersOf.headers });
    return "problem" in received ? noAnswer(received) : outcomeOfAnswer(request, received);
  };

  return { sendWithToken, stopConnecting: exchange.stopConnecting, close: exchange.close };
}

function headersWith(token: string) {
  return {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    accept: "application/json",
  };
}

function outcomeOfAnswer(request: PushRequest, answer: Answer): Outcome {
  const { status, headers, body } = answer;
  if (status >= 200 && status < 300 && /^application\/json\b/i.test(String(headers["content-type"]))) {
    return storedOutcome(request, nameInJson(request.method, body), answer);
  }
  if (!isErrorOfApi(answer)) {
    return foreignAnswer(answer);
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

const statusNames: ReadonlySet<unknown> = new Set(Object.values(statusNameOf));

/** Whether an answer is an error in the form of Google's APIs (AIP-193), which proxies do not use. */
function isErrorOfApi({ status, body }: Answer): boolean {
  if (status < 400 || status > 599) {
    return false;
  }
  try {
    const { error } = JSON.parse(body.toString()) as { error?: { code?: unknown; status?: unknown } };
    return typeof error?.code === "number" && statusNames.has(error.status);
  } catch {
    return false;
  }
}
