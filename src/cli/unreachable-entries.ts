import type {
  ClaimMapping,
  JwtIssuer,
  ListenConfig,
  ServerConfig,
} from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { ownIssuer } from "../auth/access-token.ts";
import { createNetworkCheck, networkAddress, parseNetwork } from "../contract/ip-address.ts";
import { parseServerUrl } from "../contract/server-url.ts";

/**
 * Returns the entries of a valid configuration that have no effect, because what they are compared with can never be
 * equal, or because another entry includes them. Each text names the entry, why it has no effect and what to do.
 */
export function unreachableEntries({ auth, listen }: ServerConfig): string[] {
  const { publicUrls = [], jwtIssuers = [], introspection } = auth ?? {};
  const opaque = introspection && { ...introspection, path: "auth.introspection" };
  const issuers = jwtIssuers.map((each, index) => ({ ...each, path: `auth.jwtIssuers[${index}]` }));
  return [
    ...originEntries(listen?.allowOrigins ?? []),
    ...proxyEntries(listen?.trustedProxies ?? []),
    ...publicUrlEntries(publicUrls),
    ...issuers.flatMap(({ path, issuer }) => issuerEntries(path, issuer)),
    ...[...issuers, ...(opaque ? [opaque] : [])].flatMap(comparedEntries),
  ];
}

/** Browsers send the origin of a page in one spelling (RFC 6454 6.1), which is compared as text. */
function originEntries(origins: ListenConfig["allowOrigins"]): string[] {
  return origins.flatMap((origin, index) => {
    const path = `listen.allowOrigins[${index}]`;
    if (origin === "*") {
      return [];
    }
    if (origins.includes("*")) {
      return [`${path}: ${origin} has no effect, because * allows all origins; remove one of the two`];
    }
    if (origin.includes("*")) {
      return [`${path}: ${origin} never matches, because only * alone is a wildcard; list each origin`];
    }
    const sent = URL.canParse(origin) ? new URL(origin).origin : undefined;
    if (sent === origin) {
      return [];
    }
    return [
      sent === undefined
        ? `${path}: ${origin} never matches, because it is not an origin, such as https://console.example.com`
        : `${path}: ${origin} never matches, because browsers send ${sent}; write that`,
    ];
  });
}

function proxyEntries(proxies: ListenConfig["trustedProxies"]): string[] {
  const networks = proxies.map((text) => parseNetwork(text));
  return networks.flatMap((network, index) => {
    const path = `listen.trustedProxies[${index}]`;
    if (network === undefined) {
      return [];
    }
    const first = networkAddress(network);
    const outer = networks.findIndex(
      (other, at) =>
        other !== undefined &&
        at !== index &&
        // Of two that are equal, the second has no effect.
        (other.prefix < network.prefix || (other.prefix === network.prefix && at < index)) &&
        createNetworkCheck([other])(first),
    );
    return [
      ...(first === network.address
        ? []
        : [
            `${path}: ${proxies[index]} means all of ${first}/${network.prefix}; write that, or the address without a prefix`,
          ]),
      ...(outer === -1
        ? []
        : [`${path}: ${proxies[index]} has no effect, because ${proxies[outer]} includes it; remove it`]),
    ];
  });
}

function publicUrlEntries(urls: readonly string[]): string[] {
  const spellings = urls.map((text) => {
    const parsed = parseServerUrl(text);
    return "url" in parsed ? parsed.url : text;
  });
  return spellings.flatMap((url, index) =>
    spellings.indexOf(url) === index
      ? []
      : [
          `auth.publicUrls[${index}]: ${urls[index]} has no effect, because ${url} is listed before; remove it`,
        ],
  );
}

function issuerEntries(path: string, issuer: JwtIssuer["issuer"]): string[] {
  if (issuer === ownIssuer) {
    return [
      `${path}.issuer: ${issuer} never matches, because tokens of this issuer are verified with the key of the server itself; use the issuer of the provider`,
    ];
  }
  if (issuer.endsWith("/.well-known/openid-configuration")) {
    return [
      `${path}.issuer: ${issuer} never matches, because it is the URL of the provider's metadata; use the issuer in it`,
    ];
  }
  return [];
}

type Compared = {
  readonly path: string;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly accounts: readonly { readonly account: string }[];
  readonly claims?: ClaimMapping | undefined;
};

/** What is compared with claims of tokens as text: wildcards, placeholders and space around it never match. */
function comparedEntries({ path, issuer, audiences, accounts, claims }: Compared): string[] {
  const { account = "", scope = "", asns = "", audience = "", scopes = {} } = claims ?? {};
  const names = { account, scope, asns, audience };
  return [
    ...textEntries(`${path}.issuer`, issuer),
    ...audiences.flatMap((each, index) => [
      ...textEntries(`${path}.audiences[${index}]`, each),
      ...(audiences.indexOf(each) === index
        ? []
        : [`${path}.audiences[${index}]: ${each} has no effect, because it is listed before; remove it`]),
    ]),
    ...accounts.flatMap((each, index) => textEntries(`${path}.accounts[${index}].account`, each.account)),
    ...Object.entries(names).flatMap(([name, claim]) => textEntries(`${path}.claims.${name}`, claim)),
    ...Object.keys(scopes).flatMap((each) =>
      /\s/.test(each)
        ? [
            `${path}.claims.scopes: ${JSON.stringify(each)} never matches, because scopes have no spaces; map each scope`,
          ]
        : textEntries(`${path}.claims.scopes`, each),
    ),
  ];
}

function textEntries(path: string, text: string): string[] {
  const written = JSON.stringify(text);
  if (text !== text.trim()) {
    return [`${path}: ${written} never matches, because of the space around it; remove the space`];
  }
  if (text.includes("*")) {
    return [`${path}: ${written} never matches, because wildcards are not supported; write each value`];
  }
  if (/\{[^}]*\}/.test(text)) {
    return [`${path}: ${written} never matches, because it has a placeholder; write its value`];
  }
  return [];
}
