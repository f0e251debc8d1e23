import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OAuth2Server } from "oauth2-mock-server";
import { describe, expect, it, onTestFinished } from "vitest";
import { pushScope } from "../../src/auth/scopes.ts";
import { createPlanSharingClient } from "../../src/client/index.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { type Outcome, runProgram, startServe } from "../support/program.ts";

async function writeConfig(text: string, name = "mdps.yaml"): Promise<string> {
  const file = join(await dataDirectory(), name);
  await writeFile(file, text);
  return file;
}

const serve = async (...args: string[]): Promise<Outcome> =>
  runProgram(["serve", "--port", "0", "--data", await dataDirectory(), ...args]);

describe("mdps serve --config", () => {
  it("accepts tokens of an identity provider for the operators in the file only", async () => {
    const provider = new OAuth2Server();
    await provider.issuer.keys.generate("RS256");
    await provider.start(0, "127.0.0.1");
    onTestFinished(() => provider.stop());
    const issuer = String(provider.issuer.url);
    const file = await writeConfig(`
# The issuers of accepted tokens.
auth:
  jwtIssuers:
    - issuer: ${issuer}
      jwksUri: ${issuer}/jwks
      audiences: [mdps]
      clockSkew: 5s
      claims:
        scopes: { "plans:push": "${pushScope}" }
      accounts:
        - { account: dpa, asns: [65001] }
`);
    const server = await startServe(await dataDirectory(), ["--config", file]);
    const tokenFor = (sub: string, scope: string) =>
      provider.issuer.buildToken({
        scopesOrTransform: (_, payload) => Object.assign(payload, { sub, scope, aud: "mdps" }),
      });
    const push = async (sub: string, scope: string, asn = 65001) =>
      createPlanSharingClient({
        endpoint: server.url,
        protocol: "rest",
        token: await tokenFor(sub, scope),
      }).createPlanGroup({ parent: `operators/${asn}`, planGroupId: "k" });
    await push("dpa", "openid plans:push");
    await push("dpa", pushScope);
    expect(await apiErrorOf(push("dpa", "openid"))).toMatchObject({ reason: "SCOPE_INSUFFICIENT" });
    expect(await apiErrorOf(push("dpa", pushScope, 65002))).toMatchObject({ reason: "OPERATOR_NOT_LINKED" });
    expect(await apiErrorOf(push("eve", pushScope))).toMatchObject({ reason: "OPERATOR_NOT_LINKED" });
  });

  it("accepts a file in JSON and an empty file", async () => {
    const texts = ['{"auth": {"publicUrls": ["https://mdps.example.com"]}}', "# nothing\n", "{}"];
    const exitCodeWith = async (text: string) => {
      const server = await startServe(await dataDirectory(), ["--config", await writeConfig(text)]);
      server.process.kill("SIGTERM");
      return (await server.ended).exitCode;
    };
    expect(await Promise.all(texts.map(exitCodeWith))).toEqual([0, 0, 0]);
  });

  const issuer = (more: string) =>
    `auth:\n  jwtIssuers:\n    - issuer: a\n      jwksUri: https://example.com/jwks\n      audiences: [a]\n      ${more}\n`;
  const introspection = (more: string) =>
    `auth:\n  introspection:\n    endpoint: https://example.com/introspect\n    clientId: a\n    ${more}\n`;

  it.each<[string, string, RegExp]>([
    ["text that is not YAML", "auth: [", /--config: .*mdps\.yaml: .*/],
    ["an unknown key", "auth:\n  jwtIssuer: []\n", /key "jwtIssuer" is unknown/],
    ["a duplicate key", "auth: {}\nauth: {}\n", /Map keys must be unique/],
    ["a list instead of an object", "[]", /ServerConfig/],
    [
      "an issuer without audiences",
      issuer("audiences: []").replace("audiences: [a]\n      ", ""),
      /auth\.jwtIssuers\[0\]\.audiences/,
    ],
    [
      "an algorithm with a shared secret (HS256)",
      issuer("algorithms: [HS256]"),
      /auth\.jwtIssuers\[0\]\.algorithms\[0\]/,
    ],
    [
      "an algorithm without signature (none)",
      issuer("algorithms: [none]"),
      /auth\.jwtIssuers\[0\]\.algorithms\[0\]/,
    ],
    ["a clock skew above the limit", issuer("clockSkew: 7200s"), /auth\.jwtIssuers\[0\]\.clockSkew/],
    ["an invalid operator", issuer("accounts: [{account: a, asns: [0]}]"), /asns\[0\]/],
    ["a mapping to an unknown scope", issuer("claims: {scopes: {a: b}}"), /claims\.scopes\["a"\]/],
    [
      "the issuer as the claim of the audience",
      issuer("claims: {audience: iss}"),
      /jwtIssuers\[0\]\.claims\.audience/,
    ],
    [
      "a URL of keys in cleartext",
      issuer("").replace("https:", "http:"),
      /jwksUri: http:\S+ must be an https URL/,
    ],
    [
      "a public URL with a query",
      'auth: {publicUrls: ["https://a/b?c"]}',
      /auth\.publicUrls\[0\]: "https:\/\/a\/b\?c" must have no query/,
    ],
    ["introspection without a client secret", introspection(""), /clientSecret/],
    [
      "an introspection endpoint in cleartext",
      introspection("clientSecretEnv: A").replace("https:", "http:"),
      /introspection\.endpoint: http:/,
    ],
    [
      "a secret in a variable that is not set",
      introspection("clientSecretEnv: MDPS_NO_SUCH"),
      /the variable MDPS_NO_SUCH is not set/,
    ],
    [
      "a secret file that does not exist",
      introspection("clientSecretFile: none.txt"),
      /clientSecretFile: .*none\.txt does not exist/,
    ],
  ])("rejects a file with %s", async (_, text, message) => {
    const { stderr, stdout, exitCode } = await serve("--config", await writeConfig(text));
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^mdps: /);
    expect(stderr).not.toMatch(/\bat .+:\d+:\d+/);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
  });

  it("lists every violation in a file", async () => {
    const { stderr } = await serve("--config", await writeConfig(issuer("algorithms: [none, HS256]")));
    expect(stderr).toMatch(/algorithms\[0\][\s\S]*algorithms\[1\]/);
  });

  it("rejects a file that does not exist", async () => {
    expect((await serve("--config", "none.yaml")).stderr).toMatch(
      /^mdps: --config: none\.yaml does not exist$/m,
    );
  });

  it("rejects a file that names a secret others can read", async () => {
    const file = await writeConfig(introspection("clientSecretFile: secret.txt"));
    const secret = join(file, "..", "secret.txt");
    await writeFile(secret, "s3cret-value\n", { mode: 0o644 });
    const { stderr } = await serve("--config", file);
    expect(stderr).toMatch(/Run: chmod 600 .*secret\.txt/);
    expect(stderr).not.toContain("s3cret-value");
    await chmod(secret, 0o600);
    const server = await startServe(await dataDirectory(), ["--config", file]);
    expect(server.url).toMatch(/^http:/);
  });
});

