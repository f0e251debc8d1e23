import type { Edit } from "./configuration-text.ts";
import type { ProxyName } from "./proxy.ts";

/** A configuration of docs/proxies.md, or one with the changes that the page describes. */
export type Configuration = {
  readonly proxy: ProxyName;
  /** Protocols of the connections to the servers. */
  readonly upstream: string;
  /** Whether the proxy reads a request completely before it sends it to a server. */
  readonly buffering: string;
  readonly edits: readonly Edit[];
  /** Whether gRPC passes: not over HTTP/1.1. */
  readonly grpc: boolean;
};

const nginxWithoutRpc: Edit = [/ {4}# RPC\n[\s\S]*?\n {4}\}\n/g, ""];
const nginxUnbuffered: Edit = ["proxy_request_buffering on;", "proxy_request_buffering off;"];
const haproxyHttp1: Edit = ["proto h2 check", "check"];
const haproxyBuffered: Edit = ["    http-reuse", "    option http-buffer-request\n    http-reuse"];
const haproxyAlways: Edit = ["http-reuse safe", "http-reuse always"];
const caddyHttp1: Edit = ["h2c://", "http://"];
const apacheHttp2: Edit = ["http://10", "h2c://10"];
const apacheBuffered: Edit = ["    ProxyRequests Off", "    ProxyRequests Off\n    SetEnv proxy-sendcl 1"];

const of = (
  proxy: ProxyName,
  upstream: string,
  buffering: string,
  edits: readonly Edit[],
  grpc: boolean,
): Configuration => ({ proxy, upstream, buffering, edits, grpc });

/**
 * Every configuration that the suite runs. The first of each proxy is the documented one. None lets Caddy buffer: Caddy 2.6
 * mixes up the bodies that it buffers, as the page says.
 */
export const configurations: readonly Configuration[] = [
  of("nginx", "HTTP/1.1, RPC over h2c", "yes, RPC no", [], true),
  of("nginx", "HTTP/1.1, RPC over h2c", "no", [nginxUnbuffered], true),
  of("nginx", "HTTP/1.1", "yes", [nginxWithoutRpc], false),
  of("nginx", "HTTP/1.1", "no", [nginxWithoutRpc, nginxUnbuffered], false),
  of("haproxy", "h2c", "no", [], true),
  of("haproxy", "h2c, shared by all clients", "no", [haproxyAlways], true),
  of("haproxy", "h2c", "16 kB", [haproxyBuffered], true),
  of("haproxy", "HTTP/1.1", "no", [haproxyHttp1], false),
  of("haproxy", "HTTP/1.1", "16 kB", [haproxyHttp1, haproxyBuffered], false),
  of("caddy", "h2c", "no", [], true),
  of("caddy", "HTTP/1.1", "no", [caddyHttp1], false),
  of("apache", "HTTP/1.1", "no", [], false),
  of("apache", "HTTP/1.1", "yes", [apacheBuffered], false),
  of("apache", "h2c", "no", [apacheHttp2], true),
];
