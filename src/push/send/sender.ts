import { endpointOf } from "../../client/endpoint.ts";
import type { PlanSharingProtocol } from "../../client/index.ts";
import type { PushRequest } from "../input/push-request.ts";
import type { AccessTokens } from "./access-tokens.ts";
import { noAnswer, type Outcome } from "./outcome.ts";
import { createRestSender } from "./rest-sender.ts";
import { createRpcSender } from "./rpc-sender.ts";

export type Sender = {
  /** Makes one attempt to push one record. Never rejects. */
  send(request: PushRequest): Promise<Outcome>;
  /** Ends all attempts in flight and closes the connections. */
  close(): void;
};

type SenderOptions = {
  /** `production`, `preproduction` or the URL of a server. */
  endpoint: string;
  protocol: PlanSharingProtocol;
  tokens: AccessTokens;
  /** Timeout of one attempt, in milliseconds. */
  timeoutMs: number;
};

/** Creates the sender for a protocol. If a token is rejected, it tries once more with a new one. */
export function createSender(options: SenderOptions): Sender {
  const baseUrl = endpointOf(options.endpoint).url;
  const { protocol, tokens, timeoutMs } = options;
  const { sendWithToken, close } =
    protocol === "rest"
      ? createRestSender(baseUrl, timeoutMs)
      : createRpcSender(baseUrl, protocol, timeoutMs);

  async function send(request: PushRequest): Promise<Outcome> {
    for (;;) {
      let token: string;
      try {
        const current = tokens.current();
        token = typeof current === "string" ? current : await current;
      } catch (error) {
        return tokenFailure(error);
      }
      const outcome = await sendWithToken(request, token);
      if (outcome.kind === "pushed") {
        tokens.accepted(token);
      }
      if (outcome.kind !== "unauthenticated") {
        return outcome;
      }
      try {
        if (!(await tokens.rejected(token))) {
          return outcome;
        }
      } catch (error) {
        return tokenFailure(error);
      }
    }
  }

  return { send, close };
}

/** Returns the outcome when no token can be fetched: final if the token endpoint has rejected the request. */
function tokenFailure(error: unknown): Outcome {
  const { message, status, response } = error as Error & {
    status?: unknown;
    response?: { status?: unknown };
  };
  const httpStatus = Number(response?.status ?? status);
  const isFinal = error instanceof TypeError || (httpStatus >= 400 && httpStatus < 500 && httpStatus !== 429);
  const failure = noAnswer(`cannot fetch an access token: ${message}`);
  return isFinal
    ? { ...failure, kind: "unauthenticated", code: "UNAUTHENTICATED", reason: "UNAUTHENTICATED" }
    : failure;
}
