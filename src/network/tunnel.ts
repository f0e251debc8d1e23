import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { connectionProblem } from "./connection-error.ts";
import { bareHost, type HttpProxy, portOf } from "./proxy.ts";
import { quoteWords, shownText } from "./server-text.ts";

/**
 * Raised when a proxy opens no tunnel. The message names the proxy and says what to do. `code` is that of Node's error,
 * `proxy` if the proxy refuses, which another attempt does not change, and else undefined.
 */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

export type TunnelOptions = {
  /** PEM certificates to trust instead of the well-known ones, for the host and for a proxy with TLS. */
  readonly ca?: string | undefined;
  /** Time for the tunnel, and for TLS through it, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
};

type TlsTunnelOptions = TunnelOptions & {
  /** Protocols to negotiate with the host (ALPN). */
  readonly protocols: readonly string[];
};

/** Connects to the host of a URL through a proxy, with TLS. Rejects with ProxyError. */
export async function connectThrough(
  proxy: HttpProxy,
  url: URL,
  options: TlsTunnelOptions,
): Promise<TLSSocket> {
  const signal = deadline(options);
  const socket = await openTunnel(proxy, url, { ...options, signal });
  const secured = connectTls({ ...tlsOptions(url, options), socket });
  try {
    await once(secured, "secureConnect", { signal });
    return secured;
  } catch (cause) {
    // Errors while it closes.
    secured.on("error", () => undefined).destroy();
    throw signal.aborted
      ? new ProxyError(`no TLS with ${url.host} through the proxy ${proxy.name} ${within(options)}`)
      : // A proxy that reads what it forwards has a certificate of its own.
        new ProxyError(
          `through the proxy ${proxy.name}: ${connectionProblem(cause as Error).text}`,
          lastingCode(cause as Error),
        );
  }
}

/**
 * Opens a tunnel through a proxy to the host of a URL (CONNECT, RFC 9110 9.3.6), without TLS in it. Rejects with
 * ProxyError.
 */
export function openTunnel(proxy: HttpProxy, url: URL, options: TunnelOptions): Promise<Socket> {
  const target = `${url.hostname}:${portOf(url)}`;
  const signal = deadline(options);
  return new Promise((resolve, reject) => {
    const send = proxy.isTls ? requestHttps : requestHttp;
    const request: ClientRequest = send({
      agent: false,
      method: "CONNECT",
      host: proxy.host,
      port: proxy.port,
      path: target,
      headers: {
        host: target,
        ...(proxy.authorization !== undefined && { "proxy-authorization": proxy.authorization }),
      },
      signal,
      ...(proxy.isTls && options.ca !== undefined && { ca: options.ca }),
    });
    request.once("connect", (response: IncomingMessage, socket: Socket | Duplex, head: Buffer) => {
      const { statusCode = 0 } = response;
      if (statusCode >= 200 && statusCode < 300) {
        resolve(socket as Socket);
      } else {
        socket.on("error", () => undefined).destroy();
        reject(refusal(proxy, target, response, head));
      }
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      reject(
        signal.aborted
          ? new ProxyError(`the proxy ${proxy.name} opened no connection to ${target} ${within(options)}`)
          : new ProxyError(
              `the proxy ${proxy.name} cannot be used: ${connectionProblem(error).text}; check ${proxy.variable}`,
              lastingCode(error),
            ),
      );
    });
    request.end();
  });
}

/** Timers of Node with a longer delay end at once. */
const maxTimeoutMs = 2 ** 31 - 1;

function deadline({ timeoutMs, signal }: TunnelOptions): AbortSignal {
  const timeout = AbortSignal.timeout(Math.min(timeoutMs, maxTimeoutMs));
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

const within = ({ timeoutMs }: TunnelOptions) => `within ${timeoutMs / 1000} s`;

function tlsOptions(url: URL, { ca, protocols }: TlsTunnelOptions): ConnectionOptions {
  const host = bareHost(url);
  return {
    host,
    // RFC 6066 3: addresses are not names.
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
    ALPNProtocols: [...protocols],
  };
}

/** Returns the code of an error, unless the connection was closed: callers then know that no request was sent. */
function lastingCode({ code }: NodeJS.ErrnoException): string | undefined {
  return code === "ECONNRESET" || code === "EPIPE" ? undefined : code;
}

function refusal(proxy: HttpProxy, target: string, response: IncomingMessage, head: Buffer): ProxyError {
  const { statusCode = 0, statusMessage = "", headers } = response;
  if (statusCode === 407) {
    return new ProxyError(credentialProblem(proxy, headers["proxy-authenticate"]), "proxy");
  }
  const isLasting = statusCode < 500 && statusCode !== 408 && statusCode !== 429;
  const said = shownBy(
    proxy,
    `${statusMessage} for ${target}${quoteWords(head, headers["content-encoding"])}`,
  );
  return new ProxyError(
    `the proxy ${proxy.name} answered ${statusCode} ${said}` +
      (isLasting ? `; allow this host there, or name it in NO_PROXY if it can be reached directly` : ""),
    isLasting ? "proxy" : undefined,
  );
}

function credentialProblem({ name, variable, authorization }: HttpProxy, challenges = "Basic"): string {
  if (authorization !== undefined) {
    return `the proxy ${name} rejected the user and the password in ${variable}`;
  }
  // Schemes have no equals sign, unlike their parameters (RFC 9110 11.6.1).
  const schemes = challenges.split(/[\s,]+/).filter((part) => /^[A-Za-z][A-Za-z0-9-]*$/.test(part));
  return !schemes.some((scheme) => /^basic$/i.test(scheme))
    ? `the proxy ${name} requires authentication with ${schemes.join(" or ")}; only Basic is supported`
    : `the proxy ${name} requires a user and a password: set them in ${variable}, as http://USER:PASSWORD@${name}`;
}

/** Removes the credentials of a proxy from a text that it sent, and escapes what could control a terminal. */
function shownBy({ authorization = "" }: HttpProxy, text: string): string {
  const encoded = authorization.replace(/^Basic /, "");
  const password = Buffer.from(encoded, "base64")
    .toString()
    .replace(/^[^:]*:/, "");
  return shownText(shownText(text, encoded), password);
}
