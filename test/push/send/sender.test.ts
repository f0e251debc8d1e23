import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { TokenEndpointError } from "../../../src/client/credentials/token-fetch.ts";
import { createPlanSharingClient, type PlanSharingProtocol, readError } from "../../../src/client/index.ts";
import { moreViolations } from "../../../src/contract/field-violation.ts";
import { type AccessTokens, fixedToken, renewableTokens } from "../../../src/push/send/access-tokens.ts";
import type { Outcome } from "../../../src/push/send/outcome.ts";
import { createSender, type Sender } from "../../../src/push/send/sender.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { startTcpEndpoint } from "../../support/http/grpc-endpoints.ts";
import {
  type Answer,
  accept,
  fail,
  startStubEndpoint,
  storedName,
} from "../../support/http/stub-endpoint.ts";
import { lineOf, pushRequestOf } from "../../support/push-inputs.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

const senders: Sender[] = [];
afterEach(() => {
  for (const sender of senders.splice(0)) {
    sender.close();
  }
});

function senderTo(
  endpoint: string,
  tokens: AccessTokens = fixedToken("t"),
  protocol: (typeof protocols)[number] = "rest",
  timeoutMs = 30_000,
): Sender {
  const sender = createSender({ endpoint, protocol, tokens, timeoutMs });
  senders.push(sender);
  return sender;
}

const requestOf = (line: string, protocol: PlanSharingProtocol = "rest", client?: "any") =>
  pushRequestOf(line, protocol, client);

async function outcomeOf(answer: Answer) {
  const endpoint = await startStubEndpoint(answer);
  return senderTo(endpoint.url).send(requestOf(lineOf("user")));
}

describe("createSender", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ clock: { now: Date.now, set: () => undefined } });
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  it.each(protocols)("stores a status for one client or for all clients over %s", async (protocol) => {
    const sender = senderTo(server.url, fixedToken(server.token), protocol);
    const userKey = `a/b+c==%2Fé${freshKey()}`;
    expect(await sender.send(requestOf(lineOf(userKey, "one"), protocol))).toEqual({ kind: "pushed" });
    expect(await sender.send(requestOf(lineOf(userKey, "all"), protocol, "any"))).toEqual({ kind: "pushed" });
    const reader = server.client("grpc");
    const key = { parent, userKey };
    expect((await reader.getUserPlanStatus({ ...key, clientId: "mobiledataplan" })).title).toBe("one");
    expect((await reader.getUserPlanStatus({ ...key, clientId: "youtube" })).title).toBe("all");
  });

  it.each(protocols)(
    "returns superseded for a status older than the stored one, and rejected for an invalid one, over %s",
    async (protocol) => {
      const sender = senderTo(server.url, fixedToken(server.token), protocol);
      const userKey = freshKey();
      const old = JSON.parse(lineOf(userKey));
      old.planStatus.updateTime = new Date(Date.now() - 3_600_000).toISOString();
      await sender.send(requestOf(lineOf(userKey), protocol));
      expect(await sender.send(requestOf(JSON.stringify(old), protocol))).toMatchObject({
        kind: "superseded",
        reason: "PLAN_STATUS_STALE",
      });
      old.planStatus.expireTime = old.planStatus.updateTime;
      expect(await sender.send(requestOf(JSON.stringify(old), protocol))).toMatchObject({
        kind: "rejected",
        reason: "FIELD_INVALID",
        violations: [{ description: expect.stringMatching(/in the future/) }],
      });
    },
  );

  it.each(protocols)(
    "returns rejected for a token without access to the operator, and unauthenticated for an invalid token, over %s",
    async (protocol) => {
      const other = senderTo(server.url, fixedToken(await server.makeToken({ asns: [1] })), protocol);
      expect(await other.send(requestOf(lineOf("u"), protocol))).toMatchObject({
        kind: "rejected",
        reason: "OPERATOR_NOT_LINKED",
      });
      const invalid = senderTo(server.url, fixedToken("x"), protocol);
      expect(await invalid.send(requestOf(lineOf("u"), protocol))).toMatchObject({ kind: "unauthenticated" });
    },
  );

  it.each(protocols)(
    "returns unauthenticated for a token that no header can have, and does not show it, over %s",
    async (protocol) => {
      const endpoint = await startStubEndpoint(accept);
      for (const token of ["secret\n", "sec\r\nret", "secret\u2026"]) {
        const outcome = await senderTo(endpoint.url, fixedToken(token), protocol).send(
          requestOf(lineOf("u"), protocol),
        );
        expect(outcome).toMatchObject({
          kind: "unauthenticated",
          code: "UNAUTHENTICATED",
          message: expect.stringMatching(/^the access token has a character/),
        });
        expect(JSON.stringify(outcome)).not.toContain("sec");
      }
      expect(endpoint.received).toEqual([]);
    },
  );
});

