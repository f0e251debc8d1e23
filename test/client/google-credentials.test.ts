import { writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { toJson } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { type AuthClient, GoogleAuth, gaxios, JWT } from "google-auth-library";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { type KeyFile, revokeServiceAccount } from "../../src/auth/accounts/administration.ts";
import { pushScope, readScope } from "../../src/auth/scopes.ts";
import {
  createPlanSharingClient,
  googleCredentials,
  type ServiceAccountKeyFile,
} from "../../src/client/index.ts";
import { systemClock } from "../../src/contract/clock.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { makeAccount } from "../support/auth/service-accounts.ts";
import { renewedCertificate, testCertificate } from "../support/certificates/certificate.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { errorWith, startScriptedServer } from "../support/http/scripted-server.ts";
import { planStatus } from "../support/plan-statuses.ts";
import { testTime } from "../support/test-clock.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

let server: TestServer;
let key: KeyFile;
beforeAll(async () => {
  server = await startTestServer();
  key = await makeAccount(server);
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  // Google's library reads Date: it must agree with the server's test clock.
  vi.useFakeTimers({ toFake: ["Date"], now: testTime });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

async function writeKeyFile(content: unknown): Promise<string> {
  const file = join(await dataDirectory(), "key.json");
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content), { mode: 0o600 });
  return file;
}

/** Calls the three methods as a program does that uses only Google's library. */
async function pushAll(client: AuthClient): Promise<number[]> {
  const post = async (path: string, data: object) =>
    (await client.request({ url: `${server.url}/v1/${parent}/${path}`, method: "POST", data })).status;
  const status = toJson(PlanStatusSchema, planStatus()) as object;
  return [
    await post(`clients/mobiledataplan/users/${freshKey()}/planStatus`, status),
    await post(`planStatuses?userKey=${freshKey()}`, status),
    await post("planGroups", { planGroupId: freshKey() }),
  ];
}

describe("a program with Google's auth library", () => {
  it("a JWT client of Google's library gets tokens and calls all three methods", async () => {
    // The library ignores token_uri and asks Google: redirect that request without changing it.
    const transporter = new gaxios.Gaxios();
    transporter.interceptors.request.add({
      async resolved(request) {
        if (String(request.url) === "https://oauth2.googleapis.com/token") {
          request.url = new URL(key.token_uri);
        }
        return request;
      },
    });
    const jwt = new JWT({ email: key.client_email, key: key.private_key, scopes: [pushScope], transporter });
    expect(await pushAll(jwt)).toEqual([200, 200, 200]);
    expect(jwt.credentials).toMatchObject({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      expiry_date: testTime + 3_600_000,
    });
  });

  it("GoogleAuth works with only a key file if that has its own universe domain", async () => {
    const keyFile = await writeKeyFile(await makeAccount(server, { universeDomain: "mdps.internal" }));
    const auth = new GoogleAuth({ keyFile, scopes: [pushScope] });
    expect(await pushAll(await auth.getClient())).toEqual([200, 200, 200]);
  });

  it("GoogleAuth works with only GOOGLE_APPLICATION_CREDENTIALS if that key file has its own universe domain", async () => {
    const keyFile = await writeKeyFile(await makeAccount(server, { universeDomain: "mdps.internal" }));
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", keyFile);
    expect(await pushAll(await new GoogleAuth({ scopes: pushScope }).getClient())).toEqual([200, 200, 200]);
  });

  it("the server accepts a self-signed JWT of Google's library for its URL, without scopes", async () => {
    const jwt = new JWT({ email: key.client_email, key: key.private_key, keyId: key.private_key_id });
    const url = `${server.url}/v1/${parent}/planGroups`;
    const headers = await jwt.getRequestHeaders(url);
    headers.set("content-type", "application/json");
    const body = JSON.stringify({ planGroupId: freshKey() });
    expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);
  });
});

type TokenAnswer = { status?: number; headers?: Record<string, string>; body: object | string };

