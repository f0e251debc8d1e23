import { readFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:http2";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuthConfigSchema } from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";

const generated = JSON.parse(
  readFileSync(new URL("../../../gen/discovery.json", import.meta.url), "utf8"),
) as object;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const path = "/$discovery/rest";

function get(query: string, init?: RequestInit): Promise<Response> {
  return fetch(`${server.url}${path}${query}`, init);
}

/** The root URL in the document that a server answers to a Host; `fetch` would not let a test choose it. */
async function rootUrlFor(at: TestServer, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ port: at.port, host: "127.0.0.1", path, headers: { host } }, async (response) => {
      const body = (await response.toArray()).join("");
      resolve((JSON.parse(body) as { rootUrl: string }).rootUrl);
    })
      .on("error", reject)
      .end();
  });
}

describe("the Discovery document", () => {
  it.each(["?version=v1", "", "?version=", "?version=v1&key=x&prettyPrint=false&alt=json&userIp=::1"])(
    "the Discovery document is returned without a token for the query %j, with the URL of this server",
    async (query) => {
      const response = await get(query);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/json");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("cache-control")).toBe("public, max-age=300");
      expect(await response.json()).toEqual({
        ...generated,
        rootUrl: `${server.url}/`,
        baseUrl: `${server.url}/`,
      });
    },
  );

  it("the Discovery document is returned for an escaped dollar in its path", async () => {
    expect((await fetch(`${server.url}/%24discovery/rest?version=v1`)).status).toBe(200);
  });

  it("the Discovery document is returned over HTTP/2", async () => {
    const session = connect(server.url);
    const stream = session.request({ ":path": `${path}?version=v1` });
    const body = (await stream.toArray()).join("");
    session.close();
    expect(JSON.parse(body)).toMatchObject({ rootUrl: `${server.url}/` });
  });

  it("the Discovery document is compressed for clients that accept it", async () => {
    const response = await get("", { headers: { "accept-encoding": "gzip" } });
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(response.headers.get("vary")).toBe("accept-encoding");
    expect(await response.json()).toHaveProperty("kind", "discovery#restDescription");
  });

  it("the Discovery document is answered to HEAD with the same headers and no content", async () => {
    const init = { headers: { "accept-encoding": "identity" } };
    const [head, full] = [await get("", { ...init, method: "HEAD" }), await get("", init)];
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
    for (const name of ["content-type", "content-length", "etag", "cache-control"]) {
      expect(head.headers.get(name), name).toBe(full.headers.get(name));
      expect(head.headers.get(name), name).not.toBeNull();
    }
  });

  it("the Discovery document is answered with 304 to clients that have it", async () => {
    const etag = (await get("")).headers.get("etag") ?? "";
    expect(etag).toMatch(/^W\/"[\w-]+"$/);
    for (const known of [etag, etag.slice(2), `"other", ${etag}`, "*"]) {
      const response = await get("", { headers: { "if-none-match": known } });
      expect([response.status, await response.text()], known).toEqual([304, ""]);
      expect(response.headers.get("etag")).toBe(etag);
    }
    expect((await get("", { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  });

  it.each(["?version=v2", "?version=V1", "?version=v1%20"])(
    "the Discovery document for the query %j answers 404 in Google's form",
    async (query) => {
      const response = await get(query);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        error: {
          code: 404,
          status: "NOT_FOUND",
          message: "there is no Discovery document for this version; use v1",
          details: [{ reason: "ROUTE_NOT_FOUND", domain: "mobile-data-plan-sharing" }],
        },
      });
    },
  );

  it.each([
    ["?version=v1&version=v1", "version must be given once"],
    ["?ver%73ion=v2&version=v1", "version must be given once"],
    ["?versoin=v1", "versoin is not a parameter of the Discovery document"],
    ["?%24%61lt=xml", "$alt must be json, json;enum-encoding=int or media"],
    ["?alt=json&$alt=json", "$alt must be given once"],
    ["?alt", "alt must have a value: alt=…"],
    ["?fi%65lds=name", "fields is not supported here: the response is always whole"],
    ["?callb%61ck=f", "callback is not supported: JSONP would let any page read the response"],
    ["?$nothing=1", '"$nothing" is not a system parameter of this server'],
    ["?version=%zz", "version must be percent-encoded UTF-8"],
    ["?%zz=v1", "query must be percent-encoded UTF-8"],
  ])("the Discovery document for the query %s answers 400: %s", async (query, message) => {
    const response = await get(query);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { status: "INVALID_ARGUMENT", message, details: [{ reason: "REQUEST_MALFORMED" }, {}] },
    });
  });

  it("the Discovery document is indented for prettyPrint", async () => {
    const [plain, pretty] = await Promise.all([get("?prettyPrint=false"), get("?%24pretty%50rint=true")]);
    expect(pretty.headers.get("etag")).not.toBe(plain.headers.get("etag"));
    const text = await pretty.text();
    expect(text).toBe(JSON.stringify(JSON.parse(await plain.text()), null, 2));
  });

  it.each(["POST", "PUT", "DELETE"])("the Discovery document answers 405 to %s", async (method) => {
    const response = await get("", { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect(await response.json()).toMatchObject({
      error: { code: 405, details: [{ reason: "METHOD_NOT_ALLOWED" }] },
    });
  });

  it("the Discovery document answers OPTIONS with its methods", async () => {
    const response = await get("", { method: "OPTIONS" });
    expect([response.status, response.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
  });
});

describe("its root URL", () => {
  it("the root URL of a server on loopback has the host of the request", async () => {
    expect(await rootUrlFor(server, `localhost:${server.port}`)).toBe(`http://localhost:${server.port}/`);
    expect(await rootUrlFor(server, `LOCALHOST:${server.port}`)).toBe(`http://localhost:${server.port}/`);
  });

  it.each(["evil.example.com", "localhost:1", "127.0.0.1.evil.example.com", ""])(
    "the root URL is never taken from a Host that is not one of the server's: %j",
    async (host) => {
      expect(await rootUrlFor(server, host)).toBe(`${server.url}/`);
    },
  );

  it("the root URL is the public URL with the host of the request, else the first", async () => {
    const publicUrls = ["https://mdps.example.com", "https://other.example.com:8443"];
    await using proxied = await startTestServer({ auth: create(AuthConfigSchema, { publicUrls }) });
    expect(await rootUrlFor(proxied, "mdps.example.com")).toBe("https://mdps.example.com/");
    expect(await rootUrlFor(proxied, "mdps.example.com:443")).toBe("https://mdps.example.com/");
    expect(await rootUrlFor(proxied, "other.example.com:8443")).toBe("https://other.example.com:8443/");
    expect(await rootUrlFor(proxied, `127.0.0.1:${proxied.port}`)).toBe("https://mdps.example.com/");
  });
});

describe("the query of Google's client libraries", () => {
  it.each([
    "$.xgafv=2",
    "%24.xgafv=1",
    "alt=json",
    "$alt=json%3Benum-encoding%3Dint",
    "fields=name",
    "key=AIza",
    "prettyPrint=true",
    "quotaUser=someone",
    "alt=json&fields=name,responseStaleTime&key=k&prettyPrint=false&quotaUser=u&%24.xgafv=2",
  ])("a query that Google's client libraries send is accepted: %s", async (query) => {
    const response = await fetch(`${server.url}/v1/operators/65001/planGroups?${query}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${server.token}`,
        "content-type": "application/json; charset=UTF-8",
        "x-goog-api-client": "gdcl/2.202.0 gl-python/3.11.2",
        "x-goog-user-project": "project",
        "x-goog-api-version": "v1",
        "x-user-ip": "0.0.0.0",
      },
      body: JSON.stringify({ planGroupId: "a/b" }),
    });
    expect([response.status, await response.json()]).toEqual([
      200,
      { name: "operators/65001/planGroups/a%2Fb" },
    ]);
  });
});