describe("the REST sender", () => {
  const retryInfo = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1.5s" };

  it.each<[string, Answer, object]>([
    [
      "status 429",
      (_, response) => fail(response, 429, "RESOURCE_EXHAUSTED"),
      { kind: "retry", retryAfterMs: undefined },
    ],
    [
      "status 429 and Retry-After",
      (_, response) => fail(response.setHeader("retry-after", "7"), 429, "RESOURCE_EXHAUSTED"),
      { kind: "retry", retryAfterMs: 7_000 },
    ],
    [
      "status 503 and RetryInfo",
      (_, response) => fail(response, 503, "UNAVAILABLE", [retryInfo]),
      { kind: "retry", retryAfterMs: 1_500 },
    ],
    [
      "status 502 and an HTML page",
      (_, response) => response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad Gateway</h1>"),
      { kind: "retry" },
    ],
    [
      "a reset connection",
      (_, response) => response.socket?.resetAndDestroy(),
      { kind: "retry", code: "UNAVAILABLE" },
    ],
    [
      "status 200 that is cut off",
      (_, response) => {
        response
          .writeHead(200, { "content-type": "application/json", "content-length": 1000 })
          .write('{"name":"x"');
        setImmediate(() => response.socket?.destroy());
      },
      { kind: "retry" },
    ],
    [
      "status 200 and the login page of a proxy",
      (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>Please log in</h1>"),
      {
        kind: "retry",
        message: 'HTTP 200 text/html "Please log in": the answer is not from this API',
        trouble: { kind: "foreign", isLasting: false },
      },
    ],
    ["status 413", (_, response) => fail(response, 413, "RESOURCE_EXHAUSTED"), { kind: "rejected" }],
    [
      "status 500",
      (_, response) => fail(response, 500, "INTERNAL"),
      { kind: "rejected", reason: "INTERNAL" },
    ],
    [
      "status 404 and an HTML page",
      (_, response) => response.writeHead(404).end("<h1>Not here</h1>"),
      { kind: "unusable", message: 'HTTP 404 "Not here": the answer is not from this API' },
    ],
    [
      "status 404 as Google documents it for a user key that no device has registered",
      (_, response) => fail(response, 404, "NOT_FOUND"),
      { kind: "rejected", code: "NOT_FOUND", reason: "NOT_FOUND" },
    ],
    [
      "status 404 and the reason DEVICE_NOT_REGISTERED",
      (_, response) =>
        fail(response, 404, "NOT_FOUND", [
          {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            reason: "DEVICE_NOT_REGISTERED",
            domain: "mobile-data-plan-sharing",
          },
        ]),
      { kind: "rejected", code: "NOT_FOUND", reason: "DEVICE_NOT_REGISTERED" },
    ],
    [
      "status 302",
      (_, response) => response.writeHead(302, { location: "/" }).end(),
      { kind: "unusable", message: expect.stringMatching(/^HTTP 302, which redirects to another path/) },
    ],
  ])("returns the right outcome for an answer with %s", async (_, answer, expected) => {
    expect(await outcomeOf(answer)).toMatchObject(expected);
  });

  it.each<[string, Answer]>([
    ["that never begins", () => undefined],
    [
      "that never ends",
      (_, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        const drip = setInterval(() => response.write(" "), 5);
        response.on("close", () => clearInterval(drip));
      },
    ],
  ])("retries an answer %s within the timeout", async (_, answer) => {
    const endpoint = await startStubEndpoint(answer);
    const sender = senderTo(endpoint.url, fixedToken("t"), "rest", 50);
    expect(await sender.send(requestOf(lineOf("user")))).toMatchObject({
      kind: "retry",
      message: "no answer within 0.05 s",
    });
  });

  it("retries an answer that is longer than 8 MiB", async () => {
    const endless: Answer = (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = () => {
        while (response.write(Buffer.alloc(64 * 1024, " ")) && !response.destroyed) {}
      };
      response.on("drain", more);
      more();
    };
    expect(await outcomeOf(endless)).toMatchObject({
      kind: "retry",
      message: expect.stringMatching(/max size/),
    });
  });

  it("sends a request again at once when the server has closed the connection", async () => {
    let closed = 0;
    const endpoint = await startStubEndpoint((request, response) => {
      if (closed === 0) {
        closed += 1;
        response.socket?.destroy();
      } else {
        accept(request, response);
      }
    });
    expect(await senderTo(endpoint.url).send(requestOf(lineOf("user")))).toEqual({ kind: "pushed" });
    expect(closed).toBe(1);
  });

  it("retries when the connection is refused", async () => {
    const endpoint = await startStubEndpoint();
    await endpoint.close();
    expect(await senderTo(endpoint.url).send(requestOf(lineOf("user")))).toMatchObject({
      kind: "retry",
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });
});

describe("createSender to a server of another protocol", () => {
  it.each<[string, PlanSharingProtocol, string]>([
    ["HTTP/1.1", "grpc", "http:"],
    ["HTTP without TLS", "rest", "https:"],
    ["HTTP without TLS", "grpc", "https:"],
  ])("returns unusable for one of %s over %s and %s", async (_, protocol, scheme) => {
    const { url } = await startStubEndpoint(accept);
    const sender = senderTo(url.replace("http:", scheme), fixedToken("t"), protocol);
    expect(await sender.send(requestOf(lineOf("user"), protocol))).toMatchObject({ kind: "unusable" });
  });

  it("says that a server with TLS does not speak HTTP/2, also if it says so in the handshake", async () => {
    const server = createServer({ ...testCertificate, ALPNProtocols: ["http/1.1"] });
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.close();
    });
    const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const options = { endpoint, protocol: "grpc" as const, tokens: fixedToken("t"), timeoutMs: 30_000 };
    const sender = createSender({ ...options, ca: testCertificate.cert });
    senders.push(sender);
    const message =
      "it seems that the server does not speak HTTP/2, which gRPC needs (tlsv1 alert no application protocol)";
    expect(await sender.send(requestOf(lineOf("user"), "grpc"))).toMatchObject({ kind: "unusable", message });
    const client = createPlanSharingClient({
      ...{ endpoint, protocol: "grpc", token: "t", ca: testCertificate.cert, retry: false },
    });
    const error = await client.createPlanGroup({ parent, planGroupId: "k" }).catch(readError);
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
  });

  it.each(["rest", "grpc"] as const)("returns unusable for one of SSH over %s", async (protocol) => {
    const url = await startTcpEndpoint((socket) => socket.write("SSH-2.0-OpenSSH_9.0\r\n"));
    const sender = senderTo(url, fixedToken("t"), protocol);
    expect(await sender.send(requestOf(lineOf("user"), protocol))).toMatchObject({ kind: "unusable" });
  });
});

describe("renewableTokens", () => {
  it("fetches a new token once for all requests whose token was rejected, and again only after it was accepted", async () => {
    let valid = "token-2";
    const endpoint = await startStubEndpoint((request, response) =>
      request.token === valid ? accept(request, response) : fail(response, 401, "UNAUTHENTICATED"),
    );
    let fetched = 0;
    const sender = senderTo(
      endpoint.url,
      renewableTokens(() => {
        fetched += 1;
        const own = `token-${fetched}`;
        return async () => own;
      }),
    );
    const sendAll = () => Promise.all([1, 2, 3].map((n) => sender.send(requestOf(lineOf(`user-${n}`)))));
    expect((await sendAll()).map(({ kind }) => kind)).toEqual(["pushed", "pushed", "pushed"]);
    expect(fetched).toBe(2);
    valid = "token-3";
    expect((await sendAll()).map(({ kind }) => kind)).toEqual(["pushed", "pushed", "pushed"]);
    expect(fetched).toBe(3);
    valid = "none";
    expect((await sendAll()).map(({ kind }) => kind)).toEqual([
      "unauthenticated",
      "unauthenticated",
      "unauthenticated",
    ]);
    expect(fetched).toBe(4);
  });
});

describe("a token that cannot be fetched", () => {
  const failing = (error: Error) => renewableTokens(() => () => Promise.reject(error));
  const outcomeWith = async (error: Error) => {
    const endpoint = await startStubEndpoint();
    return senderTo(endpoint.url, failing(error)).send(requestOf(lineOf("user")));
  };

  it.each(["ENOTFOUND", "proxy", "DEPTH_ZERO_SELF_SIGNED_CERT"])(
    "is unusable at once if the token endpoint cannot be reached by itself: %s, in a cause",
    async (code) => {
      const cause = Object.assign(new Error("inner"), { code });
      expect(await outcomeWith(new Error("outer", { cause }))).toMatchObject({
        kind: "unusable",
        message: "cannot fetch an access token: outer",
      });
    },
  );

  it.each<[string, Error, string]>([
    ["a refused connection", Object.assign(new Error("x"), { code: "ECONNREFUSED" }), "retry"],
    ["status 408", Object.assign(new Error("x"), { response: { status: 408 } }), "retry"],
    ["status 429", Object.assign(new Error("x"), { status: 429 }), "retry"],
    ["status 503", Object.assign(new Error("x"), { status: 503 }), "retry"],
    ["the page of a proxy", new TokenEndpointError("x", false), "retry"],
    ["a page with status 404", new TokenEndpointError("x", true), "unusable"],
    ["status 400", Object.assign(new Error("x"), { status: 400 }), "unauthenticated"],
    ["a wrong key file", new TypeError("x"), "unauthenticated"],
  ])("has the right outcome after %s", async (_, error, kind) => {
    expect(await outcomeWith(error)).toMatchObject({ kind });
  });
});

describe("createSender bounds what a server says", () => {
  const detail = (type: string, more: object) => ({
    "@type": `type.googleapis.com/google.rpc.${type}`,
    ...more,
  });

  it("keeps 20 entries of metadata, 100 violations, and the code instead of a long reason", async () => {
    const metadata = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`name${index}`, "v"]));
    const fieldViolations = Array.from({ length: 5_000 }, () => ({ field: "f", description: "d" }));
    const outcome = await outcomeOf((_, response) =>
      fail(response, 400, "INVALID_ARGUMENT", [
        detail("ErrorInfo", { reason: "R".repeat(65), domain: "d", metadata }),
        detail("BadRequest", { fieldViolations }),
      ]),
    );
    expect(outcome).toMatchObject({ kind: "rejected", reason: "INVALID_ARGUMENT" });
    const { metadata: kept, violations } = outcome as Extract<Outcome, { kind: "rejected" }>;
    expect([Object.keys(kept).length, violations.length, violations.at(-1)]).toEqual([
      20,
      100,
      moreViolations,
    ]);
  });

  it("takes a success that has an error for a foreign answer", async () => {
    const outcome = await outcomeOf(({ path }, response) =>
      response
        .setHeader("content-type", "application/json")
        .end(JSON.stringify({ error: { code: 500 }, name: storedName(path) })),
    );
    expect(outcome).toMatchObject({ kind: "retry", trouble: { kind: "foreign" } });
  });
});

