import { once } from "node:events";
import http from "node:http";
import { connect as connectHttp2 } from "node:http2";
import https from "node:https";
import { Agent as UndiciAgent, request as undiciRequest } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { type RefusedServers, startRefusedServers, transports } from "../../support/http/half-sent.ts";
import { type Refused, refusedRequests } from "../../support/http/refused-requests.ts";
import { parent, startTestServer, type TestServer } from "../../support/test-server.ts";

const statusOver = (name: string, { status, statusHttp1 = status }: Refused) =>
  name.startsWith("HTTP/1.1") ? statusHttp1 : status;

describe.each(transports)("over %s", (name, tls, send) => {
  // The admin port has no TLS.
  const refused = refusedRequests
    .filter(({ port }) => tls === undefined || port !== "admin")
    .map((each) => [each.name, each] as const);
  let patient: RefusedServers;
  let quick: RefusedServers;
  beforeAll(async () => {
    patient = await startRefusedServers(tls, {});
    // Ends what was answered after half of it.
    quick = await startRefusedServers(tls, { idleTimeoutMs: 100 });
  });
  afterAll(async () => {
    expect([...patient.failures(), ...quick.failures()]).toEqual([]);
    await Promise.all([patient.close(), quick.close()]);
  });

  it.each(refused)(
    `%s is answered completely over ${name}, and the next request as well`,
    async (_, each) => {
      using connection = await send(each, patient);
      expect(await connection.answered()).toBe(statusOver(name, each));
      await connection.next();
    },
  );

  // At once, because they wait for timeouts of the server.
  it.concurrent.for(refused)(
    `%s does not hold the connection over ${name} if it stops half way`,
    async ([, each], { expect }) => {
      using connection = await send(each, quick);
      expect(await connection.answered()).toBe(statusOver(name, each));
      expect(await connection.freed()).toBe(0);
    },
  );
});

/** Sends a body as clients do that know no limit, and resolves with the status. */
const clients = [
  [
    "node:http",
    (url: string, headers: Record<string, string>, body: Buffer) =>
      new Promise<number | undefined>((resolve, reject) => {
        const { request } = url.startsWith("https:") ? https : http;
        const sent = request(url, { method: "POST", headers, ca: testCertificate.cert }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        sent.on("error", reject);
        sent.end(body);
      }),
  ],
  ["undici", sendByUndici],
  ["node:http2", sendByHttp2],
] as const;

async function sendByUndici(url: string, headers: Record<string, string>, body: Buffer): Promise<number> {
  const dispatcher = new UndiciAgent({ connect: { ca: testCertificate.cert } });
  const response = await undiciRequest(url, { method: "POST", headers, body, dispatcher });
  await response.body.dump();
  await dispatcher.close();
  return response.statusCode;
}

async function sendByHttp2(url: string, headers: Record<string, string>, body: Buffer): Promise<number> {
  const session = connectHttp2(url, { ca: testCertificate.cert });
  const { pathname, search } = new URL(url);
  const stream = session.request({ ...headers, ":method": "POST", ":path": pathname + search });
  const answered = once(stream, "response");
  stream.end(body);
  const [response] = await answered;
  await stream.toArray();
  session.destroy();
  return response[":status"];
}

describe.each([
  ["cleartext", undefined],
  ["TLS", testCertificate],
])("large bodies over %s", (name, tls) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ tls });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const sizes = [1_200_000, 2_000_000, 8_000_000];
  it.each(clients.flatMap(([client, send]) => sizes.map((bytes) => [client, bytes, send] as const)))(
    `%s receives the 413 for %d bytes over ${name}`,
    async (_, bytes, send) => {
      const url = `${server.url}/v1/${parent}/planStatuses?userKey=k`;
      const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
      const all = Array.from({ length: 4 }, () => send(url, headers, Buffer.alloc(bytes, " ")));
      expect(await Promise.all(all)).toEqual([413, 413, 413, 413]);
    },
  );
});
