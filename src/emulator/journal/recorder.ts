import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { Code } from "#deps/google/rpc/code_pb.js";
import { BadRequestSchema } from "#deps/google/rpc/error_details_pb.js";
import { PlanStatusService } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import type { PlanStatus } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { countedError } from "../../contract/api-error.ts";
import type { Clock } from "../../contract/clock.ts";
import { contractCodecs } from "../../contract/contract-types.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { notificationTexts } from "../../plans/notification-text.ts";
import type { HttpRequest } from "../../server/http-handler.ts";
import { tokenPath } from "../../server/pages/token-endpoint.ts";
import type { ServerHooks } from "../../server/server-extension.ts";
import { callFactsKey, type Outcome } from "../../server/telemetry/call-facts.ts";
import { type CallSummary, statusOf } from "../../server/telemetry/call-summary.ts";
import { parseRequestTarget, pathInBody } from "../../transcoding/index.ts";
import { contractMethods } from "../call-names.ts";
import { beginExchange, type Exchange, exchangeOf } from "./exchange.ts";
import type { Journal } from "./journal.ts";
import { subjectOfUnread } from "./named-subject.ts";
import type { RecordedCall } from "./recorded-call.ts";
import { keptHeaders, targetWithoutSecrets } from "./request-head.ts";

/** The hooks that record calls. */
export type Recorder = Pick<ServerHooks, "received" | "read" | "around" | "ended">;

/** Creates the hooks that record the calls of the API and of the token endpoint in a journal. */
export function createRecorder(journal: Journal, clock: Clock): Recorder {
  return {
    received(request, response, call) {
      beginExchange(call, { request, response, receivedAtMs: clock.now() });
    },

    read(message, { method, values }) {
      const call = values.get(callFactsKey);
      const exchange = call && exchangeOf(call);
      if (exchange !== undefined) {
        const { clientId = "" } = message as Message & { clientId?: string };
        // Now, because the implementation completes the message.
        exchange.message = { bytes: contractCodecs.encode(method.input, message), clientId };
      }
    },

    around: (method, call) =>
      method.parent !== PlanStatusService
        ? call
        : async function notePush(request, context) {
            const answer = await call(request, context);
            const facts = context.values.get(callFactsKey);
            const exchange = facts && exchangeOf(facts);
            if (exchange !== undefined) {
              exchange.sent = sentBy(request, answer as PlanStatus, facts?.asn);
            }
            return answer;
          },

    ended(summary) {
      const exchange = exchangeOf(summary.call);
      if (exchange !== undefined && !exchange.isForgotten && isRecorded(summary, exchange.request)) {
        journal.add(recordedCall(summary, exchange), exchange.sent);
      }
    },
  };

  function sentBy(request: Message, status: PlanStatus, asn: number | undefined): Exchange["sent"] {
    if (status.notifications.length === 0) {
      return [];
    }
    const { clientId = "", userKey } = request as Message & { clientId?: string; userKey: string };
    const { languageCode } = status;
    const sentAtMs = clock.now();
    return notificationTexts(status).map(({ type, text }) => ({
      type,
      asn,
      clientId,
      userKey,
      text,
      languageCode,
      sentAtMs,
    }));
  }
}

/** Whether a request is one of the API or of the token endpoint: not of a document, a probe or another service. */
function isRecorded({ call }: CallSummary, { url = "" }: HttpRequest): boolean {
  const { path } = parseRequestTarget(url);
  if (call.method !== undefined) {
    return contractMethods.includes(call.method) && call.protocol !== undefined;
  }
  return path === tokenPath || (call.protocol !== undefined && !otherPaths.test(path));
}

/** Paths of other services, of calls that were rejected before their method was known, and of the console's files. */
const otherPaths = /^\/(grpc\.|mobiledataplansharing\.emulator\.|(emulator|console)(\/|$))/;

/** The methods of the API by their RPC paths. */
const methods: ReadonlyMap<string, DescMethod> = new Map(
  contractMethods.map((method) => [`/${method.parent.typeName}/${method.name}`, method]),
);

function recordedCall(summary: CallSummary, exchange: Exchange): RecordedCall {
  const { call, outcome, httpMethod, durationMs } = summary;
  const { request, response, message, receivedAtMs, sent, fault = "" } = exchange;
  const target = request.url ?? "";
  const { path } = parseRequestTarget(target);
  // Assertions are credentials.
  const keptBody = path === tokenPath ? 0 : exchange.body.length;
  const content = contentOf(exchange, keptBody);
  const named = message === undefined ? subjectOfUnread(target, content) : undefined;
  return {
    requestId: call.id,
    receivedAtMs,
    durationMs,
    protocol: call.protocol,
    method: call.method ?? methods.get(path),
    httpMethod,
    target: targetWithoutSecrets(target),
    asn: call.asn ?? named?.asn,
    clientId: message?.clientId ?? named?.clientId ?? "",
    userKey: call.userKey ?? named?.userKey ?? "",
    headers: keptHeaders(request.rawHeaders),
    content,
    keptBody,
    bodySize: summary.requestBytes,
    isRead: message !== undefined,
    httpStatus: response.headersSent ? summary.httpStatus : 0,
    // google.rpc.Code and Connect's Code have the same numbers.
    code: (outcome.error?.code ?? outcome.code ?? 0) as number as Code,
    reason: outcome.reason ?? "",
    errorMessage: messageOf(outcome, summary),
    violations: violationsOf(outcome),
    notifications: sent.map(({ type }) => type),
    fault,
  };
}

/** Copies the body and the message into one buffer of their size, so that the call holds no memory of others. */
function contentOf({ body, message }: Exchange, keptBody: number): Uint8Array {
  const content = Buffer.allocUnsafeSlow(keptBody + (message?.bytes.length ?? 0));
  if (keptBody > 0) {
    body.copyTo(content);
  }
  if (message !== undefined) {
    content.set(message.bytes, keptBody);
  }
  return content;
}

function messageOf({ code, error, reason, bodyPath }: Outcome, { httpStatus }: CallSummary): string {
  if (code === undefined) {
    return "";
  }
  if (error !== undefined) {
    return pathInBody(error.rawMessage, bodyPath);
  }
  return reason === undefined
    ? `the call ended with ${statusOf({ code })} and HTTP status ${httpStatus}`
    : "the server failed";
}

/** Returns the violations with the paths that the answer has. */
function violationsOf({ error, bodyPath }: Outcome): FieldViolation[] {
  const counted = error && (countedError(error) as typeof error);
  const violations = counted?.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
  return (
    violations?.map(({ field, description }) => ({ field: pathInBody(field, bodyPath), description })) ?? []
  );
}
