import { type DescMessage, type MessageShape, toJsonString } from "@bufbuild/protobuf";
import { type CallOptions, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { ErrorInfoSchema, RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { CallView } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { PlanGroupService } from "../../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import {
  type PlanGroup,
  PlanGroupSchema,
  type PlanStatus,
  PlanStatusSchema,
} from "../../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { type NotificationText, notificationTexts } from "../../../plans/notification-text.ts";
import { createRestTransport } from "../../../transcoding/client/index.ts";
import { emulator } from "../../emulator/client.ts";
import { codeName } from "../../emulator/code-name.ts";
import { problemOf } from "../../emulator/problem.ts";
import type { Draft } from "../../ui/push-draft.ts";
import { type PushProtocol, pushBody } from "./push-body.ts";

/** What the emulator answered to a push. */
export type PushAnswer = {
  readonly draft: Draft;
  readonly protocol: PushProtocol;
  readonly requestId: string;
  /** Name of its call in the journal; undefined if the journal does not have it. */
  readonly call: string | undefined;
  readonly result: Stored | Rejected;
};

/** A push that was stored. */
export type Stored = {
  readonly kind: "stored";
  /** The stored resource as JSON. */
  readonly json: string;
  readonly notifications: readonly NotificationText[];
};

/** A push that was rejected. */
export type Rejected = {
  readonly kind: "rejected";
  /** Canonical code, such as `INVALID_ARGUMENT`. */
  readonly code: string;
  /** Reason of the error, such as `FIELD_INVALID`; empty if it has none. */
  readonly reason: string;
  readonly message: string;
  /** With paths of the body that was sent. */
  readonly violations: readonly { readonly field: string; readonly description: string }[];
  /** When to try again, in seconds; undefined if the answer does not say. */
  readonly retryAfterSeconds: number | undefined;
};

/** Pushes a draft. Its text is sent exactly as it was written, also if it is not JSON. */
export async function sendPush(draft: Draft, protocol: PushProtocol): Promise<PushAnswer> {
  const requestId = newRequestId();
  const token = await createToken(draft.operator);
  const headers = { "x-request-id": requestId, ...(token && { authorization: `Bearer ${token}` }) };
  const transport = createTransport(protocol, pushBody(draft, protocol).text);
  const result = await call(draft, transport, { headers }).catch(rejectedOf);
  return { draft, protocol, requestId, call: await findCall(requestId, draft), result };
}

/** By the id, the call is found in the journal, also if its answer is lost. */
function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Returns a token for an operator. What is no operator has none; the emulator then says what is wrong with it. */
async function createToken(operator: string): Promise<string> {
  const options = { scopes: ["push"], lifetime: { seconds: 60n } };
  try {
    return (await emulator.createToken({ ...options, operators: [`operators/${operator}`] })).accessToken;
  } catch (cause) {
    if (ConnectError.from(cause).code !== Code.InvalidArgument) {
      throw cause;
    }
    return (await emulator.createToken({ ...options, operators: ["operators/1"] })).accessToken;
  }
}

/** Creates a transport that sends this text in the place of the request message. */
function createTransport(protocol: PushProtocol, text: string): Transport {
  const bytes = new TextEncoder().encode(text);
  const body = protocol === "grpc-web" ? envelope(bytes) : bytes;
  const options = {
    baseUrl: location.origin,
    fetch: (input: RequestInfo | URL, init?: RequestInit) => fetch(input, { ...init, body }),
  };
  switch (protocol) {
    case "rest":
      return createRestTransport(options);
    case "connect":
      return createConnectTransport({ ...options, useBinaryFormat: false });
    case "grpc-web":
      return createGrpcWebTransport({ ...options, useBinaryFormat: false });
  }
}

/** Returns a message as gRPC-Web frames it: a flag, four bytes of length, and the message. */
function envelope(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(5 + message.length);
  new DataView(framed.buffer).setUint32(1, message.length);
  framed.set(message, 5);
  return framed;
}

async function call(draft: Draft, transport: Transport, options: CallOptions): Promise<Stored> {
  const { method, clientId, userKey } = draft;
  const parent = `operators/${draft.operator}`;
  const statuses = createClient(PlanStatusService, transport);
  switch (method) {
    case "CreateUserPlanStatus":
      return storedStatus(
        await statuses.createUserPlanStatus({ parent, clientId, userKey, planStatus: {} }, options),
      );
    case "CreatePlanStatus":
      return storedStatus(await statuses.createPlanStatus({ parent, userKey, planStatus: {} }, options));
    case "CreatePlanGroup": {
      const groups = createClient(PlanGroupService, transport);
      const group = { parent, planGroupId: userKey, planGroup: {} };
      return stored(PlanGroupSchema, await groups.createPlanGroup(group, options), []);
    }
  }
}

function storedStatus(status: PlanStatus): Stored {
  return stored(PlanStatusSchema, status, notificationTexts(status));
}

function stored<Desc extends DescMessage>(
  desc: Desc,
  resource: MessageShape<Desc> & (PlanStatus | PlanGroup),
  notifications: readonly NotificationText[],
): Stored {
  return { kind: "stored", json: toJsonString(desc, resource, { prettySpaces: 2 }), notifications };
}

function rejectedOf(cause: unknown): Rejected {
  const error = ConnectError.from(cause);
  const { message, violations } = problemOf(error);
  const [retry] = error.findDetails(RetryInfoSchema);
  const { seconds = 0n, nanos = 0 } = retry?.retryDelay ?? {};
  return {
    kind: "rejected",
    code: codeName(error.code),
    reason: error.findDetails(ErrorInfoSchema)[0]?.reason ?? "",
    message,
    violations,
    retryAfterSeconds: retry?.retryDelay === undefined ? undefined : Number(seconds) + nanos / 1e9,
  };
}

/** Calls that are looked at: others may have ended meanwhile. */
const lookedAtCalls = 100;

/** Returns the name of a call by the id of its request. */
async function findCall(requestId: string, { method }: Draft): Promise<string | undefined> {
  try {
    const { calls } = await emulator.listCalls({ method, view: CallView.BASIC, pageSize: lookedAtCalls });
    const found = calls.find((each) => each.requestId === requestId);
    return found?.name;
  } catch {
    return undefined;
  }
}