describe("a proxy in front of mdps serve", () => {
  it("can check each worker with GET and pass on the address of the client, if the configuration lists it", async () => {
    const file = await writeConfig("listen: { trustedProxies: [127.0.0.0/8] }\nlifecycle: { workers: 2 }");
    const server = await startServe(await dataDirectory(), ["--config", file, "--log-level", "debug"]);
    for (const path of ["/readyz", "/livez"]) {
      const answer = await fetch(server.url + path, {
        headers: { "x-forwarded-for": "203.0.113.9", connection: "close" },
      });
      expect([answer.status, await answer.text()]).toEqual([200, "ok\n"]);
    }
    server.process.kill("SIGTERM");
    const { stderr } = await server.ended;
    expect(stderr.match(/"peer":"203\.0\.113\.9"/g)).toHaveLength(2);
  });

  it.each(["proxy.example.com", "10.0.0.0/33", "0.0.0.0/0"])("cannot be listed as %s", async (proxy) => {
    const file = await writeConfig(`listen: { trustedProxies: ["${proxy}"] }`);
    const { stderr, exitCode } = await serve("--config", file);
    expect(stderr).toContain(`listen.trustedProxies[0]: "${proxy}" must be an IP address or a network`);
    expect(exitCode).toBe(1);
  });
});

