import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { hour } from "../support/plan-statuses.ts";
import type { Exchange } from "./exchange.ts";
import type { WireProtocol } from "./outcome.ts";
import type { Site } from "./site.ts";

/** A request that the server refuses. */
export type Refusal = {
  /** A phrase such as `413 for a body with a length`. */
  readonly name: string;
  readonly protocol: WireProtocol;
  /** As `outcomeOf` describes it. */
  readonly outcome: string;
  readonly request: (site: Site) => Exchange;
  /** Whether it is sent while the servers have as many calls in flight as they may. */
  readonly overloaded?: boolean;
};

export const clientId = "mobiledataplan";
const method = "/mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus";
const watch = "/grpc.health.v1.Health/Watch";

/** Below the limit of 1 MiB, and more than the socket buffers of a proxy. */
const large = 900_000;
const tooLarge = 1_200_000;

/** Path of a push over REST. */
export function pushPath(asn: number, userKey: string): string {
  return `/v1/operators/${asn}/clients/${clientId}/users/${encodeURIComponent(userKey)}/planStatus`;
}

/** Returns a valid status as JSON, filled with blanks up to a size. */
export function statusJson(bytes = 0, now = Date.now()): Buffer {
  const status = {
    languageCode: "en-US",
    updateTime: new Date(now).toISOString(),
    expireTime: new Date(now + hour).toISOString(),
  };
  return Buffer.from(JSON.stringify(status).padEnd(bytes));
}

type Change = Partial<Exchange> & { token?: (site: Site) => string | undefined };

function rest(change: Change = {}): (site: Site) => Exchange {
  return (site) => {
    const { token = ({ tokens }: Site) => tokens.push, headers, ...more } = change;
    const value = token(site);
    return {
      method: "POST",
      path: pushPath(65_001, "refused"),
      body: statusJson(large),
      ...more,
      headers: {
        "content-type": "application/json",
        ...(value !== undefined && { authorization: `Bearer ${value}` }),
        ...headers,
      },
    };
  };
}

function rpc(type: string, body: Buffer, change: Change = {}): (site: Site) => Exchange {
  const framed = type.startsWith("application/grpc") || type.startsWith("application/connect");
  return rest({
    path: method,
    ...change,
    body: framed ? Buffer.from(encodeEnvelope(0, body)) : body,
    headers: {
      "content-type": type,
      ...(type.startsWith("application/grpc") && !type.includes("web") && { te: "trailers" }),
      ...(type.includes("connect") && { "connect-protocol-version": "1" }),
      ...change.headers,
    },
  });
}

const nobody = () => undefined;
const zeros = (bytes: number) => Buffer.alloc(bytes);
const none = Buffer.alloc(0);