describe("a sender that is stopped", () => {
  it.each(protocols)("ends an attempt that waits for a connection, over %s", async (protocol) => {
    let hasAsked = () => {};
    const asked = new Promise<void>((resolve) => {
      hasAsked = resolve;
    });
    const url = (await startTcpEndpoint(() => hasAsked())).replace("http:", "https:");
    const sender = senderTo(url, fixedToken("t"), protocol);
    const outcome = sender.send(requestOf(lineOf("user"), protocol));
    await asked;
    sender.stopConnecting();
    expect(await outcome).toMatchObject({ kind: "retry", trouble: { kind: "unreachable" } });
  });

  it.each(protocols)("ends an attempt that waits for a proxy, over %s", async (protocol) => {
    let hasAsked = () => {};
    const asked = new Promise<void>((resolve) => {
      hasAsked = resolve;
    });
    const proxy = await startTcpEndpoint(() => hasAsked());
    vi.stubEnv("HTTPS_PROXY", proxy.replace("https:", "http:"));
    onTestFinished(() => void vi.unstubAllEnvs());
    const sender = senderTo("https://mdps.example.com", fixedToken("t"), protocol);
    const outcome = sender.send(requestOf(lineOf("user"), protocol));
    await asked;
    sender.stopConnecting();
    expect(await outcome).toMatchObject({ kind: "retry", trouble: { kind: "unreachable" } });
  });

  it("ends an attempt that waits for an access token", async () => {
    const sender = senderTo(
      "http://127.0.0.1:1",
      renewableTokens(() => () => new Promise(() => {})),
    );
    const outcome = sender.send(requestOf(lineOf("user")));
    sender.stopConnecting();
    expect(await outcome).toMatchObject({ kind: "retry", trouble: { kind: "unreachable" } });
  });

  it("waits for the answer to a request that was sent", async () => {
    const answer = Promise.withResolvers<void>();
    const endpoint = await startStubEndpoint(async (request, response) => {
      await answer.promise;
      accept(request, response);
    });
    const sender = senderTo(endpoint.url);
    const outcome = sender.send(requestOf(lineOf("user")));
    await endpoint.reached(1);
    sender.stopConnecting();
    answer.resolve();
    expect(await outcome).toEqual({ kind: "pushed" });
  });
});