describe("mdps serve --host", () => {
  it.each(["0.0.0.0", "::", "192.0.2.1", "example.com"])("rejects cleartext on %s", async (host) => {
    const { stderr, exitCode } = await serve("--host", host);
    expect(stderr).toMatch(
      new RegExp(`^mdps: without TLS, tokens sent to ${host} can be read on the network`),
    );
    expect(stderr).toMatch(/--allow-cleartext/);
    expect(exitCode).toBe(1);
  });

  it("accepts cleartext on all addresses with --allow-cleartext", async () => {
    const server = await startServe(await dataDirectory(), ["--host", "0.0.0.0", "--allow-cleartext"]);
    expect(server.url).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
  });

  it("accepts only the URL of a server as --public-url", async () => {
    const directory = await dataDirectory();
    const outcome = await runProgram([
      "serve",
      "--port",
      "0",
      "--data",
      directory,
      "--public-url",
      "example.com",
    ]);
    expect(outcome.stderr).toMatch(/URL of a server, such as https/);
    const server = await startServe(directory, ["--public-url", "https://mdps.example.com/"]);
    expect(server.url).toMatch(/^http:\/\/127/);
  });
});

describe("mdps serve --allow-origin", () => {
  it("allows calls from pages of the given origins only", async () => {
    const origins = ["https://console.example", "http://localhost:3000"];
    const flags = origins.flatMap((origin) => ["--allow-origin", origin]);
    const server = await startServe(await dataDirectory(), flags);
    const allowed = async (origin: string) => {
      const headers = { origin, "access-control-request-method": "POST" };
      const answer = await fetch(`${server.url}/v1/operators/1/planGroups`, { method: "OPTIONS", headers });
      return answer.headers.get("access-control-allow-origin");
    };
    for (const origin of origins) {
      expect(await allowed(origin)).toBe(origin);
    }
    expect(await allowed("https://stranger.example")).toBeNull();
  });

  it.each(["console.example", "https://console.example/", "https://console.example/app", "null", ""])(
    "rejects %j, which browsers never send as an origin",
    async (origin) => {
      const { stderr, exitCode } = await serve("--allow-origin", origin);
      expect(stderr).toMatch(/It must be an origin, such as https:\/\/console\.example\.com, or \*/);
      expect(exitCode).toBe(1);
    },
  );
});

describe("output of mdps serve", () => {
  it("does not contain tokens or assertions of rejected requests", async () => {
    const directory = await dataDirectory();
    const server = await startServe(directory);
    const secrets = ["Bearer-secret-token", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJhIn0.", "secret-assertion"];
    const post = (path: string, init: RequestInit) =>
      fetch(server.url + path, { method: "POST", body: "{}", ...init }).then((response) => response.text());
    for (const secret of secrets) {
      const answers = [
        await post("/v1/operators/65001/planGroups", { headers: { authorization: `Bearer ${secret}` } }),
        await post(`/v1/operators/65001/planGroups?access_token=${secret}`, {}),
        await post("/token", {
          body: new URLSearchParams({
            grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
            assertion: secret,
          }),
        }),
      ];
      for (const answer of answers) {
        expect(answer).not.toContain(secret);
      }
    }
    server.process.kill("SIGTERM");
    const { stdout, stderr } = await server.ended;
    for (const secret of secrets) {
      expect(stdout + stderr).not.toContain(secret);
    }
    expect(stderr).toBe("");
  });
});
