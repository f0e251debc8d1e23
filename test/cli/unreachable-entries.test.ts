import { describe, expect, it } from "vitest";
import { unreachableEntries } from "../../src/cli/unreachable-entries.ts";
import { resolveConfig } from "../../src/config/resolve.ts";

function entriesOf(yaml: string): string[] {
  const { config } = resolveConfig({ dataDirectory: "/data", file: { name: "mdps.yaml", text: yaml } });
  return unreachableEntries(config);
}

const listen = (settings: string) => `listen: { ${settings} }`;
const issuer = (settings: string) =>
  `auth: { jwtIssuers: [{ jwksUri: "https://idp.example/jwks", ${settings} }] }`;
const valid = 'issuer: "https://idp.example/", audiences: [mdps]';
const opaque = (settings: string) =>
  `auth: { introspection: { endpoint: "https://idp.example/i", clientId: a, clientSecretEnv: S, ${settings} } }`;
const push = "https://www.googleapis.com/auth/dataplansharing";

describe("entries of a configuration that have no effect", () => {
  it.each<[string, string, RegExp]>([
    [
      "a wildcard for subdomains",
      listen('allowOrigins: ["https://*.example.com"]'),
      /^listen\.allowOrigins\[0\]: https:\/\/\*\.example\.com never matches, because only \* alone is a wildcard/,
    ],
    [
      "an origin with an upper-case host",
      listen('allowOrigins: ["https://Console.example.com"]'),
      /browsers send https:\/\/console\.example\.com; write that/,
    ],
    [
      "an origin with the default port of https",
      listen('allowOrigins: ["https://a.example:443"]'),
      /browsers send https:\/\/a\.example; write that/,
    ],
    [
      "an origin with the default port of http",
      listen('allowOrigins: ["http://localhost:80"]'),
      /browsers send http:\/\/localhost; write that/,
    ],
    [
      "an origin with a host beyond ASCII",
      listen('allowOrigins: ["https://bücher.example"]'),
      /browsers send https:\/\/xn--bcher-kva\.example; write that/,
    ],
    [
      "an origin with an invalid port",
      listen('allowOrigins: ["https://a.example:99999"]'),
      /never matches, because it is not an origin/,
    ],
    [
      "an origin next to *",
      listen('allowOrigins: ["*", "https://a.example"]'),
      /^listen\.allowOrigins\[1\]: https:\/\/a\.example has no effect/,
    ],
    [
      "a network of proxies with host bits",
      listen('trustedProxies: ["10.1.2.3/8"]'),
      /^listen\.trustedProxies\[0\]: 10\.1\.2\.3\/8 means all of 10\.0\.0\.0\/8/,
    ],
    [
      "an IPv6 network of proxies with host bits",
      listen('trustedProxies: ["2001:db8::1/48"]'),
      /means all of 2001:db8::\/48/,
    ],
    [
      "a proxy in a network of proxies",
      listen('trustedProxies: ["10.1.2.3", "10.0.0.0/8"]'),
      /^listen\.trustedProxies\[0\]: 10\.1\.2\.3 has no effect, because 10\.0\.0\.0\/8 includes it/,
    ],
    [
      "a network of proxies in another",
      listen('trustedProxies: ["2001:db8::/32", "2001:db8:1::/48"]'),
      /^listen\.trustedProxies\[1\]: .* because 2001:db8::\/32 includes it/,
    ],
    [
      "a proxy in another spelling",
      listen('trustedProxies: ["192.0.2.1", "::ffff:192.0.2.1"]'),
      /^listen\.trustedProxies\[1\]: ::ffff:192\.0\.2\.1 has no effect/,
    ],
    [
      "a public URL in another spelling",
      'auth: { publicUrls: ["https://a.example", "https://A.example:443/"] }',
      /^auth\.publicUrls\[1\]: .* because https:\/\/a\.example is listed before/,
    ],
    [
      "an issuer named like the server",
      issuer("issuer: mobile-data-plan-sharing, audiences: [mdps]"),
      /^auth\.jwtIssuers\[0\]\.issuer: mobile-data-plan-sharing never matches/,
    ],
    [
      "the URL of metadata as the issuer",
      issuer('issuer: "https://a.example/.well-known/openid-configuration", audiences: [mdps]'),
      /because it is the URL of the provider's metadata/,
    ],
    [
      "an issuer with a placeholder",
      issuer('issuer: "https://login.example/{tenantid}/v2.0", audiences: [mdps]'),
      /because it has a placeholder/,
    ],
    [
      "an issuer with a wildcard",
      issuer('issuer: "https://*.example", audiences: [mdps]'),
      /wildcards are not supported/,
    ],
    [
      "an issuer with space at its end",
      issuer('issuer: "https://a.example ", audiences: [mdps]'),
      /because of the space around it/,
    ],
    [
      "a wildcard as the audience",
      issuer('issuer: a, audiences: ["*"]'),
      /^auth\.jwtIssuers\[0\]\.audiences\[0\]: "\*" never matches/,
    ],
    [
      "an audience that is listed twice",
      issuer("issuer: a, audiences: [b, b]"),
      /^auth\.jwtIssuers\[0\]\.audiences\[1\]: b has no effect/,
    ],
    [
      "a wildcard as the account",
      issuer(`${valid}, accounts: [{ account: "*", asns: [65001] }]`),
      /accounts\[0\]\.account: "\*" never matches/,
    ],
    [
      "a scope with spaces in the mapping",
      issuer(`${valid}, claims: { scopes: { "a b": "${push}" } }`),
      /claims\.scopes: "a b" never matches, because scopes have no spaces/,
    ],
    [
      "a wildcard as a scope in the mapping",
      issuer(`${valid}, claims: { scopes: { "mdps:*": "${push}" } }`),
      /claims\.scopes: "mdps:\*" never matches/,
    ],
    [
      "the name of a claim with space before it",
      issuer(`${valid}, claims: { audience: " client_id" }`),
      /claims\.audience: " client_id" never matches/,
    ],
    [
      "a wildcard as the audience of introspection",
      opaque('audiences: ["https://*"]'),
      /^auth\.introspection\.audiences\[0\]: "https:\/\/\*" never matches/,
    ],
    [
      "a wildcard as the issuer of introspection",
      opaque('issuer: "*"'),
      /^auth\.introspection\.issuer: "\*" never matches/,
    ],
  ])("reports %s", (_, yaml, message) => {
    expect(entriesOf(yaml)).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    [
      "origins as browsers send them",
      listen('allowOrigins: ["https://a.example", "http://localhost:3000", "http://[::1]:8080"]'),
    ],
    ["all origins", listen('allowOrigins: ["*"]')],
    [
      "separate proxies and networks",
      listen('trustedProxies: ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1", "::ffff:172.16.0.0/108"]'),
    ],
    [
      "two public URLs of one host",
      'auth: { publicUrls: ["https://a.example", "https://a.example/mdps", "http://a.example"] }',
    ],
    [
      "an issuer with accounts and scopes",
      issuer(
        `${valid}, claims: { audience: client_id, scopes: { "mdps/push": "${push}" } }, accounts: [{ account: "x@clients", asns: [65001] }]`,
      ),
    ],
    ["introspection without an issuer", opaque("audiences: [mdps]")],
    ["the defaults", "{}"],
  ])("reports nothing for %s", (_, yaml) => {
    expect(entriesOf(yaml)).toEqual([]);
  });
});
