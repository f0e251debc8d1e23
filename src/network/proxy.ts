import { isIP } from "node:net";
import { canonicalAddress, createNetworkCheck, parseNetwork } from "../contract/ip-address.ts";

/** A proxy that opens tunnels, from the environment. */
export type HttpProxy = {
  /** Whether the connection to the proxy itself uses TLS. */
  readonly isTls: boolean;
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Host and port as in a URL, for messages. */
  readonly name: string;
  /** The environment variable that names it. */
  readonly variable: string;
  /** Value of Proxy-Authorization. Absent if the URL has no user. */
  readonly authorization?: string;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** The variables that name the proxy for https URLs, first the ones that win. Many systems set only the last two. */
const variables = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"];

/**
 * Returns the proxy through which a URL is reached, as the environment names it: https_proxy, HTTPS_PROXY, http_proxy or
 * HTTP_PROXY, unless no_proxy or NO_PROXY names the host. A http URL has none: this project sends http to this machine
 * only. Throws TypeError for a value that is not the URL of a proxy.
 */
export function proxyFor(url: URL, env: Environment = process.env): HttpProxy | undefined {
  const variable = variables.find((name) => env[name]);
  if (url.protocol !== "https:" || variable === undefined) {
    return undefined;
  }
  return isExcluded(url, env.no_proxy || env.NO_PROXY || "")
    ? undefined
    : parse(variable, env[variable] ?? "");
}

function parse(variable: string, value: string): HttpProxy {
  // As curl does, a value without a scheme is the host of an HTTP proxy.
  const text = value.includes("://") ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The messages must not quote the URL, which may contain a password.
  if (url === undefined || url.hostname === "") {
    throw new TypeError(
      `${variable}: must be the URL of a proxy, such as http://proxy.example.com:3128; in a user and a password, ` +
        "characters other than letters and digits must be percent-encoded",
    );
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError(
      `${variable}: ${url.protocol}//${url.host} is not supported: use an http or https proxy that permits CONNECT`,
    );
  }
  const isTls = url.protocol === "https:";
  const port = Number(url.port || (isTls ? 443 : 80));
  const proxy = { isTls, host: bareHost(url), port, name: `${url.hostname}:${port}`, variable };
  if (url.username === "" && url.password === "") {
    return proxy;
  }
  try {
    const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return { ...proxy, authorization: `Basic ${Buffer.from(user).toString("base64")}` };
  } catch {
    throw new TypeError(
      `${variable}: the user and the password for ${proxy.name} must be percent-encoded: write % as %25`,
    );
  }
}

/** Returns the host of a URL without the brackets of an IPv6 address. */
export function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

/** Returns the port of a URL, also if it is the default one. */
export function portOf({ port, protocol }: URL): number {
  return Number(port || (protocol === "https:" ? 443 : 80));
}

/**
 * Returns whether a list of NO_PROXY names the host of a URL. As for curl, `example.com` and `.example.com` name the host
 * and all hosts below it, `*` every host. An address may have a prefix length. `host:port` names one port of a host.
 */
function isExcluded(url: URL, list: string): boolean {
  const host = bareHost(url).toLowerCase().replace(/\.$/, "");
  const port = String(portOf(url));
  return list.split(/[\s,]+/).some((entry) => {
    const [, name = "", onlyPort = port] =
      /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
    return onlyPort === port && isNamed(host, name.toLowerCase().replace(/^\[(.*)\]$/, "$1"));
  });
}

function isNamed(host: string, entry: string): boolean {
  const address = canonicalAddress(host);
  if (address !== undefined) {
    const network = parseNetwork(entry);
    return entry === "*" || (network !== undefined && createNetworkCheck([network])(address));
  }
  const suffix = entry.replace(/^\*?\.|\.$/g, "");
  return entry === "*" || (suffix !== "" && (host === suffix || host.endsWith(`.${suffix}`)));
}
