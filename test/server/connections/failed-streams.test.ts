import { Agent, request } from "node:http";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { factsOf, settleOutcome } from "../../../src/server/telemetry/call-facts.ts";
import type { CallSummary } from "../../../src/server/telemetry/call-summary.ts";
import { createRequestObserver } from "../../../src/server/telemetry/observe-requests.ts";
import { createTranscodingHandler } from "../../../src/transcoding/index.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import { startTestListener, type TestListener } from "../../support/test-listener.ts";
import { shelf } from "../../transcoding/fixtures/shelf.ts";

const path = "/v1/books:watch";
const ports = [
  ["in cleartext", false],
  ["over TLS", true],
] as const;

/** Starts a listener with a stream that fails after `count` messages, and waits for `gate` if `count` is 0. */
async function start(gate: Promise<void> = Promise.resolve(), isTls = false) {
  const summaries: CallSummary[] = [];
  const handler = createTranscodingHandler({
    routes(router) {
      router.service(shelf, {
        watchBooks: async function* ({ count }: { count: number }) {
          yield { title: "first" };
          if (count === 0) {
            await gate;
            yield { title: "last" };
            return;
          }
          throw new ConnectError("the shelf fell", Code.DataLoss);
        },
      } as never);
    },
    onError: (error, of) => settleOutcome(factsOf(of), { error }),
  });
  const observe = createRequestObserver([(summary) => summaries.push(summary)], () => undefined);
  const listener = await startTestListener(
    { maxConcurrentStreams: 100 },
    {
      ...(isTls && { tls: testCertificate }),
      onRequest: (incoming, response) => observe(incoming, response, () => handler(incoming, response)),
    },
  );
  return { listener, summaries };
}

type Result = { text: string; isCut: boolean };

function read(session: ClientHttp2Session, target: string): Promise<Result> {
  const stream = session.request({ ":path": target });
  let text = "";
  stream.on("data", (chunk) => {
    text += chunk;
  });
  stream.on("error", () => {});
  return new Promise((resolve) => {
    stream.on("close", () => resolve({ text, isCut: stream.rstCode === constants.NGHTTP2_INTERNAL_ERROR }));
  });
}

function readHttp1({ url }: TestListener, agent: Agent, target: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? requestHttps : request;
    const sending = send(new URL(target, url), { agent }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("error", () => {});
      response.on("close", () => resolve({ text, isCut: !response.complete }));
    });
    sending.on("error", reject);
    sending.end();
  });
}

describe("a REST stream that fails", () => {
  it.each(ports)("ends its own HTTP/1.1 connection and no other, %s", async (_, isTls) => {
    const gate = Promise.withResolvers<void>();
    const { listener } = await start(gate.promise, isTls);
    await using _listener = listener;
    const agent = isTls
      ? new HttpsAgent({ keepAlive: true, ca: testCertificate.cert })
      : new Agent({ keepAlive: true });
    const other = readHttp1(listener, agent, path);
    const failed = await readHttp1(listener, agent, `${path}?count=1`);
    expect(failed).toMatchObject({ isCut: true, text: expect.stringMatching(/DATA_LOSS.*\}\}$/) });
    await listener.hasConnections(1);
    gate.resolve();
    expect(await other).toEqual({ isCut: false, text: '[{"title":"first"},{"title":"last"}]' });
    agent.destroy();
  });

  it("reaches an HTTP/1.1 client that is still sending, and whose further requests are not served", async () => {
    const { listener, summaries } = await start();
    await using _ = listener;
    const { write, closed } = await openSocket(listener.port);
    write(`GET ${path}?count=1 HTTP/1.1\r\nhost: x\r\n\r\n`);
    const reading = closed();
    write(`GET /v1/anything HTTP/1.1\r\nhost: x\r\n\r\n${"x".repeat(100_000)}`);
    expect(await reading).toMatch(/DATA_LOSS.*\}\}\r\n$/);
    expect(
      summaries.filter(({ httpStatus, outcome }) => httpStatus === 200 && outcome.code === undefined),
    ).toEqual([]);
  });

  it.each(ports)(
    "leaves the other calls of its HTTP/2 connection alone, however many fail, %s",
    async (_, isTls) => {
      const gate = Promise.withResolvers<void>();
      const { listener } = await start(gate.promise, isTls);
      await using _listener = listener;
      const session = connect(listener.url, { ca: testCertificate.cert });
      const other = read(session, path);
      for (let round = 0; round < 20; round++) {
        const failed = await Promise.all(Array.from({ length: 50 }, () => read(session, `${path}?count=1`)));
        expect(failed.every(({ isCut, text }) => isCut && text.endsWith("}}"))).toBe(true);
      }
      gate.resolve();
      expect(await other).toEqual({ isCut: false, text: '[{"title":"first"},{"title":"last"}]' });
      expect(listener.rejected).toEqual([]);
      session.close();
    },
  );

  it("is reported with the code of its error and HTTP status 200", async () => {
    const { listener, summaries } = await start();
    await using _ = listener;
    const session = connect(listener.url);
    await read(session, `${path}?count=1`);
    session.close();
    const agent = new Agent();
    await readHttp1(listener, agent, `${path}?count=1`);
    await listener.hasConnections(0);
    expect(summaries.map(({ outcome, httpStatus }) => [outcome.code, httpStatus])).toEqual([
      [Code.DataLoss, 200],
      [Code.DataLoss, 200],
    ]);
  });

  it("is reported as canceled if its client has left", async () => {
    const gate = Promise.withResolvers<void>();
    const { listener, summaries } = await start(gate.promise);
    await using _ = listener;
    const session = connect(listener.url);
    const stream = session.request({ ":path": path });
    await new Promise((resolve) => stream.once("data", resolve));
    session.destroy();
    await listener.hasConnections(0);
    gate.resolve();
    expect(summaries.map(({ outcome }) => outcome.code)).toEqual([Code.Canceled]);
  });
});
