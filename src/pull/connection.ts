import { once } from "node:events";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type TLSSocket } from "node:tls";
import { bareHost, portOf, proxyFor } from "../network/proxy.ts";
import { openTunnel, ProxyError } from "../network/tunnel.ts";
import { error, type Problem, quoted } from "./finding.ts";

/** A connection on which nothing was sent yet, or why there is none. */
export type Connection = { readonly socket: Socket } | { readonly problems: readonly Problem[] };

/** How to connect, and for how long. */
export type ConnectOptions = {
  /** Trusted certificates in PEM. Defaults to the well-known ones. */
  readonly ca?: string | undefined;
  /** Time for one whole exchange, in milliseconds. */
  readonly timeoutMs: number;
};

/**
 * Connects to the host of a URL, through the proxy that the environment names. A certificate that is not valid is described completely, and the connection is closed
 * before anything is sent. Aborts with the signal.
 */
export async function connectTo(
  url: URL,
  { ca, timeoutMs }: ConnectOptions,
  signal: AbortSignal,
): Promise<Connection> {
  const host = bareHost(url);
  const isTls = url.protocol === "https:";
  const port = portOf(url);
  let tunnel: Socket | undefined;
  try {
    const proxy = proxyFor(url);
    tunnel = proxy && (await openTunnel(proxy, url, { ca, timeoutMs, signal }));
  } catch (cause) {
    return { problems: [proxyProblem(cause)] };
  }
  const socket = isTls
    ? connectTls({
        host,
        port,
        ...(tunnel && { socket: tunnel }),
        // RFC 6066 3: addresses are not names.
        ...(isIP(host) === 0 && { servername: host }),
        ...(ca !== undefined && { ca }),
        ALPNProtocols: ["http/1.1"],
        // All problems of the certificate are looked up below, before a request is sent.
        rejectUnauthorized: false,
      })
    : connectTcp({ host, port });
  socket.on("error", () => undefined);
  try {
    await once(socket, isTls ? "secureConnect" : "connect", { signal });
  } catch (cause) {
    socket.destroy();
    return { problems: [connectionProblem(cause, signal, isTls)] };
  }
  const problems = isTls ? certificateProblems(socket as TLSSocket, host, ca) : [];
  if (problems.length > 0) {
    socket.destroy();
    return { problems };
  }
  return { socket };
}

function proxyProblem(cause: unknown): Problem {
  if (cause instanceof ProxyError || cause instanceof TypeError) {
    return error("connection", `failed: ${cause.message}`);
  }
  throw cause;
}

function connectionProblem(cause: unknown, signal: AbortSignal, isTls: boolean): Problem {
  if (signal.aborted) {
    return error("connection", "was not accepted before the timeout: check the host, the port and firewalls");
  }
  const { code = "", message, errors } = cause as NodeJS.ErrnoException & { errors?: Error[] };
  if (isTls && /^(ERR_SSL|ERR_TLS|EPROTO|ECONNRESET)/.test(code)) {
    return error("connection", `TLS failed: ${code}; the server must accept TLS 1.2 or 1.3 on this port`);
  }
  const text = message || errors?.[0]?.message || code;
  return error(
    "connection",
    `failed: ${quoted(text)}; check the host, the port and that the server is running`,
  );
}

const incompleteChain =
  "has an issuer that is not known: the server must send all intermediate certificates, up to a public authority";

/** Codes of OpenSSL for a chain that does not end at a trusted certificate. */
const untrusted: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "is self-signed: use one of a public certificate authority",
  SELF_SIGNED_CERT_IN_CHAIN: "is of a certificate authority that is not public",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: incompleteChain,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: incompleteChain,
  UNABLE_TO_GET_ISSUER_CERT: incompleteChain,
};

/** Returns everything that is wrong with the certificate of a connection: its chain, its dates and its names. */
function certificateProblems(socket: TLSSocket, host: string, ca: string | undefined): Problem[] {
  if (socket.authorized) {
    return [];
  }
  const nowMs = Date.now();
  const certificate = socket.getPeerCertificate();
  const problems: Problem[] = [];
  const [from, to] = [Date.parse(certificate.valid_from), Date.parse(certificate.valid_to)];
  if (to <= nowMs) {
    problems.push(error("certificate", `expired at ${new Date(to).toISOString()}: renew it`));
  } else if (from > nowMs) {
    problems.push(error("certificate", `is not valid before ${new Date(from).toISOString()}`));
  }
  if (checkServerIdentity(host, certificate) !== undefined) {
    const names = certificate.subjectaltname ?? "no names";
    problems.push(
      error(
        "certificate",
        `is for ${quoted(names)}, but the URL has the host ${host}: use a certificate with this name`,
      ),
    );
  }
  // OpenSSL reports one problem only, and its end date before that it is self-signed.
  const code = isUntrustedRoot(socket, ca)
    ? "DEPTH_ZERO_SELF_SIGNED_CERT"
    : String(socket.authorizationError);
  if (Object.hasOwn(untrusted, code)) {
    const hint = "; for a test, pass the certificate to trust with --ca";
    problems.push(error("certificate", `${untrusted[code]}${hint}`));
  } else if (problems.length === 0) {
    problems.push(error("certificate", `is not valid: ${quoted(code)}`));
  }
  return problems;
}

/** Returns whether the certificate is self-signed and none of those in `ca`. */
function isUntrustedRoot(socket: TLSSocket, ca: string | undefined): boolean {
  const certificate = socket.getPeerX509Certificate();
  return certificate?.checkIssued(certificate) === true && !ca?.includes(certificate.toString().trim());
}
