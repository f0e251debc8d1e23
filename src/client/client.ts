import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { PlanServingService } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { type Attempt, createAttempts } from "./attempts.ts";
import { endpointOf, type GoogleEndpoint } from "./endpoint.ts";
import { createRetryPolicy, type Pacing, type RetryOptions, systemPacing } from "./retry-policy.ts";
import { createTokenKeeper, type TokenSource } from "./token-source.ts";
import { createTransport, type PlanSharingProtocol } from "./transport.ts";

export type PlanSharingClientOptions = {
  /**
   * `production` or `preproduction`, which are Google's hosts, or a URL such as `https://mdps.example.com`; plain
   * `http` to this machine alone, for a token in it is anybody's. Google's hosts have no reading side: there the
   * `get…` methods are NOT_FOUND.
   */
  endpoint: GoogleEndpoint | (string & {});
  /** Defaults to `rest`, which every server of this API speaks; Google's speak nothing else. */
  protocol?: PlanSharingProtocol;
  /** Access token, or what gives the current one, such as `googleCredentials()`. */
  token: string | TokenSource;
  /** Certificates to trust in place of the well-known ones, PEM: for a server with a private authority. */
  ca?: string;
  /**
   * How long a call may take, its repetitions and waits included, in milliseconds: 30 000 unless said otherwise. A
   * call's own `timeoutMs` wins.
   */
  timeoutMs?: number;
  /** How failed calls are repeated; `false` for never. A refused token is renewed all the same. */
  retry?: RetryOptions | false;
  /** Called after every attempt of every call. Must not throw: the call would. */
  onAttempt?: (attempt: Attempt) => void;
  /** Applied around every call, outside of its repetitions. */
  interceptors?: Interceptor[];
  /** Time and chance; for tests. */
  pacing?: Partial<Pacing>;
};

/** Every method of the API, and of this project's reading side. */
export type PlanSharingClient = Client<typeof PlanStatusService> &
  Client<typeof PlanGroupService> &
  Client<typeof PlanServingService>;

/** Longest time-out that a timer keeps, in milliseconds: 24 days. */
const longestTimeoutMs = 0x7fffffff;

/**
 * Creates a client with the same typed methods on every protocol.
 *
 * ```ts
 * const client = createPlanSharingClient({ endpoint: "preproduction", token: googleCredentials("key.json") });
 * await client.createUserPlanStatus(
 *   { parent: "operators/65001", clientId: "youtube", userKey, planStatus },
 *   { signal, timeoutMs: 5_000 },
 * );
 * ```
 *
 * Calls reject with ConnectError, which `readError` reads: the server's own; UNAVAILABLE if it cannot be reached, the
 * connection breaks or a proxy answers for it; DEADLINE_EXCEEDED; CANCELED if the signal says so. UNAVAILABLE and
 * RESOURCE_EXHAUSTED were repeated before, as `retry` says.
 *
 * Raises TypeError for an `endpoint` that would carry the token in cleartext to another machine or that does not
 * speak the protocol, and for a `ca` that is none; RangeError for numbers that are out of range.
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
  const attempts = createAttempts({
    token: createTokenKeeper(options.token),
    policy: createRetryPolicy(retry, pacing.random),
    pacing,
    onAttempt: options.onAttempt,
  });
  const transport = createTransport({
    baseUrl: endpoint.url,
    protocol,
    ca: options.ca,
    defaultTimeoutMs: timeoutMs,
    interceptors: [...interceptors, attempts],
  });
  return {
    ...createClient(PlanStatusService, transport),
    ...createClient(PlanGroupService, transport),
    ...createClient(PlanServingService, transport),
  };
}
