import type { DescMethodUnary, DescService, MessageShape, Registry } from "@bufbuild/protobuf";
import { type CallOptions, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { PlanServingService } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { createWithDates, type InitWithDates } from "./dates.ts";
import { endpointOf, type GoogleEndpoint } from "./endpoint.ts";
import { type Attempt, createRetryInterceptor } from "./retry-interceptor.ts";
import { createRetryPolicy, type Pacing, type RetryOptions, systemPacing } from "./retry-policy.ts";
import { createSharedToken, type TokenSource } from "./token-source.ts";
import { createTransport, type PlanSharingProtocol } from "./transport.ts";

export type PlanSharingClientOptions = {
  /**
   * `production` or `preproduction` for Google's hosts, or a URL such as `https://mdps.example.com`. `http` is allowed
   * for loopback addresses only, because tokens are readable on the wire. Google's hosts cannot be read from: their
   * `get…` methods reject with NOT_FOUND.
   */
  endpoint: GoogleEndpoint | (string & {});
  /** Defaults to `rest`, the only protocol of Google's hosts. */
  protocol?: PlanSharingProtocol;
  /** Access token, or a source of them such as `googleCredentials()`. */
  token: string | TokenSource;
  /** PEM certificates to trust instead of the well-known ones, for a server with a private certificate authority. */
  ca?: string;
  /** Timeout of a call, retries and waits included, in milliseconds. Defaults to 30,000; a call's `timeoutMs` wins. */
  timeoutMs?: number;
  /** How failed calls are retried; `false` for never. A rejected token is refreshed once in any case. */
  retry?: RetryOptions | false;
  /** Called after every attempt of every call. If it throws, the call fails. */
  onAttempt?: (attempt: Attempt) => void;
  /**
   * Types that the details of errors may contain over REST, besides those of the API, google/rpc/error_details.proto and
   * the well-known types: `createRegistry(file_acme_quota_v1)`. Without its type, a detail keeps its JSON as `debug`, and
   * `error.findDetails(QuotaSchema)` finds it all the same, unless it contains an Any of an unknown type.
   */
  registry?: Registry;
  /** Applied to every call once, outside its retries; the first one is outermost. */
  interceptors?: Interceptor[];
  /** Clock and random numbers, for tests. */
  pacing?: Partial<Pacing>;
};

/** Every method of the API, and those of this project's reading side. Times in requests may be Dates. */
export type PlanSharingClient = Methods<typeof PlanStatusService> &
  Methods<typeof PlanGroupService> &
  Methods<typeof PlanServingService>;

type Methods<Service extends DescService> = {
  [M in keyof Service["method"]]: Service["method"][M] extends DescMethodUnary<infer Input, infer Output>
    ? (request: InitWithDates<MessageShape<Input>>, options?: CallOptions) => Promise<MessageShape<Output>>
    : never;
};

/** Longest timeout that a timer supports, in milliseconds: 24 days. */
const longestTimeoutMs = 0x7fffffff;

/**
 * Creates a client with the same typed methods on every protocol.
 *
 * ```ts
 * const client = createPlanSharingClient({ endpoint: "preproduction", token: googleCredentials("key.json") });
 * const { name, notifications } = await client.createUserPlanStatus(
 *   { parent: "operators/65001", clientId: "youtube", userKey: "a/b+c==", planStatus },
 *   { timeoutMs: 5_000, signal: new AbortController().signal },
 * );
 * ```
 *
 * Calls reject with a ConnectError that `readError` reads: the server's own error; UNAVAILABLE if the server cannot be
 * reached, the connection breaks or a proxy answers; DEADLINE_EXCEEDED; CANCELED after the signal aborts. UNAVAILABLE
 * and RESOURCE_EXHAUSTED have been retried as `retry` says. A request with a time that is neither a Date nor a Timestamp
 * rejects with a TypeError that names the field.
 *
 * Throws TypeError for an `endpoint` that is not confidential or does not speak the protocol and for an invalid `ca`,
 * RangeError for numbers that are out of range.
 */
export function createPlanSharingClient(options: PlanSharingClientOptions): PlanSharingClient {
  const { protocol = "rest", timeoutMs = 30_000, retry = {}, interceptors = [] } = options;
  const endpoint = endpointOf(options.endpoint);
  if (endpoint.google && protocol !== "rest") {
    throw new TypeError(`protocol: ${endpoint.url} speaks rest only, not ${protocol}`);
  }
  if (!(timeoutMs >= 1 && timeoutMs <= longestTimeoutMs)) {
    throw new RangeError(`timeoutMs: ${timeoutMs} must be from 1 to ${longestTimeoutMs} milliseconds`);
  }
  const pacing = { ...systemPacing, ...options.pacing };
  const retries = createRetryInterceptor({
    token: createSharedToken(options.token),
    policy: createRetryPolicy(retry, pacing.random),
    pacing,
    onAttempt: options.onAttempt,
  });
  const transport = createTransport({
    baseUrl: endpoint.url,
    protocol,
    ca: options.ca,
    defaultTimeoutMs: timeoutMs,
    registry: options.registry,
    interceptors: [...interceptors, retries],
  });
  return {
    ...createMethods(PlanStatusService, transport),
    ...createMethods(PlanGroupService, transport),
    ...createMethods(PlanServingService, transport),
  };
}

function createMethods<Service extends DescService>(
  service: Service,
  transport: Transport,
): Methods<Service> {
  type Method = (request: object, options?: CallOptions) => Promise<unknown>;
  const client = createClient(service, transport) as Readonly<Record<string, Method>>;
  const methods = service.methods.map(({ localName, input }): [string, Method] => [
    localName,
    async (request, options) => client[localName]?.(createWithDates(input, request), options),
  ]);
  return Object.fromEntries(methods) as Methods<Service>;
}