/** Every way to be refused, most of them before the body is read. */
export const refusals: readonly Refusal[] = [
  {
    name: "401 without a token",
    protocol: "rest",
    outcome: "401 unauthenticated CREDENTIALS_MISSING",
    request: rest({ token: nobody }),
  },
  {
    name: "401 with an invalid token",
    protocol: "rest",
    outcome: "401 unauthenticated CREDENTIALS_INVALID",
    request: rest({ token: ({ tokens }) => `${tokens.push}x` }),
  },
  {
    name: "403 for another operator",
    protocol: "rest",
    outcome: "403 permission_denied OPERATOR_NOT_LINKED",
    request: rest({ path: pushPath(65_009, "refused") }),
  },
  {
    name: "404 for an unknown path",
    protocol: "rest",
    outcome: "404 not_found ROUTE_NOT_FOUND",
    request: rest({ path: "/v1/nothing" }),
  },
  {
    name: "405 for PUT",
    protocol: "rest",
    outcome: "405 unimplemented METHOD_NOT_ALLOWED",
    request: rest({ method: "PUT" }),
  },
  {
    name: "406 for Accept: text/html",
    protocol: "rest",
    outcome: "406 invalid_argument RESPONSE_NOT_ACCEPTABLE",
    request: rest({ headers: { accept: "text/html" } }),
  },
  {
    name: "413 for a body with a length",
    protocol: "rest",
    outcome: "413 resource_exhausted REQUEST_TOO_LARGE",
    request: rest({ body: statusJson(tooLarge) }),
  },
  {
    name: "413 for a body without a length",
    protocol: "rest",
    outcome: "413 resource_exhausted REQUEST_TOO_LARGE",
    request: rest({ body: statusJson(tooLarge), chunked: true }),
  },
  {
    name: "413 for a body of three times the limit",
    protocol: "rest",
    outcome: "413 resource_exhausted REQUEST_TOO_LARGE",
    request: rest({ body: statusJson(3 * 1024 * 1024) }),
  },
  {
    name: "413 for a client that expects 100 Continue",
    protocol: "rest",
    outcome: "413 resource_exhausted REQUEST_TOO_LARGE",
    request: rest({ body: statusJson(tooLarge), headers: { expect: "100-continue" } }),
  },
  {
    name: "415 for text/plain",
    protocol: "rest",
    outcome: "415 invalid_argument CONTENT_TYPE_UNSUPPORTED",
    request: rest({ headers: { "content-type": "text/plain" } }),
  },
  {
    name: "400 for malformed JSON",
    protocol: "rest",
    outcome: "400 invalid_argument REQUEST_MALFORMED",
    request: rest({ body: Buffer.from("{".padEnd(large)) }),
  },
  {
    name: "429 beyond the rate of an operator",
    protocol: "rest",
    outcome: "429 resource_exhausted OPERATOR_RATE_EXCEEDED",
    request: rest({ path: pushPath(65_003, "refused"), token: ({ tokens }) => tokens.limited }),
  },
  {
    name: "503 while the provider of a token does not respond",
    protocol: "rest",
    outcome: "503 unavailable CREDENTIALS_UNVERIFIABLE",
    request: rest({ token: () => "opaque" }),
  },
  {
    name: "503 of an overloaded server",
    protocol: "rest",
    outcome: "503 unavailable SERVER_OVERLOADED",
    request: rest(),
    overloaded: true,
  },
  {
    name: "Connect: no token",
    protocol: "connect",
    outcome: "401 unauthenticated CREDENTIALS_MISSING",
    request: rpc("application/proto", zeros(large), { token: nobody }),
  },
  {
    name: "Connect: body too large",
    protocol: "connect",
    outcome: "429 resource_exhausted REQUEST_TOO_LARGE",
    request: rpc("application/proto", zeros(tooLarge)),
  },
  {
    name: "Connect: unknown method",
    protocol: "plain",
    outcome: "404",
    request: rpc("application/proto", zeros(large), { path: `${method}s` }),
  },
  {
    name: "Connect: overloaded server",
    protocol: "connect",
    outcome: "503 unavailable SERVER_OVERLOADED",
    request: rpc("application/json", statusJson(large)),
    overloaded: true,
  },
  {
    name: "Connect: Health/Watch with 1.2 MB",
    protocol: "connect-stream",
    outcome: "200 resource_exhausted REQUEST_TOO_LARGE",
    request: rpc("application/connect+proto", zeros(tooLarge), { path: watch, token: nobody }),
  },
  {
    name: "gRPC-Web: no token",
    protocol: "grpc-web",
    outcome: "200 unauthenticated CREDENTIALS_MISSING",
    request: rpc("application/grpc-web+proto", zeros(large), { token: nobody }),
  },
  {
    name: "gRPC-Web: body too large",
    protocol: "grpc-web",
    outcome: "200 resource_exhausted REQUEST_TOO_LARGE",
    request: rpc("application/grpc-web+proto", zeros(tooLarge)),
  },
  {
    name: "gRPC-Web: Health/Watch with 1.2 MB",
    protocol: "grpc-web",
    outcome: "200 resource_exhausted REQUEST_TOO_LARGE",
    request: rpc("application/grpc-web+proto", zeros(tooLarge), { path: watch, token: nobody }),
  },
  {
    name: "gRPC: no token",
    protocol: "grpc",
    outcome: "200 unauthenticated CREDENTIALS_MISSING",
    request: rpc("application/grpc", zeros(large), { token: nobody }),
  },
  {
    name: "gRPC: body too large",
    protocol: "grpc",
    outcome: "200 resource_exhausted REQUEST_TOO_LARGE",
    request: rpc("application/grpc", zeros(tooLarge)),
  },
  {
    name: "gRPC: unknown method",
    protocol: "grpc",
    outcome: "200 unimplemented",
    request: rpc("application/grpc", zeros(large), { path: `${method}s` }),
  },
  {
    name: "gRPC: overloaded server",
    protocol: "grpc",
    outcome: "200 unavailable SERVER_OVERLOADED",
    request: rpc("application/grpc", zeros(large)),
    overloaded: true,
  },
  {
    name: "gRPC: Health/Watch with 1.2 MB",
    protocol: "grpc",
    outcome: "200 resource_exhausted REQUEST_TOO_LARGE",
    request: rpc("application/grpc", zeros(tooLarge), { path: watch, token: nobody }),
  },
  {
    name: "token endpoint: 20 kB",
    protocol: "plain",
    outcome: "413",
    request: rest({
      path: "/token",
      token: nobody,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: Buffer.alloc(20_000, "a"),
    }),
  },
  {
    name: "token endpoint: 900 kB",
    protocol: "plain",
    outcome: "413",
    request: rest({
      path: "/token",
      token: nobody,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: Buffer.alloc(large, "a"),
    }),
  },
  {
    name: "token endpoint: PUT",
    protocol: "plain",
    outcome: "405",
    request: rest({ method: "PUT", path: "/token", token: nobody }),
  },
  {
    name: "Discovery document: POST with a body",
    protocol: "plain",
    outcome: "405",
    request: rest({ path: "/$discovery/rest", token: nobody }),
  },
  {
    name: "404 for GET without a body",
    protocol: "rest",
    outcome: "404 not_found ROUTE_NOT_FOUND",
    request: rest({ method: "GET", path: "/v1/nothing", body: none }),
  },
];
