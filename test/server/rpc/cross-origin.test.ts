import { connect } from "node:http2";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlanServingService } from "../../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanStatusService } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { createRestTransport } from "../../../src/transcoding/client/index.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { freshKey, parent, startTestServer, type TestServer } from "../../support/test-server.ts";

const trusted = "https://console.example";
const stranger = "https://stranger.example";
const rpcPath = "/mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus";
const restPath = `/v1/${parent}/planStatuses`;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ allowOrigins: ["http://localhost:3000", trusted] });
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const listed = (response: Response, name: string) =>
  (response.headers.get(name) ?? "")
    .split(",")
    .map((item) => item.trim().toLowerCase())
    .filter((item) => item !== "");

/** What a page may read and send without being told so: https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name */
const readable = [
  "cache-control",
  "content-language",
  "content-length",
  "content-type",
  "expires",
  "last-modified",
  "pragma",
];
const sendable = ["accept", "accept-language", "content-language"];

/** `fetch` as a page of an origin has it: it asks before it calls, and hides what the server does not expose. */
function fetchOf(origin: string): typeof fetch {
  const isAllowed = (response: Response) =>
    ["*", origin].includes(response.headers.get("access-control-allow-origin") ?? "");
  return async (input, init) => {
    const request = new Request(input, init);
    const names = [...request.headers.keys()].filter((name) => !sendable.includes(name));
    const preflight = await fetch(request.url, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": request.method,
        "access-control-request-headers": names.join(","),
      },
    });
    const methods = listed(preflight, "access-control-allow-methods");
    const headers = listed(preflight, "access-control-allow-headers");
    if (
      !preflight.ok ||
      !isAllowed(preflight) ||
      !methods.includes(request.method.toLowerCase()) ||
      !names.every((name) => headers.includes(name))
    ) {
      throw new TypeError("Failed to fetch: the preflight was not answered well");
    }
    request.headers.set("origin", origin);
    const response = await fetch(request);
    if (!isAllowed(response)) {
      throw new TypeError("Failed to fetch: the answer is not for this origin");
    }
    const exposed = listed(response, "access-control-expose-headers");
    return new Response(response.body, {
      status: response.status,
      headers: [...response.headers].filter(([name]) => readable.includes(name) || exposed.includes(name)),
    });
  };
}

const transports: Record<string, (origin: string) => Transport> = {
  connect: (origin) =>
    createConnectTransport({ baseUrl: server.url, fetch: fetchOf(origin), useBinaryFormat: true }),
  "connect in JSON": (origin) => createConnectTransport({ baseUrl: server.url, fetch: fetchOf(origin) }),
  "connect with GET": (origin) =>
    createConnectTransport({ baseUrl: server.url, fetch: fetchOf(origin), useHttpGet: true }),
  "grpc-web": (origin) => createGrpcWebTransport({ baseUrl: server.url, fetch: fetchOf(origin) }),
  rest: (origin) => createRestTransport({ baseUrl: server.url, fetch: fetchOf(origin) }),
};

describe.each(Object.entries(transports))("over %s", (name, transport) => {
  const withToken = () => ({ headers: { authorization: `Bearer ${server.token}` }, timeoutMs: 20_000 });

  it(`a page of an allowed origin can push and read over ${name}`, async () => {
    const userKey = freshKey();
    const pushing = createClient(PlanStatusService, transport(trusted));
    const pushed = await pushing.createPlanStatus({ parent, userKey, planStatus: planStatus() }, withToken());
    const reading = createClient(PlanServingService, transport(trusted));
    expect(await reading.getPlanStatus({ name: pushed.name }, withToken())).toEqual(pushed);
  });

  it(`a page of an allowed origin can read the error of a rejected call over ${name}`, async () => {
    const client = createClient(PlanStatusService, transport(trusted));
    const wrong = { parent, userKey: freshKey(), planStatus: planStatus({ languageCode: "e" }) };
    expect(await apiErrorOf(client.createPlanStatus(wrong, withToken()))).toMatchObject({
      code: "InvalidArgument",
      reason: "FIELD_INVALID",
      fields: [expect.stringMatching(/languageCode$/)],
    });
    expect(await apiErrorOf(client.createPlanStatus(wrong))).toMatchObject({ reason: "CREDENTIALS_MISSING" });
    const error = await client.createPlanStatus(wrong).catch((raised) => raised);
    expect(error.metadata.get("www-authenticate")).toMatch(/^Bearer /);
  });

  it(`a page of another origin cannot call over ${name}`, async () => {
    const client = createClient(PlanStatusService, transport(stranger));
    const push = client.createPlanStatus(
      { parent, userKey: freshKey(), planStatus: planStatus() },
      withToken(),
    );
    await expect(push).rejects.toThrow(/Failed to fetch/);
  });
});

describe.each([rpcPath, restPath])("%s", (path) => {
  const corsHeaders = ({ headers }: Response) =>
    Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));
  const preflight = (url: string, origin: string) =>
    fetch(url + path, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
      },
    });
  const push = (url: string, origin: string) =>
    fetch(url + path, {
      method: "POST",
      headers: { origin, "content-type": "application/json" },
      body: "{}",
    });

  it(`${path} answers a preflight without a body, allowing only the origin that asked`, async () => {
    const answer = await preflight(server.url, trusted);
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
    expect(corsHeaders(answer)).toMatchObject({
      "access-control-allow-origin": trusted,
      "access-control-allow-headers": "authorization,content-type",
    });
    expect(listed(answer, "access-control-allow-methods")).toContain("post");
    expect(listed(answer, "vary")).toContain("origin");
  });

  it(`${path} sends another origin no CORS headers but Vary: Origin`, async () => {
    for (const answer of [await preflight(server.url, stranger), await push(server.url, stranger)]) {
      expect(corsHeaders(answer)).toEqual({});
      expect(listed(answer, "vary")).toContain("origin");
    }
  });

  it(`${path} sends the same CORS headers over HTTP/2`, async () => {
    const session = connect(server.url);
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      origin: trusted,
      "content-type": "application/json",
    });
    stream.end("{}");
    const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
      stream.on("response", resolve).on("error", reject);
    });
    session.destroy();
    expect(headers).toMatchObject({
      ":status": 401,
      "access-control-allow-origin": trusted,
      "access-control-expose-headers": expect.stringMatching(/grpc-status-details-bin/i),
    });
  });

  it(`${path} allows every origin with *, and none without a setting`, async () => {
    await using open = await startTestServer({ allowOrigins: ["*"] });
    for (const answer of [await preflight(open.url, stranger), await push(open.url, stranger)]) {
      expect(corsHeaders(answer)).toMatchObject({ "access-control-allow-origin": "*" });
      expect(corsHeaders(answer)).not.toHaveProperty("access-control-allow-credentials");
      expect(listed(answer, "vary")).not.toContain("origin");
    }
    await using closed = await startTestServer();
    for (const answer of [await preflight(closed.url, trusted), await push(closed.url, trusted)]) {
      expect(corsHeaders(answer)).toEqual({});
    }
  });
});
