import { parent } from "../test-server.ts";

/** A request that is answered by its header or by the beginning of its body. */
export type Refused = {
  readonly name: string;
  readonly method?: string;
  readonly path: string;
  readonly header?: Readonly<Record<string, string>>;
  /** Declared length of the body; 0 for none, which is chunked over HTTP/1.1. Defaults to twice what is sent. */
  readonly length?: number;
  /** Beginning of the body. Defaults to spaces. */
  readonly begin?: Buffer;
  readonly status: number;
  /** Over HTTP/1.1, if it is another one. */
  readonly statusHttp1?: number;
  /** Defaults to the API port of a server with default limits. */
  readonly port?: "admin" | "strict" | "overloaded";
};

/** Sent of each body: less than the windows of HTTP/2. */
export const sentBytes = 48_000;

/** A gRPC or Connect frame of a message that is too large. */
const tooLargeMessage = Buffer.alloc(sentBytes);
tooLargeMessage.writeUInt32BE(1_200_000, 1);

const push = `/v1/${parent}/planStatuses?userKey=k`;
const json = { "content-type": "application/json" };
const pushMethod = "/mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus";
const watchMethod = "/grpc.health.v1.Health/Watch";
const reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
/** Stands for a good token of the server. */
const withToken = { authorization: "token" };

/** Requests that are answered before their bodies have arrived, by surface. */
export const refusedRequests: readonly Refused[] = [
  { name: "REST without a token", path: push, header: json, status: 401 },
  {
    name: "REST for an operator of others",
    path: "/v1/operators/65999/planStatuses?userKey=k",
    header: { ...json, ...withToken },
    status: 403,
  },
  { name: "REST with an unknown path", path: "/v1/nothing", header: json, status: 404 },
  { name: "REST with a method that is not allowed", method: "PUT", path: push, header: json, status: 405 },
  {
    name: "REST with an Accept that excludes JSON",
    path: push,
    header: { ...json, ...withToken, accept: "image/png" },
    status: 406,
  },
  {
    name: "REST with a Content-Length above the limit",
    path: push,
    header: { ...json, ...withToken },
    length: 3_000_000,
    status: 413,
  },
  {
    name: "REST with a body above the limit, without a length",
    path: push,
    header: { ...json, ...withToken },
    length: 0,
    port: "strict",
    status: 413,
  },
  {
    name: "REST with a target that is too long",
    path: `/v1/${"a".repeat(9_000)}`,
    header: json,
    status: 414,
  },
  {
    name: "REST with a content type that is not JSON",
    path: push,
    header: { ...withToken, "content-type": "text/plain" },
    status: 415,
  },
  {
    name: "REST with an unknown content encoding",
    path: push,
    header: { ...json, ...withToken, "content-encoding": "zstd" },
    status: 415,
  },
  {
    name: "REST with an invalid timeout",
    path: push,
    header: { ...json, ...withToken, "x-server-timeout": "soon" },
    status: 400,
  },
  { name: "OPTIONS with a body", method: "OPTIONS", path: push, header: json, status: 204 },
  {
    name: "a CORS preflight of REST with a body",
    method: "OPTIONS",
    path: push,
    header: { origin: "https://page.example", "access-control-request-method": "POST" },
    status: 204,
  },
  {
    name: "a CORS preflight of RPC with a body",
    method: "OPTIONS",
    path: pushMethod,
    header: { origin: "https://page.example", "access-control-request-method": "POST" },
    status: 204,
  },
  { name: "Connect without a token", path: pushMethod, header: json, status: 401 },
  {
    name: "gRPC without a token",
    path: pushMethod,
    header: { "content-type": "application/grpc", te: "trailers" },
    status: 200,
  },
  {
    name: "gRPC-Web without a token",
    path: pushMethod,
    header: { "content-type": "application/grpc-web+proto" },
    status: 200,
  },
  {
    name: "Connect with a Content-Length above the limit",
    path: pushMethod,
    header: { ...json, ...withToken },
    length: 3_000_000,
    status: 429,
  },
  {
    name: "gRPC with a Content-Length above the limit",
    path: pushMethod,
    header: { "content-type": "application/grpc", te: "trailers", ...withToken },
    length: 3_000_000,
    status: 200,
  },
  {
    name: "RPC with a method that is not allowed",
    method: "PUT",
    path: pushMethod,
    header: json,
    status: 405,
  },
  {
    name: "RPC with an unknown content type",
    path: pushMethod,
    header: { "content-type": "text/plain" },
    status: 415,
  },
  {
    name: "gRPC of an unknown method",
    path: "/no.such.Service/Method",
    header: { "content-type": "application/grpc", te: "trailers" },
    status: 200,
  },
  ...["application/connect+proto", "application/grpc-web+proto", "application/grpc"].map(
    (contentType): Refused => ({
      name: `server streaming of ${contentType} with a message above the limit`,
      path: watchMethod,
      header: { "content-type": contentType, te: "trailers", "connect-protocol-version": "1" },
      length: 1_200_005,
      begin: tooLargeMessage,
      status: 200,
    }),
  ),
  ...["application/connect+proto", "application/grpc-web+proto", "application/grpc"].map(
    (contentType): Refused => ({
      name: `a bidirectional stream of ${contentType} with a message above the limit`,
      path: reflection,
      header: { "content-type": contentType, te: "trailers", "connect-protocol-version": "1" },
      length: 0,
      begin: tooLargeMessage,
      status: 200,
      statusHttp1: 505,
    }),
  ),
  { name: "a token request by PUT", method: "PUT", path: "/token", status: 405 },
  { name: "a token request that is no form", path: "/token", header: json, status: 400 },
  {
    name: "a token request with a Content-Length above the limit",
    path: "/token",
    header: { "content-type": "application/x-www-form-urlencoded" },
    status: 413,
  },
  {
    name: "a token request above the limit, without a length",
    path: "/token",
    header: { "content-type": "application/x-www-form-urlencoded" },
    length: 0,
    status: 413,
  },
  { name: "the Discovery document by POST", path: "/$discovery/rest", status: 405 },
  { name: "the Discovery document by GET with a body", method: "GET", path: "/$discovery/rest", status: 200 },
  { name: "an expectation that is unknown", path: push, header: { expect: "200-ok" }, status: 417 },
  {
    name: "a call that is refused because the server is overloaded",
    path: push,
    header: { ...json, ...withToken },
    port: "overloaded",
    status: 503,
  },
  { name: "an unknown page of the admin port", path: "/nothing", port: "admin", status: 404 },
  { name: "a page of the admin port by POST", path: "/metrics", port: "admin", status: 405 },
  {
    name: "a page of the admin port by GET with a body",
    method: "GET",
    path: "/livez",
    port: "admin",
    status: 200,
  },
];
