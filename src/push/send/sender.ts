import { validateHeaderValue } from "node:http";
import { TokenEndpointError } from "../../client/credentials/token-fetch.ts";
import { endpointOf } from "../../client/endpoint.ts";
import type { PlanSharingProtocol } from "../../client/index.ts";
import { maxViolations, moreViolations } from "../../contract/field-violation.ts";
import { shownText } from "../../network/server-text.ts";
import type { PushRequest } from "../input/push-request.ts";
import type { AccessTokens } from "./access-tokens.ts";
import { isLastingCode, type Outcome, troubleOf } from "./outcome.ts";
import { createRestSender } from "./rest-sender.ts";
import { createRpcSender } from "./rpc-sender.ts";

export type Sender = {
  /**
   * Makes one attempt to push one record. Never rejects. Texts of the outcome may be written to a terminal: they have no
   * control characters and no access token.
   */
  send(request: PushRequest): Promise<Outcome>;
  /** Ends the attempts that wait for a connection or an access token, and opens no further connections. */
  stopConnecting(): void;
  /** Ends all attempts in flight and closes the connections. */
  close(): void;
};

type SenderOptions = {
  /** `production`, `preproduction` or the URL of a server. */
  endpoint: string;
  protocol: PlanSharingProtocol;
  tokens: AccessTokens;
  /** Timeout of connecting, and of the answer, in milliseconds. */
  timeoutMs: number;
  /** PEM certificates to trust instead of the well-known ones. */
  ca?: string | undefined;
};

/** Creates the sender for a protocol. If a token is rejected, it tries once more with a new one. */
export function createSender(options: SenderOptions): Sender {
  const baseUrl = endpointOf(options.endpoint).url;
  const { protocol, tokens, timeoutMs, ca } = options;
  const { sendWithToken, ...connections } =
    protocol === "rest"
      ? createRestSender(baseUrl, timeoutMs, ca)
      : createRpcSender(baseUrl, protocol, timeoutMs, ca);

  const stopping = Promise.withResolvers<never>();
  stopping.promise.catch(() => undefined);
  let checked = "";
  /** Whether this API has answered a request, so that the endpoint is the right one. */
  let hasAnswered = false;

  async function send(request: PushRequest): Promise<Outcome> {
    const outcome = await sendWithAnyToken(request);
    if (outcome.kind === "retry" && outcome.trouble?.isLasting === true && !hasAnswered) {
      return { ...outcome, kind: "unusable" };
    }
    hasAnswered ||= outcome.kind !== "unauthenticated" && !("trouble" in outcome);
    return outcome;
  }

  async function sendWithAnyToken(request: PushRequest): Promise<Outcome> {
    for (;;) {
      let token: string;
      try {
        const current = tokens.current();
        token = typeof current === "string" ? current : await Promise.race([current, stopping.promise]);
      } catch (error) {
        return tokenFailure(error);
      }
      if (token !== checked) {
        try {
          validateHeaderValue("authorization", token);
        } catch {
          return unauthenticated(
            "the access token has a character that is not allowed in a header, such as a line break: pass the token only",
          );
        }
        checked = token;
      }
      const outcome = withShownTexts(await sendWithToken(request, token), token);
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

  function stopConnecting(): void {
    stopping.reject(new Error("the push was stopped"));
    connections.stopConnecting();
  }

  return {
    send,
    stopConnecting,
    close() {
      stopConnecting();
      connections.close();
    },
  };
}

/** Returns the outcome when no token can be fetched: final if the token endpoint has rejected the credentials. */
function tokenFailure(error: unknown): Outcome {
  const { message, status, response } = error as Error & {
    status?: unknown;
    response?: { status?: unknown };
  };
  const httpStatus = Number(response?.status ?? status);
  const text = `cannot fetch an access token: ${shownText(message)}`;
  if (error instanceof TokenEndpointError) {
    return troubleOf("unreachable", text, { isLasting: error.isLasting });
  }
  const isTransient = httpStatus === 408 || httpStatus === 429;
  const isFinal = error instanceof TypeError || (httpStatus >= 400 && httpStatus < 500 && !isTransient);
  return isFinal
    ? unauthenticated(text)
    : troubleOf("unreachable", text, { isLasting: codesOf(error).some(isLastingCode) });
}

/** Returns the codes of an error and its causes. Libraries wrap those of a connection. */
function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  const seen = new Set<unknown>();
  for (let cause = error; cause instanceof Error && !seen.has(cause); cause = cause.cause) {
    seen.add(cause);
    codes.push(String((cause as NodeJS.ErrnoException).code));
  }
  return codes;
}

/** Returns the outcome when there is no token that can be sent, which is final. */
function unauthenticated(message: string): Outcome {
  return { ...troubleOf("unreachable", message, { code: "UNAUTHENTICATED" }), kind: "unauthenticated" };
}

/** Longest reason of a server, in characters; the code stands for a longer one. */
const maxReasonLength = 64;

/** Entries of the metadata of an error that are kept. */
const maxMetadata = 20;

/** Returns an outcome with the texts of the server as they may be written, and not more of them than a record needs. */
function withShownTexts(outcome: Outcome, token: string): Outcome {
  if (outcome.kind === "pushed") {
    return outcome;
  }
  const shown = (text: string) => shownText(text, token);
  const { code, reason, violations, metadata } = outcome;
  const isWhole = violations.length <= maxViolations;
  return {
    ...outcome,
    code: shown(code),
    reason: shown(reason.length > maxReasonLength ? code : reason),
    message: shown(outcome.message),
    violations: [
      ...violations
        .slice(0, isWhole ? maxViolations : maxViolations - 1)
        .map(({ field, description }) => ({ field: shown(field), description: shown(description) })),
      ...(isWhole ? [] : [moreViolations]),
    ],
    metadata: Object.fromEntries(
      Object.entries(metadata)
        .slice(0, maxMetadata)
        .map(([name, value]) => [shown(name), shown(value)]),
    ),
  };
}
