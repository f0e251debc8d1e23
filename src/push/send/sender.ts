import { setMaxListeners } from "node:events";
import { ConnectError } from "@connectrpc/connect";
import { endpointOf } from "../../client/endpoint.ts";
import { createPlanSharingClient, type PlanSharingProtocol } from "../../client/index.ts";
import type { PushRequest } from "../input/push-request.ts";
import type { AccessTokens } from "./access-tokens.ts";
import { noAnswer, type Outcome, outcomeOfError } from "./outcome.ts";
import { createRestSender, type SendWithToken } from "./rest-sender.ts";

export type Sender = {
  /** Makes one attempt to push one record. Never rejects. */
  send(request: PushRequest): Promise<Outcome>;
  /** Ends all attempts that are under way, and lets go of the connections. */
  close(): void;
};

export type SenderOptions = {
  /** `production`, `preproduction` or the URL of a server. */
  endpoint: string;
  protocol: PlanSharingProtocol;
  tokens: AccessTokens;
  /** How long to wait for an answer, in milliseconds. */
  timeoutMs: number;
};

/** Creates the sender for a protocol. A token that is refused is fetched anew once before that is the outcome. */
export function createSender(options: SenderOptions): Sender {
  const baseUrl = endpointOf(options.endpoint).url;
  const { tokens } = options;
  const { sendWithToken, close } =
    options.protocol === "rest"
      ? createRestSender(baseUrl, options.timeoutMs)
      : createRpcSender(baseUrl, options);

  return {
    close,
    async send(request) {
      for (;;) {
        let token: string;
        try {
          const current = tokens.current();
          token = typeof current === "string" ? current : await current;
        } catch (error) {
          return tokenFailure(error);
        }
        const outcome = await sendWithToken(request, token);
        if (outcome.kind !== "unauthenticated") {
          if (outcome.kind === "pushed") {
            tokens.worked(token);
          }
          return outcome;
        }
        try {
          if (!(await tokens.refused(token))) {
            return outcome;
          }
        } catch (error) {
          return tokenFailure(error);
        }
      }
    },
  };
}

/** A token that cannot be fetched now may be later, unless who gives them has said no. */
function tokenFailure(error: unknown): Outcome {
  const { message, status, response } = error as Error & {
    status?: unknown;
    response?: { status?: unknown };
  };
  const text = `no access token could be fetched: ${message}`;
  const answered = Number(response?.status ?? status);
  const final = error instanceof TypeError || (answered >= 400 && answered < 500 && answered !== 429);
  const failed = noAnswer(text);
  return final
    ? { ...failed, kind: "unauthenticated", code: "UNAUTHENTICATED", reason: "UNAUTHENTICATED" }
    : failed;
}

/** Sends over Connect, gRPC or gRPC-Web, by the project's client. */
function createRpcSender(baseUrl: string, { protocol, timeoutMs }: SenderOptions) {
  const closing = new AbortController();
  const { signal } = closing;
  setMaxListeners(0, signal);
  let current = "";
  let client = createPlanSharingClient({ endpoint: baseUrl, protocol, token: current, retry: false });
  const sendWithToken: SendWithToken = async (request, token) => {
    if (token !== current) {
      // A client of its own for each token: calls under way keep theirs.
      current = token;
      client = createPlanSharingClient({ endpoint: baseUrl, protocol, token, retry: false });
    }
    try {
      if (request.method === "createUserPlanStatus") {
        await client.createUserPlanStatus(request.message, { signal, timeoutMs });
      } else {
        await client.createPlanStatus(request.message, { signal, timeoutMs });
      }
      return { kind: "pushed" };
    } catch (error) {
      return outcomeOfError(ConnectError.from(error));
    }
  };
  return { sendWithToken, close: () => closing.abort() };
}
