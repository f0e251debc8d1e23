import { type IncomingMessage, request as sendHttp } from "node:http";
import { buffer } from "node:stream/consumers";
import { Code, type ConnectError } from "@connectrpc/connect";
import { expect } from "vitest";
import { PlanStatusService } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { readErrorBody } from "../../../src/transcoding/index.ts";
import { type ReceivedError, readApiError } from "../api-error.ts";
import { callRaw, type RawCall } from "../http/raw-call.ts";
import { parent, type RestRequest, user, userKey, validStatus } from "./cases.ts";

type Answer = ReceivedError & { readonly status: number };

/** Stores a status over REST. */
export async function storeOver(url: string, token: string, status: string): Promise<void> {
  const response = await fetch(url + user, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: status,
  });
  expect(response.status, await response.text()).toBe(200);
}

/** Sends a request as it is over REST and HTTP/1.1, and returns its error. Fails if it succeeds. */
export async function sendRest(url: string, token: string, request: RestRequest): Promise<Answer> {
  const { verb = "POST", path = user, authorization = `Bearer ${token}`, body = validStatus } = request;
  const { hostname, port } = new URL(url);
  const bytes = Buffer.from(body as string);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = {
    ...(authorization !== null && { authorization }),
    "content-type": "application/json",
    "content-length": bytes.length,
    ...request.headers,
  };
  sendHttp({ hostname, port, method: verb, path, headers })
    .on("response", resolve)
    .on("error", reject)
    .end(bytes);
  const response = await promise;
  const status = response.statusCode ?? 0;
  const text = (await buffer(response)).toString();
  expect(status, text).toBeGreaterThanOrEqual(400);
  return { status, ...readApiError(readErrorBody(text, status, new Headers())) };
}

/** Sends a status over Connect as JSON, as it is written, and returns its error. */
export async function sendConnect(url: string, token: string, status: string): Promise<ReceivedError> {
  const { error } = await callRaw({
    url,
    token,
    protocol: "connect",
    format: "json",
    method: `${PlanStatusService.typeName}/${PlanStatusService.method.createUserPlanStatus.name}`,
    body: `{"parent":"${parent}","clientId":"mobiledataplan","userKey":"${userKey}","planStatus":${status}}`,
  });
  return error === undefined ? expect.fail("the call succeeded") : readApiError(error);
}

/** Sends a call of Connect or gRPC and returns its error: its HTTP status, or over gRPC the name of its code. */
export async function sendRpc(call: RawCall) {
  const { error, httpStatus, text } = await callRaw(call).catch(async (failure: unknown) => {
    // The answer to an unknown type of the body is a text, which is not an error of Connect.
    const { url, method, body, headers = {} } = call;
    const response = await fetch(`${url}/${method}`, { method: "POST", body: body as string, headers });
    return { error: failure as ConnectError, httpStatus: response.status, text: await response.text() };
  });
  if (error === undefined) {
    return expect.fail(`${call.method} succeeded`);
  }
  if (text.startsWith('{"error":')) {
    // No method of RPC has this path, so that REST answers.
    const { reason, message } = readApiError(readErrorBody(text, httpStatus, new Headers()));
    return { status: String(httpStatus), reason, message };
  }
  const { reason } = error.details.length > 0 ? readApiError(error) : { reason: "" };
  const message = reason === "" && !text.startsWith("{") && text !== "" ? text.trim() : error.rawMessage;
  return { status: call.protocol === "grpc" ? Code[error.code] : String(httpStatus), reason, message };
}
