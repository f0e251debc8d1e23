import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { PlanServingService } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { isConfidential } from "../contract/loopback.ts";
import { createRestTransport } from "../transcoding/index.ts";

/** The protocols that a client can speak. Google's own hosts speak REST only. */
export type PlanSharingProtocol = "connect" | "grpc" | "grpc-web" | "rest";

export type PlanSharingClientOptions = {
  /** Such as `https://mdps.example.com`; plain `http` to this machine alone, for a token in it is anybody's. */
  baseUrl: string;
  protocol: PlanSharingProtocol;
  /** Access token, or a function that returns the current one; asked before every call. */
  token: string | (() => string | Promise<string>);
  /** Applied around every call, outside of what the client itself does. */
  interceptors?: Interceptor[];
};

/** Every method of the API, and of this project's reading side. */
export type PlanSharingClient = Client<typeof PlanStatusService> &
  Client<typeof PlanGroupService> &
  Client<typeof PlanServingService>;

/**
 * Creates a client with the same typed methods on every protocol.
 *
 * ```ts
 * const client = createPlanSharingClient({ baseUrl: "http://127.0.0.1:8080", protocol: "rest", token });
 * await client.createUserPlanStatus({ parent: "operators/65001", clientId: "youtube", userKey, planStatus });
 * ```
 *
 * Calls reject with ConnectError; its `findDetails` has the ErrorInfo and the BadRequest. Throws TypeError for a
 * `baseUrl` that would carry the token in cleartext to another machine.
 */
export function createPlanSharingClient(options: PlanSharingClientOptions): PlanSharingClient {
  if (!URL.canParse(options.baseUrl) || !isConfidential(new URL(options.baseUrl))) {
    throw new TypeError(
      `baseUrl: ${options.baseUrl} must be an https URL; http would show the access token to everybody on the way, ` +
        "and is for this machine alone",
    );
  }
  const transport = createTransport(options);
  return {
    ...createClient(PlanStatusService, transport),
    ...createClient(PlanGroupService, transport),
    ...createClient(PlanServingService, transport),
  };
}

function createTransport({
  baseUrl,
  protocol,
  token,
  interceptors = [],
}: PlanSharingClientOptions): Transport {
  const all = [...interceptors, authorization(token)];
  switch (protocol) {
    case "connect":
      return createConnectTransport({ baseUrl, httpVersion: "1.1", interceptors: all });
    case "grpc":
      return createGrpcTransport({ baseUrl, interceptors: all });
    case "grpc-web":
      return createGrpcWebTransport({ baseUrl, httpVersion: "1.1", interceptors: all });
    case "rest":
      return createRestTransport({ baseUrl, interceptors: all });
  }
}

function authorization(token: PlanSharingClientOptions["token"]): Interceptor {
  return (next) => async (request) => {
    const current = typeof token === "string" ? token : await token();
    request.header.set("authorization", `Bearer ${current}`);
    return next(request);
  };
}