/** Starts a token endpoint that counts its requests. */
async function startTokenEndpoint(
  respond: (count: number) => TokenAnswer | Promise<TokenAnswer>,
): Promise<{ url: string; count(): number }> {
  let count = 0;
  const endpoint: Server = createServer((request, response) => {
    request.resume().on("end", async () => {
      count += 1;
      const { status = 200, headers, body } = await respond(count);
      response
        .writeHead(status, { "content-type": "application/json", ...headers })
        .end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => endpoint.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    endpoint.closeAllConnections();
    await new Promise((resolve) => endpoint.close(resolve));
  });
  return { url: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`, count: () => count };
}

const token = (count: number) => ({
  body: { access_token: `token-${count}`, token_type: "Bearer", expires_in: 3600 },
});

describe("googleCredentials", () => {
  const push = async (source: () => Promise<string>, protocol: (typeof protocols)[number] = "connect") => {
    const client = createPlanSharingClient({ endpoint: server.url, protocol, token: source });
    const userKey = freshKey();
    const { name } = await client.createPlanStatus({ parent, userKey, planStatus: planStatus() });
    expect(name).toBe(`${parent}/planStatuses/${userKey}`);
  };

  it.each(protocols)("googleCredentials pushes over %s with the content of a key file", async (protocol) => {
    await push(googleCredentials(key), protocol);
  });

  it("googleCredentials pushes with the path of a key file", async () => {
    await push(googleCredentials(await writeKeyFile(key)));
  });

  it("googleCredentials pushes with the key file that the environment names", async () => {
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", await writeKeyFile(key));
    await push(googleCredentials());
  });

  it("googleCredentials pushes with a key of any universe domain", async () => {
    await push(googleCredentials(await makeAccount(server, { universeDomain: "mdps.internal" })));
  });

  it("googleCredentials requests the given scopes", async () => {
    const reader = await makeAccount(server, { scopes: [readScope] });
    const client = (scopes: string[]) =>
      createPlanSharingClient({
        endpoint: server.url,
        protocol: "rest",
        token: googleCredentials(reader, { scopes }),
      });
    const read = client([readScope]).getPlanGroup({ name: `${parent}/planGroups/none` });
    expect(await apiErrorOf(read)).toMatchObject({ reason: "PLAN_GROUP_NOT_FOUND" });
    const wrong = client([pushScope]).getPlanGroup({ name: `${parent}/planGroups/none` });
    await expect(wrong).rejects.toThrow("invalid_scope");
  });

  it("googleCredentials requests one token for concurrent calls and caches it", async () => {
    const { url, count } = await startTokenEndpoint(token);
    const source = googleCredentials({ ...key, token_uri: `${url}/token` });
    expect(new Set(await Promise.all(Array.from({ length: 100 }, source)))).toEqual(new Set(["token-1"]));
    vi.setSystemTime(testTime + 50 * 60_000);
    expect(await source()).toBe("token-1");
    expect(count()).toBe(1);
  });

  it("googleCredentials requests one new token for concurrent calls some minutes before the old one expires", async () => {
    const { url, count } = await startTokenEndpoint(token);
    const source = googleCredentials({ ...key, token_uri: `${url}/token` });
    await source();
    vi.setSystemTime(testTime + 56 * 60_000);
    expect(new Set(await Promise.all(Array.from({ length: 100 }, source)))).toEqual(new Set(["token-2"]));
    expect(count()).toBe(2);
  });

  it("googleCredentials requests a new token when the server rejects the cached one", async () => {
    const { url, count } = await startTokenEndpoint(token);
    const source = googleCredentials({ ...key, token_uri: `${url}/token` });
    const rejecting = await startScriptedServer("rest", [errorWith(Code.Unauthenticated), "answer"]);
    const client = createPlanSharingClient({ endpoint: rejecting.url, token: source });
    await client.createPlanGroup({ parent, planGroupId: freshKey() });
    expect(rejecting.requests.map(({ authorization }) => authorization)).toEqual([
      "Bearer token-1",
      "Bearer token-2",
    ]);
    await client.createPlanGroup({ parent, planGroupId: freshKey() });
    expect(count()).toBe(2);
  });

  it("googleCredentials rejects with the error of the token endpoint and asks it again on the next call", async () => {
    const { url } = await startTokenEndpoint((count) =>
      count === 1 ? { status: 400, body: { error: "invalid_grant", error_description: "no" } } : token(count),
    );
    const source = googleCredentials({ ...key, token_uri: `${url}/token` });
    await expect(source()).rejects.toThrow("invalid_grant: no");
    expect(await source()).toBe("token-2");
  });

  it.each([
    [503, "text/html", "<h1>Down</h1><script>1</script>", ' text/html "Down"', false],
    [403, "text/html; charset=utf-8", "<b>Blocked</b>", ' text/html "Blocked"', false],
    [404, "text/plain", "no such page", ' text/plain "no such page"', true],
    [400, "application/json", '{"message":"no"}', ' application/json "{"message":"no"}"', false],
    [200, "text/html", "<title>Log in</title>", ' text/html "Log in"', false],
  ])(
    "googleCredentials names host, status, type and first words of an answer with status %i and %s",
    async (status, type, text, shown, isLasting) => {
      const { url } = await startTokenEndpoint(() => ({
        status,
        headers: { "content-type": type },
        body: text,
      }));
      const error = await googleCredentials({ ...key, token_uri: `${url}/token` })().catch((cause) => cause);
      expect(error.message).toBe(
        `${new URL(url).host} answered ${status}${shown}, which is not the answer of a token endpoint`,
      );
      expect(error).toMatchObject({ name: "TokenEndpointError", isLasting });
    },
  );

  it.each([301, 302, 303, 307, 308])(
    "googleCredentials sends the assertion nowhere else when the token endpoint answers %i",
    async (status) => {
      const other = await startTokenEndpoint(token);
      const location = `${other.url}/elsewhere`;
      const { url, count } = await startTokenEndpoint(() => ({ status, headers: { location }, body: {} }));
      const error = await googleCredentials({ ...key, token_uri: `${url}/token` })().catch((cause) => cause);
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toBe(
        `${new URL(url).host} answered ${status}, a redirect to ${new URL(other.url).host}: credentials are not ` +
          "sent there; check token_uri of the key file, and proxies in front of this URL",
      );
      expect([count(), other.count()]).toEqual([1, 0]);
    },
  );

  it("googleCredentials sends other kinds of credentials through the same connections", async () => {
    const other = await startTokenEndpoint(token);
    const { url, count } = await startTokenEndpoint(() => ({
      ...{ status: 307, headers: { location: other.url }, body: {} },
    }));
    const subjectTokenFile = join(await dataDirectory(), "subject-token");
    await writeFile(subjectTokenFile, "subject token");
    const external = {
      type: "external_account",
      audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: `${url}/v1/token`,
      credential_source: { file: subjectTokenFile },
    } as unknown as ServiceAccountKeyFile;
    await expect(googleCredentials(external)()).rejects.toThrow("answered 307, a redirect to");
    expect([count(), other.count()]).toEqual([1, 0]);
  });

  it("googleCredentials trusts the given certificates only", async () => {
    await using secure = await startTestServer({ tls: testCertificate });
    const own = await makeAccount(secure);
    expect(await googleCredentials(own, { ca: testCertificate.cert })()).toMatch(/^[\w-]+\./);
    const host = new URL(secure.url).host;
    const untrusted = googleCredentials(own, { ca: renewedCertificate.cert })();
    await expect(untrusted).rejects.toThrow(
      `${host}: self-signed certificate; to trust it, pass the certificate as ca (--ca FILE)`,
    );
    await expect(untrusted).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    await expect(googleCredentials(own)()).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    expect(() => googleCredentials(own, { ca: "no certificate" })).toThrow(
      "ca: must be one or more certificates",
    );
  });

  it("the server rejects the token of a revoked account", async () => {
    const own = await makeAccount(server, { name: "short-lived" });
    const source = googleCredentials(own);
    await push(source);
    await revokeServiceAccount(server.directory, own.client_email, systemClock);
    const outcome = () =>
      push(source).then(
        () => "pushed",
        (error: Error) => error.message,
      );
    await expect
      .poll(outcome)
      .toBe("[unauthenticated] the service account or key of the access token was revoked");
  });

  it.each([
    ["http://mdps.example.com/token"],
    ["http://127.0.0.1.example.com/token"],
    ["ftp://127.0.0.1/token"],
  ])(
    "googleCredentials rejects the token_uri %s, which would carry the assertion in cleartext",
    async (tokenUri) => {
      const source = googleCredentials({ ...key, token_uri: tokenUri });
      await expect(source()).rejects.toThrow(TypeError);
      await expect(source()).rejects.toThrow(`token_uri: ${tokenUri} must be an https URL`);
    },
  );

  it("googleCredentials rejects if the key file does not exist and reads it once it does", async () => {
    const file = join(await dataDirectory(), "later.json");
    const source = googleCredentials(file);
    await expect(source()).rejects.toThrow(`the key file ${file} does not exist`);
    await writeFile(file, JSON.stringify(key));
    expect(await source()).toMatch(/^[\w-]+\./);
  });

  it("googleCredentials rejects a key file that is a bare key without quoting it", async () => {
    const file = await writeKeyFile(key.private_key);
    const error = await googleCredentials(file)().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toBe(
      `the key file ${file} is a bare key in PEM: pass the whole JSON file of the service account`,
    );
    expect((error as Error).cause).toBeUndefined();
  });

  it.each([
    ["an email", { client_email: undefined }],
    ["a private key", { private_key: undefined }],
  ])("googleCredentials rejects a key file without %s", async (_, change) => {
    const source = googleCredentials({ ...key, ...change } as unknown as ServiceAccountKeyFile);
    await expect(source()).rejects.toThrow(/the key file has no (client_email|private_key)/);
  });
});

describe("createPlanSharingClient", () => {
  const create = (endpoint: string) => () =>
    createPlanSharingClient({ endpoint, protocol: "rest", token: "secret" });

  it.each([
    "http://mdps.example.com",
    "http://192.168.0.1:8080",
    "http://0.0.0.0:8080",
    "http://127.0.0.1.example.com",
    "http://localhost.example.com",
    "http://[2001:db8::1]",
    "ftp://localhost",
    "mdps.example.com",
    "",
  ])(
    "createPlanSharingClient throws TypeError for the endpoint %j, which is not confidential, without quoting the token",
    (endpoint) => {
      expect(create(endpoint)).toThrow(TypeError);
      expect(create(endpoint)).toThrow(`endpoint: ${endpoint} must be an https URL`);
      expect(create(endpoint)).not.toThrow("secret");
    },
  );

  it.each([
    "https://mdps.example.com",
    "http://localhost:8080",
    "http://LOCALHOST",
    "http://127.0.0.1",
    "http://127.1.2.3:80",
    "http://[::1]:8080",
  ])("createPlanSharingClient accepts the endpoint %s, which is confidential", (endpoint) => {
    expect(create(endpoint)).not.toThrow();
  });
});
