import { readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuthConfigSchema } from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";

type Json = Record<string, unknown>;
type Content = { readonly content: { readonly "application/json": { readonly example: Json } } };
type Operation = {
  readonly operationId: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly example?: string;
  }[];
  readonly requestBody?: Content;
  readonly responses: { readonly 200: Content };
};
type Document = Json & { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

const generated = readFileSync(new URL("../../../gen/openapi.json", import.meta.url), "utf8");
const path = "/openapi.json";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

async function load(query = "", at: TestServer = server): Promise<Document> {
  return (await (await fetch(`${at.url}${path}${query}`)).json()) as Document;
}

/** Returns the operations of a document, writes before reads. */
function operationsOf({ paths }: Document) {
  return Object.entries(paths)
    .flatMap(([template, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({ template, method, operation })),
    )
    .toSorted((a, b) => Number(a.method === "get") - Number(b.method === "get"));
}

/** Sends the example of an operation as it is. */
function sendExample(at: TestServer, { template, method, operation }: ReturnType<typeof operationsOf>[0]) {
  const exampleOf = (name: string) => operation.parameters.find((each) => each.name === name)?.example ?? "";
  const target = template.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(exampleOf(name)));
  const query = operation.parameters
    .filter((each) => each.in === "query" && each.example !== undefined)
    .map(({ name, example = "" }) => `${name}=${encodeURIComponent(example)}`);
  const example = operation.requestBody?.content["application/json"].example;
  return fetch(`${at.url}${target}?${query.join("&")}`, {
    method: method.toUpperCase(),
    headers: { authorization: `Bearer ${at.token}`, "content-type": "application/json" },
    ...(example !== undefined && { body: JSON.stringify(example) }),
  });
}

describe("/openapi.json", () => {
  it("the OpenAPI document is returned without a token, with the URL of this server first", async () => {
    const response = await fetch(`${server.url}${path}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("public, max-age=300");
    const document = (await response.json()) as Document;
    expect(document.servers).toEqual([
      { url: server.url, description: "This server." },
      ...JSON.parse(generated).servers,
    ]);
    expect(document).toHaveProperty(
      "components.securitySchemes.oauth2.flows.clientCredentials.tokenUrl",
      `${server.url}/token`,
    );
  });

  it("the OpenAPI document is the generated one, except for its servers and the times of examples", async () => {
    const withoutTimes = (json: string) => json.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "");
    const served = JSON.parse(withoutTimes(JSON.stringify(await load())));
    const expected = JSON.parse(withoutTimes(generated));
    served.servers = expected.servers;
    served.components.securitySchemes = expected.components.securitySchemes;
    expect(served).toEqual(expected);
  });

  it("the OpenAPI document has the public URL with the host of the request, and never another Host", async () => {
    const publicUrls = ["https://mdps.example.com/plans", "https://other.example.com"];
    await using proxied = await startTestServer({ auth: create(AuthConfigSchema, { publicUrls }) });
    expect((await load("", proxied)).servers).toMatchObject([
      { url: "https://mdps.example.com/plans" },
      { url: "https://{host}" },
    ]);
  });

  it("the OpenAPI document is answered to HEAD and with 304, and changes with the minute", async () => {
    await using own = await startTestServer();
    const first = await fetch(own.url + path);
    const etag = first.headers.get("etag") ?? "";
    const head = await fetch(own.url + path, { method: "HEAD" });
    expect([head.status, await head.text(), head.headers.get("etag")]).toEqual([200, "", etag]);
    own.clock.set(own.clock.now() + 59_999);
    const known = { headers: { "if-none-match": etag } };
    expect((await fetch(own.url + path, known)).status).toBe(304);
    own.clock.set(own.clock.now() + 1);
    const later = await fetch(own.url + path, known);
    expect(later.status).toBe(200);
    expect(later.headers.get("etag")).not.toBe(etag);
  });

  it.each([
    ["POST", "", 405, "POST is not allowed for the OpenAPI document; use GET or HEAD"],
    ["GET", "?version=v1", 400, "version is not a parameter of the OpenAPI document"],
    ["GET", "?callback=f", 400, "callback is not supported: JSONP would let any page read the response"],
  ])(
    "the OpenAPI document answers %s with the query %j with %i: %s",
    async (method, query, status, message) => {
      const response = await fetch(server.url + path + query, { method });
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ error: { message } });
    },
  );
});

describe("the examples of /openapi.json", () => {
  it("the server accepts the example of every operation as it is, and answers with the example of the response", async () => {
    await using own = await startTestServer();
    for (const days of [0, 1, 365]) {
      own.clock.set(own.clock.now() + days * 86_400_000);
      const operations = operationsOf(await load("", own));
      expect(operations).toHaveLength(6);
      for (const each of operations) {
        const response = await sendExample(own, each);
        const { operationId, responses } = each.operation;
        expect([response.status, await response.json()], operationId).toEqual([
          200,
          responses[200].content["application/json"].example,
        ]);
      }
    }
  });

  it("the times of examples are those of the running minute, and statuses expire a day later", async () => {
    await using own = await startTestServer();
    own.clock.set(Date.UTC(2030, 1, 2, 3, 4, 5));
    const document = await load("", own);
    expect(document["x-example-time"]).toBe("2030-02-02T03:04:00Z");
    const posted = document.paths["/v1/operators/{asnId}/planStatuses"]?.post;
    expect(posted?.requestBody?.content["application/json"].example).toMatchObject({
      updateTime: "2030-02-02T03:04:00Z",
      expireTime: "2030-02-03T03:04:00Z",
    });
  });
});

describe("documents for pages of other origins", () => {
  const origin = "https://docs.example.com";

  it.each([path, "/$discovery/rest"])(
    "%s can be read by pages of the allowed origins, and by no others",
    async (target) => {
      await using open = await startTestServer({ allowOrigins: [origin] });
      const allowed = await fetch(open.url + target, { headers: { origin } });
      expect(allowed.headers.get("access-control-allow-origin")).toBe(origin);
      expect(allowed.headers.get("vary")).toBe("accept-encoding, origin");
      const preflight = await fetch(open.url + target, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "GET", "access-control-request-headers": "x-a" },
      });
      expect([preflight.status, preflight.headers.get("access-control-allow-headers")]).toEqual([204, "x-a"]);
      const other = await fetch(open.url + target, { headers: { origin: "https://evil.example.com" } });
      expect(other.headers.get("access-control-allow-origin")).toBeNull();
      const closed = await fetch(server.url + target, { headers: { origin } });
      expect([closed.status, closed.headers.get("access-control-allow-origin")]).toEqual([200, null]);
    },
  );

  it("documents can be read by every page if all origins are allowed", async () => {
    await using open = await startTestServer({ allowOrigins: ["*"] });
    const response = await fetch(open.url + path, { headers: { origin } });
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("vary")).toBe("accept-encoding");
  });
});
